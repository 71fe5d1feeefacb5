"""Deciding a batch: each order is refused, answered as before, or folded into its member. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.orders import OrderRequest
from contracts.points.orders import OrderAnswer
from points_service.coupons.domain import Coupon, objection
from points_service.earning.rules.rule import Purchase
from points_service.members.domain import Member
from points_service.orders.domain import Booking, Objection, Recorded, book, known, shape, storable
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
    coupons: dict[str, Coupon]


@dataclass(slots=True)
class Decided:
    """Answers by place in the request, and everything that has to be written."""

    answers: dict[int, OrderAnswer] = field(default_factory=dict)
    bookings: list[Booking] = field(default_factory=list)
    members: dict[UUID, Member] = field(default_factory=dict)
    redeemed: list[tuple[str, str, datetime]] = field(default_factory=list)


def decide(
    orders: Sequence[tuple[OrderRequest, bytes]], facts: Facts, new_id: Callable[[], UUID]
) -> Decided:
    """`orders` come with their body hashes, in the sequence of the request."""
    decided = Decided()
    first: dict[str, tuple[int, Purchase]] = {}
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
            first[order.order_no] = (place, purchase)
    for place, purchase in sorted(first.values(), key=lambda each: (each[1].paid_at, each[0])):
        decided.answers[place] = _fold(purchase, facts, decided, new_id)
    for place, purchase in again:
        original, before = first[purchase.order_no]
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
    )


def _fold(
    purchase: Purchase, facts: Facts, decided: Decided, new_id: Callable[[], UUID]
) -> OrderAnswer:
    wrong = _redeem(purchase, facts, decided)
    if wrong:
        return _refused(purchase.order_no, wrong)
    holder = purchase.member_id
    before = decided.members.get(holder) or facts.members.get(holder)
    if before is None:  # the order was faster than the news of the member
        before = Member(holder, facts.ladder.lowest, known=False)
    booking = book(before, purchase, facts.ladder, facts.programme, new_id())
    decided.members[holder] = booking.member
    decided.bookings.append(booking)
    return OrderAnswer(
        purchase.order_no,
        200,
        holder,
        booking.points,
        booking.growth,
        booking.member.tier,
        booking.member.balance,
        purchase.coupons,
    )


def _redeem(purchase: Purchase, facts: Facts, decided: Decided) -> Objection | None:
    """Use all coupons of the order, or none."""
    taken = {code for code, _, _ in decided.redeemed}
    used: list[tuple[str, str, datetime]] = []
    for place, code in enumerate(purchase.coupons):
        coupon = facts.coupons.get(code)
        if coupon and (code in taken or code in purchase.coupons[:place]):
            coupon = replace(coupon, order_no=purchase.order_no)
        wrong = objection(coupon, purchase.member_id, purchase.paid_at)
        if wrong:
            return Objection(*wrong, f"/coupons/{place}")
        used.append((code, purchase.order_no, purchase.paid_at))
    decided.redeemed += used
    return None


def _refused(order_no: str, wrong: Objection) -> OrderAnswer:
    return OrderAnswer.refused(order_no, wrong.status, wrong.code, wrong.title, wrong.pointer)
