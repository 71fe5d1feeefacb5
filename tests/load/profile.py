"""`huiyuan bench profile`: the 360° profile and recommendations of members with a year behind them,
at a hundred a second, from the service itself and through the gateway, beside an echo over TLS."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

import httpx

from allinone.platform import Platform
from allinone.servers import External
from allinone.tls import ensure_certificates
from chassis.principal import HEADER, TOKEN_HEADER, Principal
from contracts.roles import Role
from testkit import eventually
from tests.load.figures import Row, say, show, used
from tests.load.floors import floor
from tests.load.gateway import free_port
from tests.load.generator import Plan, Request, Result, run
from tests.load.people import SKUS, fill, undecided

MEMBERS = int(os.environ.get("BENCH_MEMBERS", "2000"))
RATE, SECONDS, CONNECTIONS = 100.0, 5.0, 16
WARM = 1.0  # seconds: statements prepared, caches warm
AT_ONCE = 500
WORKING = ("profile", "postgres")  # whose processor time a call is
ASKED = ("profile", "recommendations")


def main(json_file: Path | None) -> int:
    """Boot a platform, fill, measure, print, write."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = asyncio.run(_measure(Path(folder)))
    return show(f"profile, {MEMBERS:,} members", rows, json_file)


async def _measure(folder: Path) -> list[Row]:
    port = free_port()
    async with Platform(
        folder, dev=True, external=External(), port=port, on_progress=say
    ) as platform:
        async with platform.client(timeout=60) as http:
            say(f"{MEMBERS:,} members join")
            members = await _join(platform, http)
            (await http.get("/dev/settled")).raise_for_status()
            say("they get a year behind them, and tags")
            await fill(platform.admin_dsn)
            await eventually(lambda: _decided(platform), timeout=300)
            (await http.get("/dev/settled")).raise_for_status()
        token = {"authorization": f"Bearer {await platform.token('service_agent')}"}
        return await asyncio.to_thread(_rows, platform, members, token)


async def _decided(platform: Platform) -> bool:
    return await undecided(platform.admin_dsn) == 0


async def _join(platform: Platform, http: httpx.AsyncClient) -> list[str]:
    """Members with a card, who said yes to personal recommendations; their ids."""
    till = {"Authorization": f"Bearer {await platform.token('pos')}"}
    clerk = {"Authorization": f"Bearer {await platform.token('operator')}"}
    goods = [
        {"sku": f"sku-{n}", "name": f"Good {n}", "department": "dairy"} for n in range(1, SKUS + 1)
    ]
    answer = await http.post("/v1/products/batch", json={"products": goods}, headers=clerk)
    answer.raise_for_status()
    joined: list[str] = []
    for first in range(0, MEMBERS, AT_ONCE):
        members = [
            {"identifiers": [{"kind": "card_no", "value": f"c{n}"}], "gender": "female",
             "birthday": "1990-02-03", "city": "北京"}
            for n in range(first, min(first + AT_ONCE, MEMBERS))
        ]  # fmt: skip
        answer = await http.post("/v1/members/batch", json={"members": members}, headers=till)
        found = [each["member_id"] for each in answer.raise_for_status().json()["results"]]
        said = [
            {"member_id": member, "consents": [
                {"purpose": purpose, "granted": True,
                 "asked": {"ref": f"{member}-{purpose}"[:36], "where": "pos", "how": "tick"}}
                for purpose in ("membership", "personalised_recommendation")]}
            for member in found
        ]  # fmt: skip
        answer = await http.post("/v1/consents/batch", json={"members": said}, headers=till)
        answer.raise_for_status()
        joined += found
    return joined


def _rows(platform: Platform, members: list[str], token: dict[str, str]) -> list[Row]:
    urls, ca = platform.service_urls, str(platform.ca_path)
    agent = Principal(Role.SERVICE_AGENT, "bench").header()
    inner = {TOKEN_HEADER: platform.internal_token, HEADER: agent}
    say(f"{RATE:.0f} calls a second: an echo over TLS")
    with floor("echo", ensure_certificates(platform.home.tls)) as echo:
        bare = _at_rate(echo, [Request("POST", "/echo", {}, '{"echo": 1}')], ca)
    rows: list[Row] = []
    for what in ASKED:
        paths = [f"/v1/members/{member}/{what}" for member in members]
        ways = {
            "of_the_service": (urls["profile"], inner, None),
            "through_the_gateway": (platform.url, token, ca),
        }
        for way, (url, headers, trust) in ways.items():
            say(f"{what} {way.replace('_', ' ')}")
            before = used(platform, WORKING)
            found = _at_rate(url, [Request("GET", path, headers) for path in paths], trust)
            after = used(platform, WORKING)
            for name, value, beside in (
                ("p50", found.p50_ms, bare.p50_ms), ("p99", found.p99_ms, bare.p99_ms)
            ):  # fmt: skip
                aim = "≤ 50" if name == "p99" else ""
                rows.append(
                    Row(f"{what}_{way}_{name}_ms", value, f"bare_echo_tls_{name}_ms", beside, aim)
                )
            calls = RATE * (SECONDS + WARM)
            rows += (
                Row(f"{what}_{way}_{part}_cpu_ms", (after[part] - before[part]) / calls * 1e3)
                for part in WORKING
            )
    return rows


def _at_rate(url: str, requests: list[Request], ca: str | None) -> Result:
    run(Plan(url, requests, WARM, CONNECTIONS, ca, RATE, 5_000))
    result = run(Plan(url, requests, SECONDS, CONNECTIONS, ca, RATE))
    assert result.good, result.statuses
    return result


if __name__ == "__main__":
    sys.exit(main(None))
