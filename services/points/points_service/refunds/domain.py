"""A refund takes back what the order earned and gives back what was spent with it, in proportion.

Proportions are cumulative: after refunds of R out of P paid, floor(x · R / P) of every x has gone
back, and all of it at R = P, so refunds in parts end exactly where one refund would. Coupons are
given back with the last fen, and what their budgets paid with them: a coupon is used or it is not.

Earned points are taken from the order's own lot first, expired ones included (they are gone
already), then from the member's other lots, oldest expiry first. What is spent by then becomes a
debt that future earnings pay: a balance never goes below 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from points_service import calendar
from points_service.earning.kept_shares import Kept
from points_service.growth.domain import SPEND, GrowthEntry
from points_service.ledger.domain import (
    BREAKAGE,
    Journal,
    JournalKind,
    debt,
    entries,
    honouring,
    issuing,
    member,
)
from points_service.lots.domain import Lot, Restore, Use, consume, oldest_first, total
from points_service.members.domain import Member, step
from points_service.refunds.items import Goods, Item
from points_service.tiers.domain import Ladder, Step


@dataclass(frozen=True, slots=True)
class Order:
    """A booked order and what earlier refunds did to it. `member_id` is who bought it then."""

    order_no: str
    member_id: UUID
    store: str
    paid_at: datetime
    paid_fen: int
    journal_id: UUID | None
    points: int
    growth: int
    refunded_fen: int
    points_reversed: int
    growth_reversed: int
    coupons: list[str]
    earned: Sequence[Kept] | None
    goods: Goods

    @property
    def left_fen(self) -> int:
        """What can still be refunded."""
        return self.paid_fen - self.refunded_fen


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as it is kept and answered. `items` are (line, pieces, fen); None: by amount.

    `coupons` are those that became usable again, or would have been but for their date.
    """

    order_no: str
    refund_no: str
    member_id: UUID
    amount_fen: int
    points_reversed: int
    points_restored: int
    growth_reversed: int
    tier: str
    balance: int
    refunded_at: datetime
    items: list[Item] | None = None
    reason: str | None = None
    coupons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Decision:
    """The refund and all that has to be written."""

    refund: Refund
    member: Member
    journal: Journal | None
    uses: list[Use]
    restores: list[Restore]
    growth_entry: GrowthEntry | None
    step: Step | None


@dataclass(frozen=True, slots=True)
class Moment:
    """When and by which journal points move."""

    journal_id: UUID
    now: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """What comes back: so many fen, for `items` if they are known.

    `closes`: with it nothing is left of the order; `closed`: so it was before.
    """

    amount_fen: int
    items: list[Item] | None = None
    closes: bool = False
    closed: bool = False


def share(whole: int, refunded: int, paid: int, *, closed: bool) -> int:
    """What goes back of `whole` once `refunded` of `paid` was given back, or the order is closed.

    Of an order that was paid with nothing, nothing goes back until it is closed.
    """
    return whole if closed else whole * refunded // paid if paid else 0


def coming_back(order: Order, part: Part, whole: int) -> int:
    """What goes back of `whole` with this part, after what went back before."""
    refunded, closes = order.refunded_fen + part.amount_fen, part.closes or part.closed
    return share(whole, refunded, order.paid_fen, closed=closes) - share(
        whole, order.refunded_fen, order.paid_fen, closed=part.closed
    )


def decide(
    order: Order,
    before: Member,
    *,
    refund_no: str,
    part: Part,
    reason: str | None,
    held: Sequence[Lot],
    spent: Sequence[Use],
    ladder: Ladder,
    journal_id: UUID,
    now: datetime,
) -> Decision:
    """`held` are the member's lots with points, the order's own and those `spent` came from."""

    def due(whole: int) -> int:
        refunded, closed = order.refunded_fen + part.amount_fen, part.closes or part.closed
        return share(whole, refunded, order.paid_fen, closed=closed)

    growth = due(order.growth) - order.growth_reversed
    taken = due(order.points) - order.points_reversed
    back = due(total(spent)) - sum(use.restored for use in spent)
    restores = _restore(spent, held, back, now)
    uses = _take(order, taken, before.owed, _refilled(held, restores), Moment(journal_id, now))
    owed = before.owed + taken - total(uses)
    live = sum(each.points for each in restores if each.live)
    given_back = sum(each.points for each in restores)
    expired = sum(use.expired for use in uses)
    lines = entries(
        (issuing(order.store), taken),
        (honouring(order.store), -given_back),
        (BREAKAGE, given_back - live),
        (BREAKAGE, -expired),
        (member(before.member_id), live),
        (member(before.member_id), expired - total(uses)),
        (debt(before.member_id), before.owed - owed),
    )
    ref = f"{order.order_no}/{refund_no}"
    after = replace(
        before.with_spend(
            calendar.month_of(order.paid_at),
            -part.amount_fen,
            orders=-1 if part.closes else 0,
        ),
        growth=before.growth - growth,
        balance=before.balance + live + expired - total(uses),
        owed=owed,
    )
    tier = ladder.after_refund(before.tier, after.standing(calendar.month_of(now)))
    after = after.moved(tier, calendar.day_of(now))
    holder = before.member_id
    return Decision(
        refund=Refund(
            order.order_no, refund_no, holder, part.amount_fen, taken, given_back, growth, tier,
            after.balance, now, part.items, reason, order.coupons if part.closes else [],
        ),
        member=after,
        journal=Journal(journal_id, JournalKind.REFUND, ref, now, lines) if lines else None,
        uses=uses,
        restores=restores,
        growth_entry=GrowthEntry(holder, SPEND, -growth, ref, now) if growth else None,
        step=step(before, tier, "refund", now),
    )  # fmt: skip


def _restore(spent: Sequence[Use], held: Sequence[Lot], due: int, now: datetime) -> list[Restore]:
    """Back into the very lots, the one that lasts longest first."""
    lots = {lot.lot_id: lot for lot in held}
    restores = []
    for use in sorted(spent, key=lambda use: oldest_first(lots[use.lot_id]), reverse=True):
        points = min(due, use.points - use.restored)
        if points > 0:
            live = lots[use.lot_id].is_live(now)
            restores.append(Restore(use.journal_id, use.lot_id, points, live))
            due -= points
    return restores


def _refilled(held: Sequence[Lot], restores: Sequence[Restore]) -> list[Lot]:
    lots = {lot.lot_id: lot for lot in held}
    for each in restores:
        lot = lots[each.lot_id]
        lots[each.lot_id] = (
            replace(lot, remaining=lot.remaining + each.points)
            if each.live
            else replace(lot, expired=lot.expired + each.points)
        )
    return list(lots.values())


def _take(order: Order, taken: int, owed: int, held: Sequence[Lot], at: Moment) -> list[Use]:
    """Take `taken` points (and the debt, if points came back) out of lots; the rest is owed."""
    lots = {lot.lot_id: lot for lot in held}
    uses: dict[UUID, Use] = {}
    due = taken
    own = lots.get(order.journal_id) if order.journal_id else None
    if own is not None:
        live = min(due, own.remaining)
        expired = min(due - live, own.expired)
        if live + expired:
            uses[own.lot_id] = Use(at.journal_id, own.lot_id, live + expired, expired)
        lots[own.lot_id] = replace(own, remaining=own.remaining - live)
        due -= live + expired
    due += owed
    for use in consume(lots.values(), due, at.journal_id, at.now):
        before = uses.get(use.lot_id)
        uses[use.lot_id] = replace(before, points=before.points + use.points) if before else use
    return list(uses.values())
