"""A state machine of members, tills and clocks: each step on the database and in the reference."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)
from services.points.tests.conftest import NOON
from services.points.tests.things import Hold, Lot, begins, day_of
from services.points.tests.watching import (
    AGAIN,
    CLOCK,
    DAILY,
    HELD,
    HOLDS,
    PAST,
    PEOPLE,
    REFUNDS,
    Watched,
    ends,
    numbers,
)

from chassis.problem import Problem
from contracts.base import Amount, Money
from contracts.events import MembersMerged, MembersSplit, OrderLine
from contracts.orders import OrderRequest
from contracts.points.orders import RefundRequest
from contracts.points.spending import HoldAnswer, HoldRequest, RedemptionRequest, TransferRequest
from contracts.roles import Role
from points_service.expiry.use_cases import depreciate, expire_due
from points_service.holds.asks import Ask, Place, Post, Void
from points_service.holds.asks import answer as answer_holds
from points_service.holds.use_cases import release_due
from points_service.merges.use_cases import follow
from points_service.orders.use_cases import book
from points_service.programme import Programme
from points_service.redemption.use_cases import redeem
from points_service.refunds.use_cases import refund
from points_service.reviews.use_cases import review
from points_service.splits.use_cases import follow as undo
from points_service.transfers.domain import Limits
from points_service.transfers.use_cases import give

TAKES = {(1, 1): 25, (4, 1): 10, (7, 1): 50, (10, 1): 33}  # (month, day): percent
LATELY = 4  # orders and holds that something still happens to
EARLIEST, LATEST = (
    datetime(2012, 1, 1, tzinfo=NOON.tzinfo),
    datetime(2030, 1, 1, tzinfo=NOON.tzinfo),
)
PERCENT = {"regular": 100, "silver": 120, "gold": 150, "diamond": 200}
PROGRAMME = Programme(
    redemption_multiple=1, transfers=Limits(1, 1_000_000, given_daily=DAILY, received_daily=DAILY)
)

who = st.integers(0, PEOPLE - 1)
fen = st.sampled_from([0, 99]) | st.integers(1_000, 200_000)
late = st.sampled_from([0, 0, 5, 40, 90])  # days; 90 are more than points last
share = st.sampled_from([1, 1, 2, 3])  # all of something, a half, a third
more = st.sampled_from([0, 0, 1])  # than there is
lately = st.integers(0, LATELY)  # 0: none of them
HOURS, DAYS = st.sampled_from([1, -1]), st.sampled_from([1, 3, 20, 33, -1, -40, 400, -400])


class Books(Watched):
    """Everything that can happen."""

    @initialize(paid=st.lists(fen, min_size=PEOPLE, max_size=PEOPLE))
    def begin(self, paid: list[int]) -> None:
        """Everybody has bought something, so that whatever rules come find something."""
        self.buy([(place, each, place) for place, each in enumerate(paid)], False, 0)

    # Earning and giving back

    @rule(
        orders=st.lists(st.tuples(who, fen, late), min_size=1, max_size=3),
        again=st.sampled_from([False, False, True]),
        hold=lately,
    )
    def buy(self, orders: list[tuple[int, int, int]], again: bool, hold: int) -> None:
        """A few orders in a batch, some late, the last one perhaps with a hold."""
        held = self._open_hold(hold)
        requests = []
        for n, (place, paid, ago) in enumerate(orders):
            number = next(numbers)
            self.sold += 1
            last = held if n == len(orders) - 1 else None
            requests.append(
                OrderRequest(
                    order_no=f"o{number}",
                    store="s1",
                    channel="pos",
                    paid_at=self.now - timedelta(days=ago, microseconds=-self.sold),
                    items=[OrderLine("milk", 1, Amount(paid))],
                    paid=Amount(paid),
                    member_id=last.who if last else self.people[place],
                    hold_id=last.hold_id if last else None,
                )
            )
        answers = self.run(book(self.db, self.catalogue, PROGRAMME, requests))
        if again:
            twice = self.run(book(self.db, self.catalogue, PROGRAMME, requests[::-1]))
            self.same(AGAIN, twice[::-1], answers)
        tiers = dict(self.tiers)
        rows = self.look()
        ids = {lot[2]: lot[0] for row in rows for lot in row["lots"]}
        pairs = zip(requests, answers, strict=True)
        for request, answer in sorted(pairs, key=lambda pair: pair[0].paid_at):
            refused = bool(request.hold_id and held and self.now >= held.ends)
            self.same(HOLDS, answer.status, 409 if refused else 200)
            if refused:
                continue
            assert request.member_id
            one = self.model.one[request.member_id]
            yuan = request.paid.amount // 100
            points = request.paid.amount * PERCENT[tiers[one]] // 10_000
            tiers[one] = answer.tier
            if request.hold_id and held:
                self.model.post(held, held.points, request.order_no, self.now)
            self._earn(request, points, ids)
            said = answer.member_id, answer.points, answer.growth, answer.balance
            if not request.hold_id:  # what a hold gives back is not in an order's answer
                self.same(PAST, said, (one, points, yuan, self.model.balance(one)))
        self.compare(rows)

    def _earn(self, request: OrderRequest, points: int, ids: dict[datetime, UUID]) -> None:
        assert request.member_id
        one, at = self.model.one[request.member_id], request.paid_at
        lot = Lot(ids[at], one, at, ends(at), points, points) if points else None
        self.model.earn(request.order_no, one, request.paid.amount, points, lot)
        Watched.issued += points
        Watched.growth += request.paid.amount // 100

    @precondition(lambda self: self.model.orders)
    @rule(place=st.integers(1, LATELY), part=share, again=st.booleans())
    def give_back(self, place: int, part: int, again: bool) -> None:
        """A part of one of the last orders, or all the rest of it; what is gone is gone."""
        order_no = list(self.model.orders)[-min(place, len(self.model.orders))]
        order = self.model.orders[order_no]
        amount = -(-(order.fen - order.gone_fen) // part)
        request = RefundRequest(refund_no=f"r{next(numbers)}", amount=Money(amount=amount))

        async def act(tx: Any) -> Any:
            return await refund(tx, PROGRAMME, order_no, request)

        done = self.answer(act)
        if order.closed:
            self.same(REFUNDS, getattr(done, "code", None), "nothing_left")
            return
        due = self.model.refund(order_no, amount, self.now)
        said = done.points_reversed, done.points_restored, done.growth_reversed
        self.same(REFUNDS, (*said, done.balance), (*due, self.model.balance(order.who)))
        if again:
            self.same(AGAIN, self.answer(act), done)
        Watched.growth -= due[2]
        self.compare()

    # Spending

    def _asked(self, place: int, part: int, more: int) -> tuple[UUID, int, int]:
        """Who, what there is, and how many points are asked for."""
        member = self.people[place]
        there = self.model.spendable(member, self.now)
        return member, there, max(1, there // part) + more * there

    def _order_no(self, place: int) -> str | None:
        """One of the last orders, or none."""
        last = list(self.model.orders)[-LATELY:]
        return last[-place] if 0 < place <= len(last) else None

    @rule(place=who, part=share, more=more, order=lately)
    def spend(self, place: int, part: int, more: int, order: int) -> None:
        """Never more than there is; perhaps with an order, perhaps somebody else's."""
        member, there, points = self._asked(place, part, more)
        order_no = self._order_no(order)
        request = RedemptionRequest(points=points, order_no=order_no, reason="r")

        async def act(tx: Any) -> Any:
            return await redeem(
                tx, PROGRAMME, self.catalogue, role=Role.POS, member_id=member, request=request
            )

        done = self.answer(act)
        if self.model.spend(member, points, order_no, self.now):
            self.same(PAST, done.balance, self.model.balance(member))
        else:
            self.same(HELD, (done.code, points > there), ("insufficient_points", True))
        self.compare()

    @rule(giver=who, receiver=who, part=share, more=more)
    def transfer(self, giver: int, receiver: int, part: int, more: int) -> None:
        """Within a day's limits; never more than there is, never to oneself."""
        member, _, points = self._asked(giver, part, more)
        other = self.people[receiver]
        request = TransferRequest(to_member_id=other, points=points)

        async def act(tx: Any) -> Any:
            return await give(tx, PROGRAMME, member, request)

        done = self.answer(act)
        refused = self.model.transfer_refused(member, other, points, self.now)
        self.same(HELD, isinstance(done, Problem), refused)
        rows = self.look()
        if not refused:
            self.model.transfer(member, other, points, self.new_lots(rows), self.now)
            self.same(PAST, done.balance, self.model.balance(member))
        self.compare(rows)

    # Holds

    def _open_hold(self, place: int) -> Hold | None:
        """One of the last open holds, or none."""
        found = [each for each in self.model.holds.values() if each.status == "open"][-LATELY:]
        return found[-place] if 0 < place <= len(found) else None

    async def _asked_of_holds(self, tx: Any, ask: Ask) -> HoldAnswer:
        [answer] = await answer_holds(tx, PROGRAMME, self.catalogue, [ask])
        if isinstance(answer, Problem):
            raise answer
        return answer

    @rule(place=who, part=share, more=more, order=lately, hours=st.sampled_from([1, 24, 168]))
    def hold(self, place: int, part: int, more: int, order: int, hours: int) -> None:
        """Set points aside."""
        member, there, points = self._asked(place, part, more)
        order_no = self._order_no(order)
        request = HoldRequest(
            points=points, order_no=order_no, expires_in_seconds=hours * 3600, reason="r"
        )

        async def act(tx: Any) -> Any:
            return await self._asked_of_holds(tx, Place(member, request, Role.POS))

        done, ends = self.answer(act), self.now + timedelta(hours=hours)
        hold_id = None if isinstance(done, Problem) else done.hold.hold_id
        if self.model.hold(hold_id, member, points, order_no, now=self.now, ends=ends):
            self.same(PAST, done.balance, self.model.balance(member))
        else:
            self.same(HELD, (done.code, points > there), ("insufficient_points", True))
        self.compare()

    @precondition(lambda self: self.model.holds)
    @rule(place=st.integers(1, LATELY), part=share, void=st.booleans())
    def resolve(self, place: int, part: int, void: bool) -> None:
        """One of the last holds, resolved already or not: post all or a part of it, or void it."""
        found = list(self.model.holds.values())
        hold = found[-min(place, len(found))]
        points = max(1, hold.points // part)

        async def act(tx: Any) -> Any:
            named = hold.who, hold.hold_id
            ask = Void(*named) if void else Post(*named, points)
            return await self._asked_of_holds(tx, ask)

        done = self.answer(act)
        if hold.status != "open":
            self.same(HOLDS, getattr(done, "code", None), "hold_resolved")
        elif not void and self.now >= hold.ends:
            self.same(HOLDS, getattr(done, "code", None), "hold_expired")
        elif void:
            self.model.release(hold, "voided", self.now)
            self.same(HOLDS, (done.hold.status, done.hold.posted), ("voided", 0))
        else:
            self.model.post(hold, points, None, self.now)
            self.same(HOLDS, (done.hold.status, done.hold.posted), ("posted", points))
        self.compare()

    # Time, and who is who

    @rule(hours=HOURS)
    def hour(self, hours: int) -> None:
        """The clock goes on or is set back by an hour."""
        self._move(timedelta(hours=hours))

    @rule(days=DAYS)
    def sleep(self, days: int) -> None:
        """Some midnights pass, or the clock is set back and nothing happens."""
        self._move(timedelta(days=days))

    @rule(days=st.sampled_from([3, 70, 400]))
    def there_and_back(self, days: int) -> None:
        """The clock was wrong for a while: what expired meanwhile stays expired."""
        before = self.now
        self._move(timedelta(days=days))
        self._move(before - self.now)

    @precondition(lambda self: self.model.orders)
    @rule(days=st.sampled_from([70, 400]), part=share)
    def regret(self, days: int, part: int) -> None:
        """The last order is paid with points, the clock goes wrong, and it comes back."""
        buyer = self.model.one[next(reversed(self.model.orders.values())).who]
        self.spend(place=self.people.index(buyer), part=1, more=0, order=1)
        self.there_and_back(days=days)
        self.give_back(place=1, part=part, again=False)

    @rule(place=who, resolve=st.booleans(), void=st.booleans())
    def hold_to_the_end(self, place: int, resolve: bool, void: bool) -> None:
        """All points are set aside when the first are about to expire, and the clock goes wrong."""
        ends = [lot.ends for lot in self.model.of(self.people[place]) if lot.live(self.now)]
        if ends:
            self._move(max(ends[0] - timedelta(days=1) - self.now, timedelta(0)))
            self.hold(place=place, part=1, more=0, order=0, hours=168)
            self.there_and_back(days=3)
            if resolve and self.model.holds:
                self.resolve(place=1, part=2, void=void)

    def _move(self, by: timedelta) -> None:
        if not EARLIEST < self.now + by < LATEST:
            return
        to = self.now + by
        days = self._days(to)
        for day in days:
            self.clock.move(begins(day), ticking=False)
            self._midnight(day, reviewed=by < timedelta(days=40))
        self.clock.move(to, ticking=False)
        self.tally.add(CLOCK)
        self.run(release_due(self.db, to))
        if self.model.end_holds(to) or days:
            self.compare()
        self.passed = max(self.passed, to)

    def _days(self, to: datetime) -> list[date]:
        """Days that begin up to then and have not before; of many only those that matter."""
        first, last = day_of(self.passed) + timedelta(days=1), day_of(to)
        every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        if len(every) < 5:
            return every
        ends = {day_of(lot.ends) for lot in self.model.lots if not lot.dead}
        return [day for day in every if day in ends or (day.month, day.day) in TAKES or day == last]

    def _midnight(self, day: date, *, reviewed: bool) -> None:
        at = begins(day)
        self.run(expire_due(self.db, at))
        self.model.expire(at)
        percent = TAKES.get((day.month, day.day))
        self.run(depreciate(self.db, at))
        if percent:
            self.model.depreciate(day, percent)
        if reviewed:
            self.run(review(self.db, PROGRAMME.ladder_id, at))
        self.passed = max(self.passed, at)

    @rule(pairs=st.lists(st.tuples(who, who), min_size=1, max_size=2))
    def merge(self, pairs: list[tuple[int, int]]) -> None:
        """Anybody with anybody, themselves included."""
        merged = [(self.people[keep], self.people[gone]) for keep, gone in pairs]
        events = [
            MembersMerged(UUID(int=next(numbers)), keep, gone, self.now, "x")
            for keep, gone in merged
        ]

        async def act(tx: Any) -> None:
            await follow(tx, PROGRAMME, events)

        self.run(self._in_one(act))
        for keep, gone in merged:
            self.model.merge(keep, gone, self.now)
        self.compare()

    @precondition(lambda self: self.model.merges)
    @rule(place=st.integers(1, PEOPLE), again=st.booleans())
    def split(self, place: int, again: bool) -> None:
        """One of the merges in force is taken back, whatever came before and after it."""
        merge = list(self.model.merges.values())[-min(place, len(self.model.merges))]
        root = self.model.one[merge.gone]
        event = MembersSplit(
            UUID(int=next(numbers)), root, merge.gone, [], [], [], merge.at, self.now
        )

        async def act(tx: Any) -> None:
            await undo(tx, PROGRAMME, [event] * (1 + again))

        self.run(self._in_one(act))
        rows = self.look()
        self.model.split(merge.gone, self.new_lots(rows), self.now)
        self.compare(rows)
