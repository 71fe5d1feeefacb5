"""`huiyuan bench ledger`: postings of many callers on one hot account, beside pgbench's TPC-B.

256 callers, each with one posting under way, each told when its own is durable. Callers share a
call, either as a statement by itself or in a transaction that could do more; and for comparison
each makes its own. A shared machine is noisy: short windows take turns, the table shows the median
of each kind, how far the slowest and the fastest are apart and how much of the machine others used
meanwhile, and pgbench runs before and after.
"""

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
from statistics import mean, median
from urllib.parse import parse_qs, unquote, urlsplit

import psutil
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
ROUNDS, SECONDS, WARM_SECONDS = 5, 3.0, 2.0
ALONE_SECONDS, PGBENCH_SECONDS = 6.0, 4
PGBENCH_SCALE, PGBENCH_CLIENTS = 10, 64
HOT = issuing("bench")

Book = Callable[[Journal], Awaitable[None]]
Many = Callable[[Sequence[Journal]], Awaitable[Sequence[Exception | None]]]


@dataclass(frozen=True)
class Measured:
    """Acknowledged postings and how long each caller waited."""

    seconds: float
    waits_ms: list[float]
    others: float  # cores that other programmes kept busy meanwhile

    @property
    def per_second(self) -> float:
        """Postings acknowledged a second."""
        return len(self.waits_ms) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of callers waited at most."""
        return sorted(self.waits_ms)[int(share * (len(self.waits_ms) - 1))]


@dataclass(frozen=True)
class Windows:
    """The same measured several times."""

    each: list[Measured]

    @property
    def per_second(self) -> float:
        """Of the median window."""
        return median(each.per_second for each in self.each)

    @property
    def slowest(self) -> float:
        """Postings a second of the slowest window."""
        return min(each.per_second for each in self.each)

    @property
    def fastest(self) -> float:
        """Postings a second of the fastest window."""
        return max(each.per_second for each in self.each)

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of callers waited at most, in the median window."""
        return median(each.percentile(share) for each in self.each)

    @property
    def others(self) -> float:
        """Cores that other programmes kept busy, on average."""
        return mean(each.others for each in self.each)

    @property
    def postings(self) -> int:
        """How many were acknowledged."""
        return sum(len(each.waits_ms) for each in self.each)


@dataclass(frozen=True)
class Ways:
    """Each way to book, measured on the same accounts."""

    statements: Windows
    transactions: Windows
    alone: Windows


def main(json_file: Path | None) -> int:
    """Boot a durable PostgreSQL, measure, print, write; about a minute."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        rows = uvloop.run(_measure(Path(folder)))
    return show("ledger", rows, json_file)


async def _measure(folder: Path) -> list[Row]:
    home = Home(folder).prepare()
    servers, supervisor = Servers(home, External()), Supervisor(home.logs)
    await servers.start(supervisor)
    try:
        await migrate("points", servers.admin_dsn, servers.role_password("points"))
        before = await asyncio.to_thread(_pgbench, servers.admin_dsn)
        clock = SystemClock()
        db = Database(servers.service_dsn("points"), "points", clock, Ids(clock))
        await db.start()
        try:
            ways = await _all_ways(db)
        finally:
            await db.stop()
        after = await asyncio.to_thread(_pgbench, servers.admin_dsn)
    finally:
        await supervisor.stop(*servers.names)
    return _rows(ways, before, after)


async def _all_ways(db: Database) -> Ways:
    async def statement(journals: Sequence[Journal]) -> list[Exception | None]:
        async with db.statement() as tx:
            await ledger.post(tx, journals)
        return [None] * len(journals)

    async def transaction(journals: Sequence[Journal]) -> list[Exception | None]:
        async with db.transaction() as tx:
            await ledger.post(tx, journals)
        return [None] * len(journals)

    async def alone(journal: Journal) -> None:
        await statement([journal])

    def shared(many: Many) -> Book:
        return Coalescer(many, max_batch=MAX_BATCH, workers=WORKERS).submit

    warm = await _run(db, shared(statement), WARM_SECONDS)
    one, two = Windows([]), Windows([])
    for _ in range(ROUNDS):
        one.each.append(await _run(db, shared(statement), SECONDS))
        two.each.append(await _run(db, shared(transaction), SECONDS))
    three = Windows([await _run(db, alone, ALONE_SECONDS)])
    await _check(db, len(warm.waits_ms) + one.postings + two.postings + three.postings)
    return Ways(one, two, three)


async def _run(db: Database, book: Book, seconds: float) -> Measured:
    """`CALLERS` callers, each with one posting under way at a time."""
    members = [member(db.ids.derive("bench", str(n))) for n in range(MEMBERS)]
    waits: list[float] = []
    cpu, started = _others_cpu(), time.perf_counter()

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
    took = time.perf_counter() - started
    return Measured(took, waits, (_others_cpu() - cpu) / took)


def _others_cpu() -> float:
    """Seconds of CPU that went to neither this process nor its children, since the machine runs."""
    times, own = psutil.cpu_times(), psutil.Process()
    used = [each.cpu_times() for each in (own, *own.children(recursive=True))]
    spent = sum(times) - times.idle - times.iowait
    return float(spent - sum(each.user + each.system for each in used))


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
        f"--time={PGBENCH_SECONDS}",
    )  # fmt: skip
    found = re.search(r"^tps = ([\d.]+)", printed, re.MULTILINE)
    assert found, printed
    return float(found[1])


def _rows(ways: Ways, before: float, after: float) -> list[Row]:
    coalesced, alone = ways.statements, ways.alone
    return [
        Row(
            "coalesced_postings_per_second", coalesced.per_second,
            "pgbench_tpcb_per_second", (before + after) / 2,
            "≥ 30,000", "coalesced_to_pgbench_tpcb",
        ),
        Row(
            "coalesced_slowest_window_per_second", coalesced.slowest,
            "coalesced_fastest_window_per_second", coalesced.fastest,
        ),
        Row(
            "coalesced_other_programmes_cores", coalesced.others,
            "one_call_per_posting_other_programmes_cores", alone.others,
        ),
        Row("pgbench_before_per_second", before, "pgbench_after_per_second", after),
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
        Row(
            "coalesced_worst_window_p99_ms",
            max(each.percentile(0.99) for each in coalesced.each),
        ),
        Row(
            "in_a_transaction_postings_per_second", ways.transactions.per_second,
            "in_a_transaction_slowest_window_per_second", ways.transactions.slowest,
        ),
        Row("in_a_transaction_p99_ms", ways.transactions.percentile(0.99)),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else None))
