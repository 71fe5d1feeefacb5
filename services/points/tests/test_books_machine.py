"""Any sequence of earning, spending, refunding, expiring and merging leaves the books right.

Hypothesis drives the use cases against the real database, beside a model that knows only totals.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from services.points.tests.conftest import BOOKS, NOON

from chassis.clock import DrivenClock, local_date, midnight
from chassis.database import Database
from chassis.ids import Ids
from chassis.problem import Problem
from contracts.base import Amount, Money
from contracts.events import MembersMerged, OrderLine
from contracts.orders import OrderRequest
from contracts.points.orders import OrderAnswer, Refund, RefundRequest
from contracts.points.spending import RedemptionRequest
from contracts.roles import Role
from points_service.catalogue import repository as catalogue_rows
from points_service.catalogue.use_cases import Catalogue
from points_service.expiry import repository as expiry_rows
from points_service.expiry.domain import Policy
from points_service.expiry.use_cases import expire_due
from points_service.merges.use_cases import follow
from points_service.orders.use_cases import book
from points_service.overview import use_cases as overview
from points_service.programme import Programme
from points_service.redemption.use_cases import redeem
from points_service.refunds.use_cases import refund
from points_service.reviews.use_cases import review
from testkit.databases import Databases
from testkit.stack import Stack

MEMBERS = [UUID(int=n) for n in range(1, 3)]
PROGRAMME = Programme(redemption_multiple=1)
share = st.sampled_from([1, 1, 2, 3])  # all of something, a half, a third
LATELY = 3  # orders that are still spent with or given back
who = st.sampled_from(MEMBERS)
fen = st.sampled_from([0, 99]) | st.integers(1_000, 200_000)
late = st.sampled_from([0, 0, 5, 40])  # days; 40 are more than points live here


class Books(RuleBasedStateMachine):
    """`run` brings a coroutine into this machine's own event loop; set by the test."""

    run: Callable[[Awaitable[Any]], Any]
    db: Database
    clock: DrivenClock

    def __init__(self) -> None:
        super().__init__()
        self.catalogue = Catalogue()
        self.orders: dict[str, tuple[UUID, int, OrderAnswer]] = {}  # who, fen, answer
        self.spent: dict[str, int] = {}
        self.refunded: dict[str, list[Refund]] = {}
        self.owner = {member: member for member in MEMBERS}
        self.clock.move(NOON, ticking=False)
        self.run(self._start())

    async def _start(self) -> None:
        async with self.db.transaction() as tx:
            await catalogue_rows.add_products(tx, ["milk"])
            await catalogue_rows.add_stores(tx, ["s1"])
            await expiry_rows.keep(tx, Policy("rolling", "rolling", True, {"months": 1}))

    @rule(
        orders=st.lists(st.tuples(who, fen, late), min_size=1, max_size=3),
        share=share,
    )
    def buy(self, orders: list[tuple[UUID, int, int]], share: int) -> None:
        """A few orders in a batch, some of them late, and points spent with the last one."""
        requests = [
            OrderRequest(
                order_no=f"o{len(self.orders) + n}",
                store="s1",
                channel="pos",
                paid_at=self.clock.now() - timedelta(days=ago),
                items=[OrderLine("milk", 1, Amount(paid))],
                paid=Amount(paid),
                member_id=member,
            )
            for n, (member, paid, ago) in enumerate(orders)
        ]
        answers = self.run(book(self.db, self.catalogue, PROGRAMME, requests))
        for (member, paid, _), answer in zip(orders, answers, strict=True):
            assert answer.status == 200 and answer.growth == paid // 100
            assert answer.member_id == self.owner[member]
            self.orders[answer.order_no] = (member, paid, answer)
        assert self.run(book(self.db, self.catalogue, PROGRAMME, requests)) == answers
        self._spend(orders[-1][0], share, 0, answers[-1].order_no)

    @rule(member=who, share=share, more=st.sampled_from([0, 1]))
    def spend(self, member: UUID, share: int, more: int) -> None:
        """Without an order; never more than there is."""
        if any(self.owner[other] == self.owner[member] for other, _, _ in self.orders.values()):
            self._spend(member, share, more, None)

    def _spend(self, member: UUID, share: int, more: int, order_no: str | None) -> None:
        async def act() -> None:
            async with self.db.transaction() as tx:
                there = (await overview.points(tx, member)).redeemable
                request = RedemptionRequest(
                    points=max(1, there // share) + more * there,
                    order_no=order_no,
                    reason="r",
                )
                role = Role.POS
                try:
                    done = await redeem(
                        tx, PROGRAMME, self.catalogue, role=role, member_id=member, request=request
                    )
                    assert done.points <= there
                    if order_no:
                        self.spent[order_no] = done.points
                except Problem as problem:
                    assert problem.code == "insufficient_points" and request.points > there

        self.run(act())

    @precondition(lambda self: self.orders)
    @rule(parts=st.lists(st.tuples(st.integers(1, LATELY), share), min_size=1, max_size=4))
    def give_back(self, parts: list[tuple[int, int]]) -> None:
        """Parts of some of the last orders, or all the rest of them."""
        for place, part in parts:
            left = [order_no for order_no in self.orders if self._left(order_no)]
            if left:
                self._give_back(left[-min(place, len(left))], part)

    def _left(self, order_no: str) -> int:
        done = self.refunded.get(order_no, [])
        return self.orders[order_no][1] - sum(each.amount.amount for each in done)

    def _give_back(self, order_no: str, part: int) -> None:
        """What went back so far is exactly in proportion."""
        _, paid, booked = self.orders[order_no]
        before = self.refunded.setdefault(order_no, [])
        amount = Money(amount=-(-self._left(order_no) // part))
        request = RefundRequest(refund_no=f"r{len(before)}", amount=amount)

        async def act() -> Refund:
            async with self.db.transaction() as tx:
                first = await refund(tx, PROGRAMME, order_no, request)
                assert await refund(tx, PROGRAMME, order_no, request) == first
                return first

        before.append(self.run(act()))
        gone = paid - self._left(order_no)
        for whole, name in (
            (booked.points, "points_reversed"),
            (self.spent.get(order_no, 0), "points_restored"),
            (booked.growth, "growth_reversed"),
        ):
            due = whole if gone == paid else whole * gone // paid
            assert sum(getattr(each, name) for each in before) == due

    @rule(days=st.sampled_from([1, 3, 20, 33, -1, -40]))
    def sleep(self, days: int) -> None:
        """Some midnights pass, with their jobs; or the clock is set back and nothing happens."""
        for passed in range(days):
            today: datetime = midnight(local_date(self.clock.now()) + timedelta(days=1))
            self.clock.move(today, ticking=False)
            if passed % 5 == 0 or passed == days - 1:
                self.run(expire_due(self.db, today))
            self.run(review(self.db, PROGRAMME.ladder_id, today))
        if days < 0:
            self.clock.move(self.clock.now() + timedelta(days=days), ticking=False)

    @rule(pairs=st.lists(st.tuples(who, who), min_size=1, max_size=2))
    def merge(self, pairs: list[tuple[UUID, UUID]]) -> None:
        """Anybody with anybody, themselves included."""
        events = [MembersMerged(uuid4(), keep, gone, self.clock.now(), "x") for keep, gone in pairs]

        async def act() -> None:
            async with self.db.transaction() as tx:
                await follow(tx, PROGRAMME, events)

        self.run(act())
        for keep, gone in pairs:
            survivor, absorbed = self.owner[keep], self.owner[gone]
            for member, owner in self.owner.items():
                if owner == absorbed:
                    self.owner[member] = survivor

    @invariant()
    def the_books_are_right(self) -> None:
        """Every invariant in SQL, and the totals the model knows."""

        async def look() -> None:
            async with self.db.transaction(readonly=True) as tx:
                for name, query in BOOKS.items():
                    assert await tx.fetch(query) == [], name
                stats = await overview.stats(tx, PROGRAMME)
                assert (await overview.trial_balance(tx)).difference == 0
            gone = stats.burnt + stats.expired + stats.reversed
            assert stats.issued - gone == stats.outstanding
            booked = [answer for _, _, answer in self.orders.values()]
            back = [each for refunds in self.refunded.values() for each in refunds]
            assert stats.issued == sum(answer.points for answer in booked)
            assert stats.reversed + stats.owed == sum(each.points_reversed for each in back)
            growth = sum(answer.growth for answer in booked)
            assert stats.growth_spend == growth - sum(each.growth_reversed for each in back)
            assert min(stats.burnt, stats.expired, stats.outstanding, stats.owed) >= 0

        self.run(look())


@pytest.mark.parametrize("machine", [Books])
async def test_the_books_survive_anything(
    stack: Stack, databases: Databases, clock: DrivenClock, machine: type[Books]
) -> None:
    await databases.migrate("points")

    def play() -> None:
        with asyncio.Runner() as runner:
            db = Database(stack.service_dsn("points"), "points", clock, Ids(clock, "test"), 2)
            runner.run(db.start())

            class Clean(machine):  # type: ignore[valid-type, misc]
                def __init__(self) -> None:
                    runner.run(databases.empty("points"))
                    super().__init__()

            Clean.run, Clean.db, Clean.clock = staticmethod(runner.run), db, clock
            checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
            run = settings(
                max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=checks
            )
            from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415

            run_state_machine_as_test(Clean, settings=run)
            runner.run(db.stop())

    await asyncio.to_thread(play)
