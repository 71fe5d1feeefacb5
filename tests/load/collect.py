"""`huiyuan bench collect`: events accepted over HTTPS and durable in JetStream, beside a handler
that only decodes; how fast they become profiles, beside a bare COPY; how fresh profiles are at half
of that load. `--stored N` does it on top of so many events collected before."""

import asyncio
import base64
import hashlib
import os
import signal
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import nats

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.platform import Platform
from allinone.ports import claim
from allinone.servers import External
from allinone.tls import ensure_certificates
from testkit import eventually
from tests.load.figures import Row, show
from tests.load.floors import floor
from tests.load.generator import MARK, Plan, Request, Result, run
from tests.load.stored import fill

EVENTS = 500  # in a batch
VISITORS, BODIES = 400, 25  # of a body; that come in turn
SECONDS, CONNECTIONS = 5.0, 8
READERS = ("identity", "points", "profile")
PROBES_A_SECOND = 20
COPIED = 20_000  # rows of a bare COPY


def main(json_file: Path | None, stored: int = 0) -> int:
    """Boot a platform, measure, print, write."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = asyncio.run(_measure(Path(folder), stored))
    return show(f"collect, {stored:,} events stored before", rows, json_file)


async def _measure(folder: Path, stored: int) -> list[Row]:
    free = claim([None])
    free.release()
    async with Platform(folder, dev=True, external=External(), port=free.port) as platform:
        if stored:
            await fill(platform.admin_dsn, stored)
        plan = _plan(platform)
        await _warm(platform, plan)
        _tell(platform, signal.SIGSTOP)  # first only what accepting costs: the readers stand still
        accepted = await asyncio.to_thread(run, plan)
        assert accepted.good, accepted.statuses
        used, started = _used(platform), time.perf_counter()
        _tell(platform, signal.SIGCONT)
        await _settled(platform)
        events = accepted.answers * EVENTS
        folded = events / (time.perf_counter() - started)
        cost = (_used(platform) - used) / events * 1e6
        half = replace(plan, rate=folded / 2 / EVENTS, first=10_000_000)
        fresh = await _freshness(platform, half)
        copied = await _bare_copy(platform.admin_dsn)
        decoded = await asyncio.to_thread(_floor, platform, plan)
        durable = await _durable(platform.nats_url, len(plan.requests[0].body))
    return [
        Row("accepted_events_per_s", accepted.per_second * EVENTS, "decode_only_events_per_s",
            decoded.per_second * EVENTS, "≥ 200,000", "accepted_share_of_decode_only"),
        Row("accepted_batches_per_s", accepted.per_second, "jetstream_alone_batches_per_s", durable,
            ratio="accepted_share_of_jetstream_alone"),
        Row("accept_batch_p50_ms", accepted.p50_ms, "decode_only_batch_p50_ms", decoded.p50_ms),
        Row("accept_batch_p99_ms", accepted.p99_ms, "decode_only_batch_p99_ms", decoded.p99_ms),
        Row("events_to_profile_per_s", folded, "bare_copy_rows_per_s", copied, "≥ 100,000",
            "to_profile_share_of_bare_copy"),
        Row("profile_cpu_us_per_event", cost, target="flat"),
        Row("freshness_at_half_load_p50_ms", fresh[len(fresh) // 2]),
        Row("freshness_at_half_load_p99_ms", fresh[len(fresh) * 99 // 100], target="≤ 2,000"),
    ]  # fmt: skip


def _plan(platform: Platform) -> Plan:
    headers = {"authorization": _basic(_write_key(platform)), "content-type": "application/json"}
    requests = [Request("POST", "/v1/batch", headers, batch(n)) for n in range(BODIES)]
    return Plan(platform.url, requests, SECONDS, CONNECTIONS, str(platform.ca_path))


async def _warm(platform: Platform, plan: Plan) -> None:
    """A moment of load, so that partitions, filters and connections are there."""
    await asyncio.to_thread(run, replace(plan, seconds=0.5, first=90_000_000))
    await _settled(platform)


async def _settled(platform: Platform) -> None:
    async with platform.client(timeout=60) as http:
        while (await http.get("/dev/settled")).status_code != 200:
            continue


def _tell(platform: Platform, number: signal.Signals) -> None:
    for name in READERS:
        platform.kill(name, number)


def _used(platform: Platform) -> float:
    """Seconds of processor time that profile and its database connections have taken."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        ours = int(folder.name) == platform.pid("profile")
        if ours or command.startswith(b"postgres: huiyuan_profile"):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


async def _freshness(platform: Platform, plan: Plan) -> list[float]:
    """Milliseconds from sending an event until its effect can be read, in order, under a load."""
    loading = asyncio.create_task(asyncio.to_thread(run, plan))
    found: list[float] = []
    pool = await asyncpg.create_pool(platform.admin_dsn, min_size=1, max_size=4)
    async with platform.client(timeout=60) as http, asyncio.TaskGroup() as probes:
        n = 0
        while not loading.done():
            probes.create_task(_probe(http, pool, _write_key(platform), n, found))
            n += 1
            await asyncio.sleep(1 / PROBES_A_SECOND)
    await pool.close()
    assert (await loading).good
    return sorted(found)


async def _probe(http: Any, pool: Any, key: str, n: int, found: list[float]) -> None:
    event = {"type": "track", "messageId": f"probe-{n}", "userId": f"probe-{n}", "event": "Probed"}
    body = msgspec.json.encode({"batch": [event]})
    started = time.perf_counter()
    answer = await http.post("/v1/batch", content=body, headers={"authorization": _basic(key)})
    assert answer.status_code == 200
    batch_id = hashlib.sha256(b"demo\0None\0" + body).hexdigest()[:32]
    known = "SELECT true FROM profile.inbox WHERE message_id = $1"  # commits with the effect
    await eventually(lambda: pool.fetchval(known, batch_id), timeout=60)
    found.append((time.perf_counter() - started) * 1000)


async def _bare_copy(dsn: str) -> float:
    """Rows a second that asyncpg alone copies into a table with the indexes of ours."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "CREATE TABLE bench_copy (subject_id bigint, occurred_at timestamptz, message_key bigint"
        " PRIMARY KEY, event text, channel text, properties jsonb);"
        "CREATE INDEX ON bench_copy (subject_id, occurred_at)"
    )
    begins, text = datetime(2026, 1, 5, tzinfo=UTC), '{"product_id": "1000", "price": 3.99}'
    started, rows = time.perf_counter(), 0
    while (took := time.perf_counter() - started) < SECONDS / 2:
        await connection.copy_records_to_table(
            "bench_copy",
            records=[
                (n % 10_000, begins + timedelta(seconds=n), _scattered(n), "Viewed", "app", text)
                for n in range(rows, rows + COPIED)
            ],
        )
        rows += COPIED
    await connection.execute("DROP TABLE bench_copy")
    await connection.close()
    return rows / took


def _scattered(n: int) -> int:
    """Like a hash: neighbours lie far apart."""
    return n * 0x9E3779B97F4A7C15 % 2**63


def _floor(platform: Platform, plan: Plan) -> Result:
    with floor("decode", ensure_certificates(platform.home.tls)) as url:
        return run(replace(plan, url=url))


async def _durable(nats_url: str, size: int) -> float:
    """Messages of that size a second that JetStream alone makes durable, as many at a time."""
    connection = await nats.connect(nats_url)
    jetstream = connection.jetstream()
    await jetstream.add_stream(name="BENCH", subjects=["bench.>"])
    ends, sent = time.perf_counter() + SECONDS / 2, 0

    async def publish() -> None:
        nonlocal sent
        while time.perf_counter() < ends:
            await jetstream.publish("bench.batch", bytes(size), timeout=30)
            sent += 1

    await asyncio.gather(*(publish() for _ in range(CONNECTIONS)))
    await jetstream.delete_stream("BENCH")
    await connection.close()
    return sent / (SECONDS / 2)


def batch(body: int = 0) -> str:
    """500 events of a shop, of visitors who differ from body to body; MARK makes a batch new."""
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
                "externalIds": [{"id": _openid(body, n), "type": "miniprogram_openid"}],
            },
        }
        for n in range(EVENTS)
    ]
    return msgspec.json.encode({"batch": events}).decode()


def _openid(body: int, n: int) -> str:
    return f"oX{body * VISITORS + n % VISITORS:06}"


def _write_key(platform: Platform) -> str:
    known = msgspec.json.decode(platform.home.clients_file.read_bytes())
    return str(known["write_keys"]["demo"])


def _basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


if __name__ == "__main__":
    sys.exit(main(None))
