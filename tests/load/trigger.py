"""`huiyuan bench trigger`: from what a member did to the decision about a message.

The campaign service runs as it always does, over PostgreSQL and NATS of its own. Told are events of
one happening each (profile puts many into one), at a steady rate; a decision is there when another
connection sees it committed. The floor is the same events with no campaign that waits for them: the
service fetches, decodes and ticks them off in a transaction, and does nothing.
"""

import asyncio
import hashlib
import os
import sys
import tempfile
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count as counting
from pathlib import Path
from time import perf_counter
from uuid import UUID

import msgspec
import numpy as np
import psutil
import uvloop

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.home import Home
from allinone.ports import claim
from allinone.servers import External, Servers
from allinone.supervisor import Supervisor
from campaign_service.campaigns import use_cases as campaigns
from campaign_service.campaigns.domain import Action
from campaign_service.campaigns.use_cases import Move, Office
from campaign_service.reach.domain import BITS
from chassis.bus import Bus
from chassis.clock import DrivenClock
from chassis.database import Database
from chassis.ids import Ids
from chassis.migrate import migrate
from contracts.base import Money
from contracts.behaviour import BehaviourSeen, Seen
from contracts.campaign.offers import NoOffer
from contracts.campaign.plans import CampaignRequest, MessageText, Scenario
from contracts.campaign.triggers import EventTrigger, PropertyCondition
from tests.load.figures import Row, say, seconds, show

RATE = int(os.environ.get("BENCH_RATE", "1000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "20"))
MEMBERS = int(os.environ.get("BENCH_MEMBERS", "100000"))
EVENT, LOOK_EVERY = "Product Viewed", 0.005
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)  # programme time: no quiet hours
TEXT = MessageText(
    zh="{name}，新品到店，欢迎品鉴。拒收请回复R", en="{name}, new goods. Reply R to opt out"
)
_numbers = counting(1)


def main(json_file: Path | None) -> int:
    """Boot, fill, measure without and with a campaign, print, write; about a minute."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = uvloop.run(_measure(Path(folder)))
    return show(f"trigger, {RATE:,} a second", rows, json_file)


async def _measure(folder: Path) -> list[Row]:
    home = Home(folder).prepare()
    servers, supervisor = Servers(home, External()), Supervisor(home.logs)
    await servers.start(supervisor)
    service, bus, db = None, None, None
    try:
        await migrate("campaign", servers.admin_dsn, servers.role_password("campaign"))
        clock = DrivenClock(home.clock_file)
        clock.move(NOON)
        db = Database(servers.service_dsn("campaign"), "campaign", clock, Ids(clock))
        await db.start()
        bus = Bus(servers.nats_url, "bench")
        await bus.start()
        await _fill(db)
        service = await _serve(home, servers)
        pids = (service.pid, supervisor.pids()["postgres"])
        parts = [psutil.Process(pid) for pid in pids]
        return await _figures(db, bus, parts)
    finally:
        if service is not None:
            service.terminate()
            await service.wait()
        if bus is not None:
            await bus.stop()
        if db is not None:
            await db.stop()
        await supervisor.stop(*servers.names)


async def _serve(home: Home, servers: Servers) -> asyncio.subprocess.Process:
    """The campaign service in a process of its own, as `huiyuan up` runs it."""
    free = claim([None])
    settings = {
        "SERVICE": "campaign", "DATABASE_URL": servers.service_dsn("campaign"),
        "NATS_URL": servers.nats_url, "BIND": f"127.0.0.1:{free.port}", "INTERNAL_TOKEN": "bench",
        "DEV": "true", "CLOCK_FILE": str(home.clock_file),
    }  # fmt: skip
    free.release()
    with (home.logs / "campaign.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chassis.serve", "campaign_service.app", stdout=log, stderr=log,
            env={**os.environ, **{f"HUIYUAN_{name}": value for name, value in settings.items()}},
        )  # fmt: skip


async def _fill(db: Database) -> None:
    """Members that agreed to SMS and have a number."""
    say(f"{MEMBERS:,} members")
    async with db.transaction() as tx:
        await tx.execute(
            "INSERT INTO member (member_id, registered_at, language, orders)"
            " SELECT md5(n::text)::uuid, $2, 'zh', 0 FROM generate_series(1, $1::int) AS n",
            MEMBERS, NOON - timedelta(days=30),
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO contactable (member_id, agreed, reach)"
            " SELECT member_id, $1, $1 FROM member",
            BITS["sms"],
        )


async def _figures(db: Database, bus: Bus, parts: Sequence[psutil.Process]) -> list[Row]:
    applied = "SELECT count(*) FROM inbox"
    decided = "SELECT count(*) FROM contact_decision"
    say(f"{RATE:,} a second for {SECONDS:g} s, nobody waits for them")
    await _told(db, bus, applied, 200.0, 2.0)  # until everything is warm
    floor, floor_cpu = await _with_cpu(parts, _told(db, bus, applied, RATE, SECONDS))
    await _launch(db)
    await _told(db, bus, decided, 200.0, 2.0)
    say(f"{RATE:,} a second for {SECONDS:g} s, a campaign does")
    waits, cpu = await _with_cpu(parts, _told(db, bus, decided, RATE, SECONDS))
    n = len(waits)
    return [
        Row("p50_ms", _at(waits, 50), "empty_p50_ms", _at(floor, 50), "", "to_empty_p50"),
        Row("p99_ms", _at(waits, 99), "empty_p99_ms", _at(floor, 99), "≤ 1,000", "to_empty_p99"),
        Row("slowest_ms", _at(waits, 100), "empty_slowest_ms", _at(floor, 100)),
        *(
            Row(f"{part}_cpu_us", each / n * 1e6, f"empty_{part}_cpu_us", least / n * 1e6)
            for part, each, least in zip(("service", "postgresql"), cpu, floor_cpu, strict=True)
        ),
        Row("decisions", n),
    ]  # fmt: skip


async def _with_cpu(
    parts: Sequence[psutil.Process], work: Awaitable[list[float]]
) -> tuple[list[float], list[float]]:
    """What the work answers, and the seconds of processor time that each part took meanwhile."""
    before = [seconds(part) for part in parts]
    found = await work
    return found, [seconds(part) - then for part, then in zip(parts, before, strict=True)]


def _at(waits: list[float], percentile: float) -> float:
    return float(np.percentile(waits, percentile) * 1000)


async def _told(db: Database, bus: Bus, count: str, rate: float, lasting: float) -> list[float]:
    """Seconds until each of so many events a second had its row: they are taken in turn, so the
    n-th row is the n-th event's."""
    total = int(rate * lasting)
    told: list[float] = []
    seen: list[float] = []
    async with db.transaction(readonly=True) as tx:
        before = int(await tx.fetchval(count))

    async def look() -> None:
        while len(seen) < total:
            async with db.transaction(readonly=True) as tx:
                there = int(await tx.fetchval(count)) - before
            seen.extend([perf_counter()] * (there - len(seen)))
            await asyncio.sleep(LOOK_EVERY)

    async with asyncio.timeout(lasting * 3 + 60):
        looking = asyncio.create_task(look())
        begun = perf_counter()
        async with asyncio.TaskGroup() as group:
            for n in range(total):
                await asyncio.sleep(max(0.0, begun + n / rate - perf_counter()))
                told.append(perf_counter())
                group.create_task(_tell(db, bus))
        await looking
    return [there - then for then, there in zip(told, seen, strict=True)]


async def _tell(db: Database, bus: Bus) -> None:
    """One member looks at something; each a member of its own, so that no cap ends it early."""
    n = next(_numbers)
    member = UUID(hashlib.md5(str(n % MEMBERS).encode(), usedforsecurity=False).hexdigest())
    told: dict[str, str | float | list[str]] = {"sku": "milk", "name": "奶粉"}
    event = BehaviourSeen([Seen(member, EVENT, db.clock.now(), "app", told)])
    await bus.publish(event.subject, f"bench-{n}", msgspec.json.encode(event))


async def _launch(db: Database) -> None:
    body = CampaignRequest(
        name="bench", scenario=Scenario.FESTIVAL, control_share=0.1, offer=NoOffer(),
        trigger=EventTrigger(
            name=EVENT, conditions=[PropertyCondition(property="sku", one_of=["milk"])]
        ),
        template=TEXT, budget=Money(amount=100_000_000),
    )  # fmt: skip
    office = Office(100)
    async with db.transaction() as tx:
        made = await campaigns.plan(tx, office, "ann", body)
    for action, who in ((Action.SUBMIT, "ann"), (Action.APPROVE, "bob"), (Action.LAUNCH, "ann")):
        async with db.transaction() as tx:
            await campaigns.advance(tx, office, made.campaign_id, Move(action, who))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else None))
