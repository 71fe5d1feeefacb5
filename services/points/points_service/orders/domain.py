"""Checking and booking an order. A member is folded over its orders in the order of payment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from contracts.orders import OrderRequest
from contracts.sealed import INDEX_PREFIX
from points_service import calendar
from points_service.earning.domain import Earned, Given
from points_service.earning.kept_shares import Kept
from points_service.earning.rules.rule import Purchase
from points_service.growth.domain import SPEND, GrowthEntry
from points_service.ledger.domain import Journal, JournalKind, debt, entries, issuing, member
from points_service.lots.domain import Lot, Use
from points_service.members.domain import Member, climbed, step
from points_service.programme import Programme
from points_service.tiers.domain import Ladder, Step

CURRENCY = "CNY"
LARGEST = 10**11  # fen of a line or pieces of it; sums of a thousand still fit everywhere
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
POINTS_TENDER = "points"


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an order cannot be booked, and where in it."""

    code: str
    title: str
    pointer: str
    status: int = 422


@dataclass(frozen=True, slots=True)
class Extras:
    """What most orders do not say. `pays` is what was paid by line, where that is known."""

    delivery_fen: int = 0
    pays: list[int] | None = None
    tender: list[tuple[str, int]] | None = None
    quote_id: UUID | None = None
    hold_id: UUID | None = None
    payer: str | None = None


PLAIN = Extras()


@dataclass(frozen=True, slots=True)
class Booking:
    """An order that is booked: the member after it, and all that has to be written."""

    purchase: Purchase
    member: Member
    points: int
    growth: int
    journal: Journal | None  # None: no points
    lot: Lot | None
    paid_debt: Use | None  # what of the points went to a debt at once
    growth_entry: GrowthEntry | None
    step: Step | None
    given: Sequence[Given] = ()
    extras: Extras = PLAIN


@dataclass(frozen=True, slots=True)
class Recorded:
    """A booked order as it is answered, now and every later time."""

    order_no: str
    body_hash: bytes
    member_id: UUID
    points: int
    growth: int
    tier: str
    balance: int
    coupons: list[str]
    earned: Sequence[Kept] | None  # None: booked before it was kept


def storable(order: OrderRequest) -> Objection | None:
    """Whether its texts and numbers may go into the database: they fit, nothing is in clear."""
    texts = [order.order_no, order.store, order.channel, *order.coupons]
    texts += [item.sku for item in order.items] + [each.kind for each in order.tender]
    if "\0" in "".join(texts):
        return Objection("unstorable_text", "A text holds U+0000", _nul(order))
    for place, item in enumerate(order.items):
        if item.amount.amount > LARGEST:
            return Objection(
                "too_large", "No line costs that much", f"/items/{place}/amount/amount"
            )
        if item.quantity > LARGEST:
            return Objection("too_large", "No line has so many", f"/items/{place}/quantity")
    if order.payer and not order.payer.value.startswith(INDEX_PREFIX):
        return Objection("not_sealed", "The gateway has not sealed this", "/payer/value")
    if order.delivery and order.delivery.amount > LARGEST:
        return Objection("too_large", "No delivery costs that much", "/delivery/amount")
    return None


def _nul(order: OrderRequest) -> str:
    for name in ("order_no", "store", "channel"):
        if "\0" in getattr(order, name):
            return f"/{name}"
    for place, code in enumerate(order.coupons):
        if "\0" in code:
            return f"/coupons/{place}"
    for place, tender in enumerate(order.tender):
        if "\0" in tender.kind:
            return f"/tender/{place}/kind"
    place = next(place for place, item in enumerate(order.items) if "\0" in item.sku)
    return f"/items/{place}/sku"


def shape(order: OrderRequest, now: datetime, tolerance: timedelta) -> Objection | None:
    """What can be wrong with an order by itself."""
    if pointer := _foreign(order):
        return Objection("unknown_currency", "Only CNY is accepted", pointer)
    delivery = order.delivery.amount if order.delivery else 0
    if order.paid.amount > sum(item.amount.amount for item in order.items) + delivery:
        return Objection("paid_exceeds_items", "More was paid than the items cost", "/paid/amount")
    if order.tender and _tendered(order) != order.paid.amount:
        return Objection("tender_mismatch", "The tenders do not add up to what was paid", "/tender")
    if order.paid_at > now + tolerance:
        return Objection("paid_in_future", "It cannot have been paid yet", "/paid_at")
    if order.paid_at < EARLIEST:
        return Objection("paid_long_ago", "It cannot have been paid then", "/paid_at")
    return None


def _foreign(order: OrderRequest) -> str | None:
    """Pointer to a currency that is not ours."""
    if order.paid.currency != CURRENCY:
        return "/paid/currency"
    for place, item in enumerate(order.items):
        if item.amount.currency != CURRENCY:
            return f"/items/{place}/amount/currency"
    if order.delivery and order.delivery.currency != CURRENCY:
        return "/delivery/currency"
    for place, tender in enumerate(order.tender):
        if tender.amount.currency != CURRENCY:
            return f"/tender/{place}/amount/currency"
    return None


def _tendered(order: OrderRequest) -> int:
    """Points lowered the price before; everything else paid a part of it."""
    return sum(each.amount.amount for each in order.tender if each.kind != POINTS_TENDER)


def known(order: OrderRequest, skus: set[str], stores: set[str]) -> Objection | None:
    """Whether its store and its articles exist."""
    if order.store not in stores:
        return Objection("unknown_store", "There is no such store", "/store")
    for place, item in enumerate(order.items):
        if item.sku not in skus:
            return Objection("unknown_sku", "There is no such article", f"/items/{place}/sku")
    return None


def book(
    before: Member,
    purchase: Purchase,
    earned: Earned,
    *,
    ladder: Ladder,
    programme: Programme,
    journal_id: UUID,
) -> Booking:
    """The order earned by the tier the member had; now the member may climb."""
    at, month = purchase.paid_at, calendar.month_of(purchase.paid_at)
    points, growth = earned.points, earned.growth
    paid = min(points, before.owed)
    after = replace(
        before.with_spend(month, purchase.paid_fen),
        growth=before.growth + growth,
        balance=before.balance + points - paid,
        owed=before.owed - paid,
    )
    climb = step(before, climbed(after, ladder, month), "order", at)
    if climb:
        after = after.moved(climb.tier, calendar.day_of(at))
    return Booking(
        purchase=purchase,
        member=after,
        points=points,
        growth=growth,
        journal=_journal(purchase, before.member_id, points, paid, journal_id) if points else None,
        lot=_lot(purchase, before.member_id, points, programme, journal_id) if points else None,
        paid_debt=Use(journal_id, journal_id, paid) if paid else None,
        growth_entry=GrowthEntry(before.member_id, SPEND, growth, purchase.order_no, at)
        if growth
        else None,
        step=climb,
        given=earned.given,
    )


def _journal(
    purchase: Purchase, member_id: UUID, points: int, paid: int, journal_id: UUID
) -> Journal:
    lines = entries((issuing(purchase.store), -points), (member(member_id), points - paid))
    if paid:
        lines += entries((debt(member_id), paid))
    return Journal(journal_id, JournalKind.EARN, purchase.order_no, purchase.paid_at, lines)


def _lot(
    purchase: Purchase, member_id: UUID, points: int, programme: Programme, journal_id: UUID
) -> Lot:
    return Lot(
        lot_id=journal_id,
        member_id=member_id,
        earned_by=member_id,
        earned_at=purchase.paid_at,
        expires_at=programme.expiry.expires_at(purchase.paid_at),
        points=points,
        remaining=points,
    )
