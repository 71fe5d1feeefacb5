"""`huiyuan bench ledger`: postings of many callers on one hot account, beside pgbench's TPC-B."""

import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import uvloop

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.home import Home
from allinone.servers import External, Servers
from allinone.servers.postgres import binaries
from allinone.supervisor import Supervisor
from chassis.clock import SystemClock
from chassis.coalesce import Coalescer
from chassis.database import Database
from chassis.ids import Ids
from chassis.migrate import migrate
from points_service.ledger import repository as ledger
from points_service.ledger.domain import Journal, JournalKind, entries, issuing, member
from tests.load.figures import Row, show

CALLERS, MEMBERS = 256, 10_000
WORKERS, MAX_BATCH = 2, 128  # two commits under way, each for half of the callers
WARM_SECONDS, SECONDS = 2.0, 6.0
PGBENCH_SCALE, PGBENCH_CLIENTS = 10, 64
HOT = issuing("bench")

Book = Callable[[Journal], Awaitable[None]]


@dataclass(frozen=True)
class Measured:
    """Acknowledged postings and how long each caller waited."""

    seconds: float
    waits_ms: list[float]

    @property
    def per_second(self) -> float:
        """Postings acknowledged a second."""
        return len(self.waits_ms) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of callers waited at most."""
        return sorted(self.waits_ms)[int(share * (len(self.waits_ms) - 1))]


def main(json_file: Path | None) -> int:
    """Boot a durable PostgreSQL, measure, print, write; about 30 seconds."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = uvloop.run(_measure(Path(folder)))
    return show("ledger", rows, json_file)


async def _measure(folder: Path) -> list[Row]:
    home = Home(folder).prepare()
    servers, supervisor = Servers(home, External()), Supervisor(home.logs)
    await servers.start(supervisor)
    try:
        await migrate("points", servers.admin_dsn, servers.role_password("points"))
        tpcb = await asyncio.to_thread(_pgbench, servers.admin_dsn)
        clock = SystemClock()
        db = Database(servers.service_dsn("points"), "points", clock, Ids(clock))
        await db.start()
        try:
            coalesced, alone = await _both_ways(db)
        finally:
            await db.stop()
    finally:
        await supervisor.stop(*servers.names)
    return _rows(coalesced, alone, tpcb)


async def _both_ways(db: Database) -> tuple[Measured, Measured]:
    """Coalesced and one call per posting, on the same accounts."""

    async def together(journals: Sequence[Journal]) -> list[Exception | None]:
        async with db.transaction() as tx:
            await ledger.post(tx, journals)
        return [None] * len(journals)

    async def alone(journal: Journal) -> None:
        async with db.transaction() as tx:
            await ledger.post(tx, [journal])

    shared = Coalescer(together, max_batch=MAX_BATCH, workers=WORKERS)
    warm = await _run(db, shared.submit, WARM_SECONDS)
    measured = await _run(db, shared.submit, SECONDS)
    single = await _run(db, alone, SECONDS)
    await _check(db, len(warm.waits_ms) + len(measured.waits_ms) + len(single.waits_ms))
    return measured, single


async def _run(db: Database, book: Book, seconds: float) -> Measured:
    """`CALLERS` callers, each with one posting under way at a time."""
    members = [member(db.ids.derive("bench", str(n))) for n in range(MEMBERS)]
    waits: list[float] = []
    started = time.perf_counter()

    async def caller(number: int) -> None:
        draw = random.Random(number)
        while (begun := time.perf_counter()) < started + seconds:
            journal_id = db.ids.new()
            lines = entries((HOT, -7), (members[draw.randrange(MEMBERS)], 7))
            now = db.clock.now()
            order_no = f"{number}-{begun}"
            await book(Journal(journal_id, JournalKind.EARN, order_no, now, lines))
            waits.append((time.perf_counter() - begun) * 1000)

    await asyncio.gather(*map(caller, range(CALLERS)))
    return Measured(time.perf_counter() - started, waits)


async def _check(db: Database, acknowledged: int) -> None:
    """What was acknowledged is there, and the books are right."""
    async with db.transaction(readonly=True) as tx:
        booked = await tx.fetchval("SELECT count(*) FROM journal")
        (hot,) = (await ledger.balances(tx, HOT.kind, [HOT.owner])).values()
        total = await tx.fetchval("SELECT sum(amount)::bigint FROM entry")
    assert (booked, hot, total) == (acknowledged, -7 * acknowledged, 0)


def _pgbench(dsn: str) -> float:
    """TPC-B transactions a second on the same server."""
    address = urlsplit(dsn)
    host = parse_qs(address.query).get("host", [address.hostname or ""])[0]
    environment = {
        **os.environ,
        "PGHOST": host,
        "PGUSER": address.username or "",
        "PGPASSWORD": unquote(address.password or ""),
        "PGDATABASE": address.path.lstrip("/"),
    }

    def pgbench(*arguments: str) -> str:
        command = [str(binaries() / "pgbench"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    pgbench("--initialize", "--quiet", f"--scale={PGBENCH_SCALE}")
    printed = pgbench(
        "--no-vacuum", "--protocol=prepared", f"--client={PGBENCH_CLIENTS}", "--jobs=2",
        f"--time={SECONDS:.0f}",
    )  # fmt: skip
    found = re.search(r"^tps = ([\d.]+)", printed, re.MULTILINE)
    assert found, printed
    return float(found[1])


def _rows(coalesced: Measured, alone: Measured, tpcb: float) -> list[Row]:
    return [
        Row(
            "coalesced_postings_per_second", coalesced.per_second,
            "pgbench_tpcb_per_second", tpcb, "≥ 30,000", "coalesced_to_pgbench_tpcb",
        ),
        Row(
            "coalesced_postings_per_second", coalesced.per_second,
            "one_call_per_posting_per_second", alone.per_second, "", "coalesced_to_one_call",
        ),
        Row(
            "coalesced_p50_ms", coalesced.percentile(0.5),
            "one_call_per_posting_p50_ms", alone.percentile(0.5),
        ),
        Row(
            "coalesced_p99_ms", coalesced.percentile(0.99),
            "one_call_per_posting_p99_ms", alone.percentile(0.99), "≤ 50",
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else None))
