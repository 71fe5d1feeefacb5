"""What a state machine of members looks at: the database beside the reference."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine
from services.points.tests.conftest import NOON
from services.points.tests.reference import Reference
from services.points.tests.things import begins, day_of

from chassis.clock import DrivenClock
from chassis.database import Database
from chassis.problem import Problem
from points_service.catalogue.use_cases import Catalogue
from points_service.members import repository as members
from testkit.never_wrong import Tally

PEOPLE = 4
MONTHS = 2  # that points last
DAILY = 2_500  # points a member may give or get a day
LOOK = """
SELECT m.member_id, m.merged_into, m.tier, m.growth,
    (SELECT coalesce(sum(balance), 0)::bigint FROM account
      WHERE kind = 'member' AND owner = m.member_id::text) AS balance,
    (SELECT coalesce(-sum(balance), 0)::bigint FROM account
      WHERE kind = 'debt' AND owner = m.member_id::text) AS debt,
    (SELECT coalesce(sum(points), 0)::bigint FROM hold
      WHERE member_id = m.member_id AND status = 'open') AS held,
    (SELECT coalesce(array_agg((lot_id, moved_from, earned_at, expires_at, points, remaining,
            expired, expired_at IS NOT NULL, depreciated_on)), '{}')
       FROM lot WHERE member_id = m.member_id) AS lots
FROM member m WHERE member_id = ANY ($1::uuid[])
"""
PAST = "balance = what the reference says"
FIFO = "oldest points first, spent and expired (lots)"
REFUNDS = "a refund nets exactly, once, in proportion"
HELD = "posted - held >= 0"
HOLDS = "a hold resolves once"
CLOCK = "clock +/- 1 h, +/- 400 d"
REVIVED = "a clock set back revives no lot"
AGAIN = "the same again changes nothing"

numbers = count(1)


class Watched(RuleBasedStateMachine):
    """`run` brings a coroutine into this machine's own event loop; set by the test."""

    run: Callable[[Any], Any]
    db: Database
    watcher: Any  # a connection that sees what is committed
    clock: DrivenClock
    tally: Tally
    catalogue: Catalogue
    issued = growth = 0  # by the examples in the database

    def __init__(self) -> None:
        super().__init__()
        self.people = [UUID(int=next(numbers) << 16) for _ in range(PEOPLE)]
        self.model = Reference(self.people, DAILY, DAILY)
        self.passed = NOON  # midnights up to this one are over
        self.sold = 0  # orders; no two are paid at the same moment
        self.tiers = dict.fromkeys(self.people, "regular")
        self.clock.move(NOON, ticking=False)
        self.run(self._start())

    async def _start(self) -> None:
        async with self.db.transaction() as tx:
            await members.register(tx, self.people, "regular")

    @property
    def now(self) -> datetime:
        """Of the driven clock."""
        return self.clock.now()

    def look(self) -> list[dict[str, Any]]:
        """What the database has of these members."""
        rows = [dict(row) for row in self.run(self.watcher.fetch(LOOK, self.people))]
        self.tiers = {row["member_id"]: row["tier"] for row in rows}
        return rows

    def compare(self, rows: list[dict[str, Any]] | None = None) -> None:
        """Everything is as the reference says."""
        rows = self.look() if rows is None else rows
        living = {row["member_id"]: row for row in rows if row["merged_into"] is None}
        merged = {row["member_id"]: row["merged_into"] or row["member_id"] for row in rows}
        assert merged == self.model.one
        for member, (balance, debt, held, growth, lots) in self.model.state().items():
            row = living[member]
            self.same(HELD, min(row["balance"], row["held"], row["debt"]) >= 0, True)
            there = row["balance"], row["debt"], row["held"], row["growth"]
            self.same(PAST, there, (balance, debt, held, growth))
            found = {lot_id: tuple(lot) for lot_id, _, *lot in row["lots"]}
            self.same(FIFO, found, lots, checks=len(found))
        self.tally.add(REVIVED, self.model.not_revived)
        self.model.not_revived = 0

    def same(self, invariant: str, found: object, due: object, checks: int = 1) -> None:
        """Counted; a difference is a violation."""
        self.tally.add(invariant, checks, violations=int(found != due))
        assert found == due, f"{invariant}: {found} instead of {due}"

    def new_lots(self, rows: list[dict[str, Any]]) -> dict[UUID, UUID]:
        """Lots the reference does not know: their ids, by those they moved from."""
        known = {lot.lot_id for lot in self.model.lots}
        return {lot[1]: lot[0] for row in rows for lot in row["lots"] if lot[0] not in known}

    async def _in_one(self, act: Callable[[Any], Awaitable[Any]]) -> Any:
        async with self.db.transaction() as tx:
            return await act(tx)

    def answer(self, act: Callable[[Any], Awaitable[Any]]) -> Any:
        """Of a use case in a transaction of its own; its Problem where it refused."""
        try:
            return self.run(self._in_one(act))
        except Problem as problem:
            return problem


def ends(earned_at: datetime) -> datetime:
    """The same day MONTHS later, or the 1st after a month that is too short."""
    day = day_of(earned_at)
    month = day.month - 1 + MONTHS
    year, month = day.year + month // 12, month % 12 + 1
    try:
        return begins(date(year, month, day.day))
    except ValueError:
        return begins(date(year, month + 1, 1))
