"""`huiyuan bench coupons`: a pool of a million codes, claims and redemptions of 64 callers.

Beside them what PostgreSQL does anyway: COPY of the same rows into the same table, and as many
callers each updating a coupon by its code in a transaction of its own.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.home import Home
from allinone.servers import External, Servers
from allinone.supervisor import Supervisor
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.ids import Ids
from chassis.migrate import migrate
from chassis.principal import Principal
from chassis.shared import Shared
from contracts.points import coupons as api
from contracts.points.common import Cny, Words
from contracts.roles import Role
from points_service.app import SINGLE_CALLS
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons import planning, pools
from points_service.coupons.asks import Ask, Claim, Redeem, answer
from points_service.members import repository as members
from tests.load.figures import Row, show

CODES, CALLERS, USED = 1_000_000, 64, 6_400
TILL = Principal(Role.POS, "bench")
BUDGET = Cny(amount=10**11)

Call = Callable[[int], Awaitable[object]]


@dataclass(frozen=True)
class Pace:
    """Acknowledged calls and how long each caller waited."""

    seconds: float
    waits_ms: list[float]

    @property
    def per_second(self) -> float:
        """Calls acknowledged a second."""
        return len(self.waits_ms) / self.seconds

    @property
    def p99(self) -> float:
        """Milliseconds that 99 % of callers waited at most."""
        return sorted(self.waits_ms)[int(0.99 * (len(self.waits_ms) - 1))]


@dataclass(frozen=True)
class Found:
    """All that was measured."""

    pool: float
    copied: float
    claims: Pace
    redemptions: Pace
    updates: Pace


def main(json_file: Path | None) -> int:
    """Boot a durable PostgreSQL, measure, print, write; about two minutes."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        found = uvloop.run(_measure(Path(folder)))
    return show("coupons", _rows(found), json_file)


async def _measure(folder: Path) -> Found:
    home = Home(folder).prepare()
    servers, supervisor = Servers(home, External()), Supervisor(home.logs)
    await servers.start(supervisor)
    try:
        await migrate("points", servers.admin_dsn, servers.role_password("points"))
        clock = SystemClock()
        db = Database(servers.service_dsn("points"), "points", clock, Ids(clock), pool_size=16)
        await db.start()
        try:
            return await _all(db, servers.admin_dsn)
        finally:
            await db.stop()
    finally:
        await supervisor.stop(*servers.names)


async def _all(db: Database, admin_dsn: str) -> Found:
    holders = [db.ids.derive("bench", str(n)) for n in range(USED)]
    async with db.transaction() as tx:
        await members.register(tx, holders, "regular")
    seconds = await _pool(db)
    copied = await _copy(admin_dsn)
    async with db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT code FROM coupon ORDER BY code LIMIT $1", 2 * USED)
    codes = [row["code"] for row in rows]

    shared: Shared[Ask] = Shared(db, answer, max_batch=SINGLE_CALLS)  # as in the service

    async def claim(n: int) -> None:
        await shared.submit(Claim(TILL, codes[n], holders[n]))

    async def redeem(n: int) -> None:
        body = api.CouponRedemptionRequest(order_no=f"o{n}", member_id=holders[n])
        await shared.submit(Redeem(codes[n], body))

    async def update(n: int) -> None:
        async with db.transaction() as tx:
            await tx.execute(
                "UPDATE coupon SET member_id = $2 WHERE code = $1", codes[USED + n], holders[n]
            )

    updates = await _together(update)
    found = Found(seconds, copied, await _together(claim), await _together(redeem), updates)
    await _check(db)
    return found


async def _pool(db: Database) -> float:
    """Order a pool of a template with a budget and make it as the background job does."""
    terms = api.CouponTerms(
        names=Words(zh="立减 5 元", en="5 yuan off"),
        effect="cash_off",
        off=Cny(amount=500),
        valid_days=7,
        budget=BUDGET,
    )
    async with db.transaction() as tx:
        template = await planning.create(tx, Catalogue(), terms)
        await planning.order_pool(tx, template.template_id, CODES, "", dry_run=False)
    started = time.perf_counter()
    await pools.make_codes(db, db.clock.now())
    return time.perf_counter() - started


async def _copy(admin_dsn: str) -> float:
    """COPY the same rows into an empty table with the same indexes, in the same chunks."""
    owner = await asyncpg.connect(admin_dsn, server_settings={"search_path": "points"})
    try:
        columns = "code, coupon_id, template_id, version, pool_id, issued_at, reserved_fen"
        rows: Sequence[Any] = await owner.fetch(f"SELECT {columns} FROM coupon ORDER BY coupon_id")
        records = [tuple(row) for row in rows]
        await owner.execute("CREATE TABLE bare (LIKE coupon INCLUDING ALL)")
        started = time.perf_counter()
        for start in range(0, CODES, pools.CHUNK):
            await owner.copy_records_to_table(
                "bare",
                columns=columns.split(", "),
                records=records[start : start + pools.CHUNK],
            )
        seconds = time.perf_counter() - started
        await owner.execute("DROP TABLE bare")
        return seconds
    finally:
        await owner.close()


async def _together(call: Call) -> Pace:
    """`CALLERS` callers share the calls 0 … USED - 1, each with one under way at a time."""
    waits: list[float] = []
    numbers = iter(range(USED))
    started = time.perf_counter()

    async def caller() -> None:
        for number in numbers:
            begun = time.perf_counter()
            await call(number)
            waits.append((time.perf_counter() - begun) * 1000)

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return Pace(time.perf_counter() - started, waits)


async def _check(db: Database) -> None:
    """Exactly what was asked for happened, and the budget paid for it."""
    async with db.transaction(readonly=True) as tx:
        made, used = await tx.fetchrow("SELECT count(*), count(order_no) FROM coupon")
        left = await tx.fetchval("SELECT sum(balance)::bigint FROM account WHERE kind = 'budget'")
    assert (made, used, left) == (CODES, USED, BUDGET.amount - 500 * USED)


def _rows(found: Found) -> list[Row]:
    return [
        Row(
            "pool_of_a_million_seconds", found.pool,
            "copy_of_the_same_rows_seconds", found.copied, "≤ 60", "pool_to_copy",
        ),
        Row(
            "claims_per_second", found.claims.per_second,
            "updates_per_second", found.updates.per_second, "", "claims_to_updates",
        ),
        Row(
            "redemptions_per_second", found.redemptions.per_second,
            "updates_per_second", found.updates.per_second, "", "redemptions_to_updates",
        ),
        Row("claim_p99_ms", found.claims.p99, "update_p99_ms", found.updates.p99),
        Row("redemption_p99_ms", found.redemptions.p99, "update_p99_ms", found.updates.p99),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else None))
