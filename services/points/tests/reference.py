"""What members' points must be, worked out slowly: plain lists, no SQL, none of the service's code.

Moments are aware datetimes, points whole numbers. Whatever the service numbers itself (lots) is
told to the reference by those numbers, so that equal dates break ties alike.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

from services.points.tests.things import (
    Hold,
    Lot,
    Merge,
    Order,
    Parts,
    Spend,
    begins,
    day_of,
    in_turn,
)


class Reference:
    """Everybody's points. Ids of members may be any that were merged into them."""

    def __init__(self, members: Iterable[UUID], given_daily: int, received_daily: int) -> None:
        self.one = {member: member for member in members}
        self.lots: list[Lot] = []
        self.debt: Counter[UUID] = Counter()
        self.merges: dict[UUID, Merge] = {}  # those in force, by who is gone
        self.orders: dict[str, Order] = {}
        self.spends: list[Spend] = []
        self.holds: dict[UUID, Hold] = {}
        self.given: list[tuple[date, UUID, UUID, int]] = []
        self.shares: dict[date, int] = {}  # days that took their percentage of every older lot
        self.daily = given_daily, received_daily
        self.not_revived = 0  # times that points came back to an expired lot before its date

    # What there is

    def of(self, who: UUID) -> list[Lot]:
        """Somebody's lots, in turn."""
        return in_turn(lot for lot in self.lots if lot.holder == self.one[who])

    def balance(self, who: UUID) -> int:
        """All that is left, also past its date while no midnight has taken it."""
        return sum(lot.left for lot in self.of(who))

    def spendable(self, who: UUID, now: datetime) -> int:
        """What can be spent now."""
        return sum(lot.left for lot in self.of(who) if lot.live(now))

    def held(self, who: UUID) -> int:
        """Set aside in open holds."""
        mine = [hold for hold in self.holds.values() if self.one[hold.who] == self.one[who]]
        return sum(hold.points for hold in mine if hold.status == "open")

    def state(self) -> dict[UUID, tuple[object, ...]]:
        """Of every living member: balance, debt, held, growth, and its lots by id."""
        return {
            who: (
                self.balance(who),
                self.debt[who],
                self.held(who),
                self.growth(who),
                {lot.lot_id: lot.state() for lot in self.of(who)},
            )
            for who in set(self.one.values())
        }

    def growth(self, who: UUID) -> int:
        """Of the orders that are somebody's."""
        mine = [each for each in self.orders.values() if self.one[each.who] == who]
        return sum(order.growth - order.growth_back for order in mine)

    # What happens

    def earn(self, order_no: str, who: UUID, fen: int, points: int, lot: Lot | None) -> None:
        """An order is booked; a debt is paid by it at once, even if its points are past."""
        who = self.one[who]
        self.orders[order_no] = Order(who, fen, points, fen // 100, lot)
        if lot is not None:
            self.lots.append(lot)
            paid = min(points, self.debt[who])
            lot.left -= paid
            lot.out[who] += paid
            self.debt[who] -= paid

    def spend(self, who: UUID, points: int, order_no: str | None, now: datetime) -> bool:
        """False where there are not enough."""
        if self.spendable(who, now) < points:
            return False
        parts = self._take(self.of(who), points, now, self.one[who])
        self.spends.append(Spend(self.one[who], order_no, parts))
        return True

    def hold(
        self, hold_id: UUID | None, who: UUID, points: int, order_no: str | None,
        *, now: datetime, ends: datetime,
    ) -> bool:  # fmt: skip
        """False where there are not enough; `hold_id` is then None."""
        if self.spendable(who, now) < points:
            return False
        assert hold_id is not None
        parts = self._take(self.of(who), points, now, self.one[who])
        self.holds[hold_id] = Hold(hold_id, self.one[who], order_no, parts, now, ends)
        return True

    def post(self, hold: Hold, points: int, order_no: str | None, now: datetime) -> None:
        """Spend so many of a hold, in turn; the rest goes back."""
        spent: Parts = {}
        rest: Parts = {}
        for lot in in_turn(hold.parts):
            taken = min(points, hold.parts[lot])
            points -= taken
            if taken:
                spent[lot] = taken
                lot.out[hold.who] -= taken
                lot.out[self.one[hold.who]] += taken
            if taken < hold.parts[lot]:
                rest[lot] = hold.parts[lot] - taken
        hold.status = "posted"
        self.spends.append(Spend(self.one[hold.who], order_no or hold.order_no, spent))
        self._release(hold, rest, now)

    def release(self, hold: Hold, status: str, now: datetime) -> None:
        """All of a hold goes back."""
        hold.status = status
        self._release(hold, hold.parts, now)

    def end_holds(self, now: datetime) -> int:
        """Those that have reached their end go back; how many."""
        due = [each for each in self.holds.values() if each.status == "open" and each.ends <= now]
        for hold in sorted(due, key=lambda hold: hold.hold_id):
            self.release(hold, "expired", now)
        return len(due)

    def _release(self, hold: Hold, parts: Parts, now: datetime) -> None:
        """Into the very lots; not into past ones, and less what depreciated meanwhile."""
        filled: dict[Lot, int] = {}
        for lot, points in parts.items():
            live = self._as_if_there(lot, points, hold.held_at) if lot.live(now) else 0
            self.not_revived += lot.dead and now < lot.ends
            lot.left += live
            lot.gone += points - live
            lot.out[hold.who] -= points
            filled[lot] = live
        who = self.one[hold.who]
        self.debt[who] -= self._pay(filled, self.debt[who], who)

    def _as_if_there(self, lot: Lot, points: int, since: datetime) -> int:
        for day in sorted(self.shares):
            if lot.seen is not None and day <= lot.seen and since < begins(day):
                points -= points * self.shares[day] // 100
        return points

    def transfer_refused(self, giver: UUID, receiver: UUID, points: int, now: datetime) -> bool:
        """Nobody gives to themselves, more than they have, or more than a day's limits."""
        one, other = self.one[giver], self.one[receiver]
        today = [each for each in self.given if each[0] == day_of(now)]
        given = sum(each[3] for each in today if self.one[each[1]] == one)
        received = sum(each[3] for each in today if self.one[each[2]] == other)
        most, most_received = self.daily
        return (
            one == other
            or given + points > most
            or received + points > most_received
            or self.spendable(giver, now) < points
        )

    def transfer(
        self, giver: UUID, receiver: UUID, points: int, new: Mapping[UUID, UUID], now: datetime
    ) -> None:
        """The lots that go next move with their dates; `new` are their ids by those they leave."""
        other = self.one[receiver]
        moved = [
            Lot(new[lot.lot_id], other, lot.earned_at, lot.ends, taken, taken, seen=lot.seen)
            for lot, taken in self._take(self.of(giver), points, now, self.one[giver]).items()
        ]
        self.lots += moved
        self.given.append((day_of(now), self.one[giver], other, points))
        paid = self._pay({lot: lot.left for lot in in_turn(moved)}, self.debt[other], other)
        self.debt[other] -= paid

    def refund(self, order_no: str, fen: int, now: datetime) -> tuple[int, int, int]:
        """Points reversed, points restored, growth reversed: in proportion to all that went back.

        What was spent returns to the lot that lasts longest first; what was earned is taken from
        its own lot, also if it expired, then in turn; what is not there is owed.
        """
        order = self.orders[order_no]
        order.gone_fen += fen
        order.closed = order.gone_fen == order.fen

        def due(whole: int) -> int:
            return whole if order.closed else whole * order.gone_fen // order.fen

        spends = [
            each
            for each in self.spends
            if each.order_no == order_no and self.one[each.who] == self.one[order.who]
        ]
        spent = sum(sum(each.parts.values()) for each in spends)
        restored = due(spent) - sum(each.back.total() for each in spends)
        reversed_, order.points_back = due(order.points) - order.points_back, due(order.points)
        growth, order.growth_back = due(order.growth) - order.growth_back, due(order.growth)
        self._restore(spends, restored, now)
        self._reverse(order, reversed_, now)
        return reversed_, restored, growth

    def _restore(self, spends: list[Spend], points: int, now: datetime) -> None:
        parts = [(lot, each) for each in spends for lot in each.parts]
        last_first = {lot: n for n, lot in enumerate(in_turn({lot for lot, _ in parts}))}
        for lot, each in sorted(parts, key=lambda part: last_first[part[0]], reverse=True):
            back = min(points, each.parts[lot] - each.back[lot])
            each.back[lot] += back
            lot.out[each.who] -= back
            points -= back
            self.not_revived += back > 0 and lot.dead and now < lot.ends
            if lot.live(now):
                lot.left += back
            else:
                lot.gone += back

    def _reverse(self, order: Order, points: int, now: datetime) -> None:
        who = self.one[order.who]
        if order.lot is not None:
            taken = min(points, order.lot.left)
            order.lot.left -= taken
            lost = min(points - taken, order.lot.gone)
            order.lot.gone -= lost
            points -= taken + lost
        points += self.debt[who]
        self.debt[who] = points - sum(self._take(self.of(who), points, now).values())

    def merge(self, survivor: UUID, absorbed: UUID, now: datetime) -> None:
        """Everything of the one is the other's; debts are paid by what the two have."""
        kept, gone = self.one[survivor], self.one[absorbed]
        if kept == gone:
            return
        for member, one in self.one.items():
            if one == gone:
                self.one[member] = kept
        for lot in self.lots:
            if lot.holder == gone:
                lot.holder = kept
        owed = self.debt.pop(gone, 0)
        self.debt[kept] += owed
        paid = self._take(self.of(kept), self.debt[kept], now, kept)
        self.debt[kept] -= sum(paid.values())
        self.merges[gone] = Merge(kept, gone, now, owed, paid)

    def below(self, top: UUID) -> set[UUID]:
        """An id and those merged into it."""
        found = {top}
        while more := {m.gone for m in self.merges.values() if m.kept in found} - found:
            found |= more
        return found

    def split(self, gone: UUID, new: Mapping[UUID, UUID], now: datetime) -> None:
        """A merge is taken back: lots return; what the other one took out of them is out of lots
        of its own (`new` are their ids); debts are shared by who brought them."""
        root, ids = self.one[gone], self.below(gone)
        merge = self.merges.pop(gone)
        for member in ids:
            self.one[member] = gone
        for lot, points in merge.parts.items():
            lot.out[merge.kept] -= points
            live = self._as_if_there(lot, points, merge.at) if lot.live(now) else 0
            lot.left += live
            lot.gone += points - live
        for lot in [lot for lot in self.lots if lot.holder == root and lot.first in ids]:
            lot.holder = gone
            self._part(lot, root, ids, new)
        owed = self.debt[root] + sum(merge.parts.values())
        self.debt[gone] = min(merge.owed, owed)
        self.debt[root] = owed - self.debt[gone]
        for who in (gone, root):
            self.debt[who] -= sum(self._take(self.of(who), self.debt[who], now).values())

    def _part(self, lot: Lot, root: UUID, ids: set[UUID], new: Mapping[UUID, UUID]) -> None:
        """What others have out of a lot is out of one of their own; this one gave it to them."""
        others = Counter({who: n for who, n in lot.out.items() if n and who not in ids})
        if not others:
            return
        points = others.total()
        own = Lot(new[lot.lot_id], root, lot.earned_at, lot.ends, points, 0, dead=lot.dead)
        own.seen, own.out = lot.seen, others
        self.lots.append(own)
        lot.out = Counter({who: n for who, n in lot.out.items() if who in ids})
        for spend in self.spends:
            if spend.who not in ids and spend.parts.get(lot, 0) > spend.back[lot]:
                spend.parts[own] = spend.parts.pop(lot)
                spend.back[own] = spend.back.pop(lot, 0)
        held = [(hold.who, hold.parts) for hold in self.holds.values() if hold.status == "open"]
        for who, parts in held + [(merge.kept, merge.parts) for merge in self.merges.values()]:
            if who not in ids and lot in parts:
                parts[own] = parts.pop(lot)

    def expire(self, midnight: datetime) -> None:
        """What has reached its date is gone for good, whatever clocks say later."""
        for lot in self.lots:
            if not lot.dead and lot.ends <= midnight:
                lot.gone, lot.left, lot.dead = lot.gone + lot.left, 0, True

    def depreciate(self, day: date, percent: int) -> None:
        """Each lot earned before a day loses a part of what is left, rounded down; once."""
        self.shares[day] = percent
        at = begins(day)
        for lot in self.lots:
            if not lot.dead and lot.ends > at > lot.earned_at and (lot.seen or date.min) < day:
                lost = lot.left * percent // 100
                lot.left, lot.gone, lot.seen = lot.left - lost, lot.gone + lost, day

    @staticmethod
    def _take(lots: Iterable[Lot], points: int, now: datetime, who: UUID | None = None) -> Parts:
        """Up to so many out of live lots, in the sequence given."""
        parts: defaultdict[Lot, int] = defaultdict(int)
        for lot in lots:
            taken = min(points, lot.left) if lot.live(now) else 0
            if taken:
                parts[lot] = taken
                lot.left -= taken
                if who is not None:
                    lot.out[who] += taken
                points -= taken
        return dict(parts)

    @staticmethod
    def _pay(filled: Mapping[Lot, int], owed: int, who: UUID) -> int:
        """A debt out of what just came into lots; how much of it."""
        before = owed
        for lot in in_turn(filled):
            paid = min(owed, filled[lot])
            lot.left -= paid
            lot.out[who] += paid
            owed -= paid
        return before - owed
