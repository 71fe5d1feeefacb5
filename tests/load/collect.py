"""`huiyuan bench collect`: events accepted over HTTPS and durable in JetStream, beside a handler
that only decodes; and how fast they become profiles."""

import asyncio
import base64
import signal
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import nats

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.platform import Platform
from allinone.ports import claim
from allinone.servers import External
from allinone.tls import ensure_certificates
from tests.load.figures import Row, show
from tests.load.floors import floor
from tests.load.generator import MARK, Plan, Request, Result, run

EVENTS = 500  # in a batch
SECONDS, CONNECTIONS = 5.0, 8
CONSUMERS = ("identity", "profile")


def main(json_file: Path | None) -> int:
    """Boot a platform, measure, print, write."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = asyncio.run(_measure(Path(folder)))
    return show("collect", rows, json_file)


async def _measure(folder: Path) -> list[Row]:
    free = claim([None])
    free.release()
    async with Platform(folder, dev=True, external=External(), port=free.port) as platform:
        key = msgspec.json.decode(platform.home.clients_file.read_bytes())["write_keys"]["demo"]
        headers = {"authorization": _basic(key), "content-type": "application/json"}
        plan = Plan(
            platform.url, [Request("POST", "/v1/batch", headers, batch())], SECONDS, CONNECTIONS,
            str(platform.ca_path),
        )  # fmt: skip
        for name in CONSUMERS:  # first only what accepting costs: the readers stand still
            platform.kill(name, signal.SIGSTOP)
        accepted = await asyncio.to_thread(run, plan)
        assert accepted.good, accepted.statuses
        started = time.perf_counter()
        for name in CONSUMERS:
            platform.kill(name, signal.SIGCONT)
        async with platform.client(timeout=60) as http:
            while (await http.get("/dev/settled")).status_code != 200:
                continue
        folded = accepted.answers * EVENTS / (time.perf_counter() - started)
        decoded = await asyncio.to_thread(_floor, platform, plan)
        durable = await _durable(platform.nats_url, len(plan.requests[0].body))
    return [
        Row("accepted_events_per_s", accepted.per_second * EVENTS, "decode_only_events_per_s",
            decoded.per_second * EVENTS, "≥ 200,000", "accepted_share_of_decode_only"),
        Row("accepted_batches_per_s", accepted.per_second, "jetstream_alone_batches_per_s", durable,
            ratio="accepted_share_of_jetstream_alone"),
        Row("accept_batch_p50_ms", accepted.p50_ms, "decode_only_batch_p50_ms", decoded.p50_ms),
        Row("accept_batch_p99_ms", accepted.p99_ms, "decode_only_batch_p99_ms", decoded.p99_ms),
        Row("events_to_profile_per_s", folded, target="≥ 100,000"),
    ]  # fmt: skip


def _floor(platform: Platform, plan: Plan) -> Result:
    with floor("decode", ensure_certificates(platform.home.tls)) as url:
        return run(Plan(url, plan.requests, SECONDS, CONNECTIONS, plan.ca))


async def _durable(nats_url: str, size: int) -> float:
    """Messages of that size a second that JetStream alone makes durable, as many at a time."""
    connection = await nats.connect(nats_url)
    jetstream = connection.jetstream()
    await jetstream.add_stream(name="BENCH", subjects=["bench.>"])
    ends, sent = time.perf_counter() + SECONDS, 0

    async def publish() -> None:
        nonlocal sent
        while time.perf_counter() < ends:
            await jetstream.publish("bench.batch", bytes(size), timeout=30)
            sent += 1

    await asyncio.gather(*(publish() for _ in range(CONNECTIONS)))
    await jetstream.delete_stream("BENCH")
    await connection.close()
    return sent / SECONDS


def batch() -> str:
    """500 events of a shop; MARK makes each batch new."""
    mark = MARK.decode()
    events = [
        {
            "type": "track",
            "messageId": f"{mark}-{n}",
            "event": ("Product Viewed", "Product Added", "Product List Viewed")[n % 3],
            "timestamp": "2026-01-05T10:00:00.000Z",
            "properties": {
                "product_id": str(1_000 + n % 97),
                "category": "dairy",
                "price": 3.99,
                "position": n % 20,
            },
            "context": {
                "channel": "app",
                "locale": "zh-CN",
                "library": {"name": "analytics-python"},
                "externalIds": [{"id": f"oX{n % 400:06}", "type": "miniprogram_openid"}],
            },
        }
        for n in range(EVENTS)
    ]
    return msgspec.json.encode({"batch": events}).decode()


def _basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


if __name__ == "__main__":
    sys.exit(main(None))
