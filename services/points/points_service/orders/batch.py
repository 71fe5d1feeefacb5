"""Deciding a batch: each order is refused, answered as before, or folded into its member. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.orders import OrderRequest
from contracts.points.orders import OrderAnswer
from points_service.catalogue.domain import Goods
from points_service.earning.domain import Earning, Meter
from points_service.earning.kept_shares import recall, shown
from points_service.earning.rules.rule import Purchase
from points_service.members.domain import Member
from points_service.orders.checkout import Checkout, Named
from points_service.orders.domain import (
    PLAIN,
    Booking,
    Objection,
    Recorded,
    book,
    known,
    shape,
    storable,
)
from points_service.programme import Programme
from points_service.tiers.domain import Ladder

REUSED = Objection("order_no_reused", "This order number was another order's", "/order_no", 409)
NOBODY = Objection("unknown_identifier", "Nobody is known by this", "/identifier")


@dataclass(frozen=True, slots=True)
class Facts:
    """All that deciding needs. `living` maps merged-away members, of these orders and old ones."""

    now: datetime
    programme: Programme
    ladder: Ladder
    skus: set[str]
    stores: set[str]
    members: dict[UUID, Member]
    living: dict[UUID, UUID]
    recorded: dict[str, Recorded]
    named: Named
    goods: Mapping[str, Goods]
    earning: Earning


@dataclass(slots=True)
class Decided:
    """Answers by place in the request, and everything that has to be written."""

    checkout: Checkout
    meter: Meter
    answers: dict[int, OrderAnswer] = field(default_factory=dict)
    bookings: list[Booking] = field(default_factory=list)
    members: dict[UUID, Member] = field(default_factory=dict)


def decide(
    orders: Sequence[tuple[OrderRequest, bytes]], facts: Facts, new_id: Callable[[], UUID]
) -> Decided:
    """`orders` come with their body hashes, in the sequence of the request."""
    decided = Decided(Checkout(facts.named, facts.goods, facts.now), Meter(facts.earning.known))
    first: dict[str, tuple[int, Purchase, OrderRequest]] = {}
    again: list[tuple[int, Purchase]] = []
    for place, (order, body_hash) in enumerate(orders):
        if order.member_id is None:
            decided.answers[place] = _refused(order.order_no, NOBODY)
            continue
        purchase = _purchase(order, _living(facts, order.member_id), body_hash)
        if order.order_no in facts.recorded:
            decided.answers[place] = _repeated(purchase, facts)
        elif order.order_no in first:
            again.append((place, purchase))
        elif wrong := _wrong(order, facts):
            decided.answers[place] = _refused(order.order_no, wrong)
        else:
            first[order.order_no] = (place, purchase, order)
    for place, purchase, order in sorted(
        first.values(), key=lambda each: (each[1].paid_at, each[0])
    ):
        decided.answers[place] = _fold(order, purchase, facts, decided, new_id)
    for place, purchase in again:
        original, before, _ = first[purchase.order_no]
        same = _same(purchase, before.body_hash, before.member_id)
        answer = decided.answers[original]
        decided.answers[place] = answer if same else _refused(purchase.order_no, REUSED)
    return decided


def _living(facts: Facts, member_id: UUID) -> UUID:
    return facts.living.get(member_id, member_id)


def _purchase(order: OrderRequest, member_id: UUID, body_hash: bytes) -> Purchase:
    return Purchase(
        order_no=order.order_no,
        member_id=member_id,
        store=order.store,
        channel=order.channel,
        paid_at=order.paid_at,
        paid_fen=order.paid.amount,
        items=[(item.sku, item.quantity, item.amount.amount) for item in order.items],
        coupons=order.coupons,
        body_hash=body_hash,
    )


def _wrong(order: OrderRequest, facts: Facts) -> Objection | None:
    return (
        storable(order)
        or shape(order, facts.now, facts.programme.future_tolerance)
        or known(order, facts.skus, facts.stores)
    )


def _same(purchase: Purchase, body_hash: bytes, member_id: UUID) -> bool:
    return purchase.body_hash == body_hash and purchase.member_id == member_id


def _repeated(purchase: Purchase, facts: Facts) -> OrderAnswer:
    before = facts.recorded[purchase.order_no]
    if not _same(purchase, before.body_hash, _living(facts, before.member_id)):
        return _refused(purchase.order_no, REUSED)
    return OrderAnswer(
        before.order_no,
        200,
        before.member_id,
        before.points,
        before.growth,
        before.tier,
        before.balance,
        before.coupons,
        shown(recall(before.earned, facts.earning.rules)),
    )


def _fold(
    order: OrderRequest,
    purchase: Purchase,
    facts: Facts,
    decided: Decided,
    new_id: Callable[[], UUID],
) -> OrderAnswer:
    extras = decided.checkout.take(order, purchase.member_id, new_id)
    if isinstance(extras, Objection):
        return _refused(purchase.order_no, extras)
    holder = purchase.member_id
    before = decided.members.get(holder) or facts.members.get(holder)
    if before is None:  # nobody is registered by a dry run
        before = Member(holder, facts.ladder.lowest)
    earned = facts.earning.order(
        purchase,
        decided.meter,
        tier=before.tier,
        tier_percent=facts.ladder.rung(before.tier).points_percent,
        first=not before.has_bought,
    )
    booking = book(
        before,
        purchase,
        earned,
        ladder=facts.ladder,
        programme=facts.programme,
        journal_id=new_id(),
    )
    decided.members[holder] = booking.member
    decided.bookings.append(booking if extras is PLAIN else replace(booking, extras=extras))
    return OrderAnswer(
        purchase.order_no,
        200,
        holder,
        booking.points,
        booking.growth,
        booking.member.tier,
        booking.member.balance,
        purchase.coupons,
        shown(earned.given),
    )


def _refused(order_no: str, wrong: Objection) -> OrderAnswer:
    return OrderAnswer.refused(order_no, wrong.status, wrong.code, wrong.title, wrong.pointer)
