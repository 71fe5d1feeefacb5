"""Lock the member, decide, write, tell."""

from collections.abc import Sequence

from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Money
from contracts.events import OrderRefunded
from contracts.points import orders as api
from points_service.calendar import day_of
from points_service.coupons import use_cases as coupons
from points_service.earning import repository as earning
from points_service.earning.kept_shares import given_back, recall
from points_service.earning.use_cases import rules_now
from points_service.growth import repository as growth
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.lots.domain import Lot, Use
from points_service.members import repository as members
from points_service.members.domain import Member
from points_service.members.use_cases import locked
from points_service.programme import Programme
from points_service.redemption import repository as redemptions
from points_service.refunds import repository
from points_service.refunds.domain import Decision, Order, Part, Refund, coming_back, decide
from points_service.refunds.items import Asked, Item, Wrong, all_back, capped, lines, returned
from points_service.tiers import repository as tiers
from points_service.tiers.use_cases import record as record_steps


async def refund(
    tx: Tx, programme: Programme, order_no: str, request: api.RefundRequest
) -> api.Refund:
    """Give an order back. The same refund number again answers the same.

    Raises Problem 404 (order), 422 (currency), 409 (number of another refund, more than is left).
    """
    found = await repository.order(tx, order_no)
    if found is None:
        raise Problem(404, "unknown_order", "There is no such order")
    member = await locked(tx, found.member_id)
    order = await repository.order(tx, order_no)  # as it is now that nobody else can refund it
    assert order is not None
    before = await repository.refunds(tx, order_no)
    if request.refund_no in before:
        return _shown(_same(order, before[request.refund_no], request))
    part = _part(order, request, list(before.values()))
    spent, held = await _lots(tx, order, member)
    decision = decide(
        order,
        member,
        refund_no=request.refund_no,
        part=part,
        reason=request.reason,
        held=held,
        spent=spent,
        ladder=await tiers.ladder(tx, programme.ladder_id),
        journal_id=tx.ids.new(),
        now=tx.now,
    )
    await _give_back(tx, programme, order, part, member)
    await _save(tx, decision, order.store)
    return _shown(decision.refund)


def _same(order: Order, refund: Refund, request: api.RefundRequest) -> Refund:
    told = None if request.amount is None else request.amount.amount
    pieces = {line: pieces for line, pieces, _ in refund.items or ()}
    other = request.items is not None and lines(order.goods, _asked(request)) != pieces
    if told not in (None, refund.amount_fen) or other:
        raise Problem(
            409,
            "refund_no_reused",
            "This refund number was another refund's",
            pointer="/refund_no",
        )
    return refund


def _part(order: Order, request: api.RefundRequest, before: Sequence[Refund]) -> Part:
    """What comes back, and whether anything is left of the order then."""
    came = [item for refund in before for item in refund.items or ()]
    closed = bool(before) and (
        order.left_fen == 0 if order.paid_fen else _free_closed(order, before, came)
    )
    if request.items is not None:
        return _by_items(order, request, came, closed=closed)
    if request.amount is not None and request.amount.currency != "CNY":
        raise Problem(422, "unknown_currency", "Only CNY is accepted", pointer="/amount/currency")
    amount = order.left_fen if request.amount is None else request.amount.amount
    all_free = order.paid_fen == 0 and not closed
    if amount > order.left_fen or (amount == 0 and not all_free):
        raise Problem(409, "nothing_left", "So much is not left to be refunded", pointer="/amount")
    return Part(amount, closes=amount == order.left_fen)


def _free_closed(order: Order, before: Sequence[Refund], came: Sequence[Item]) -> bool:
    return any(refund.items is None for refund in before) or all_back(order.goods, came)


def _asked(request: api.RefundRequest) -> list[Asked]:
    return [Asked(each.line, each.sku, each.quantity) for each in request.items or ()]


def _by_items(
    order: Order, request: api.RefundRequest, came: Sequence[Item], *, closed: bool
) -> Part:
    if request.amount is not None:
        raise Problem(422, "one_amount", "Either an amount or items, not both", pointer="/amount")
    items = returned(order.goods, came, _asked(request))
    if isinstance(items, Wrong):
        pointer = f"/items/{items.place}"
        raise Problem(items.status, items.code, items.title, pointer=pointer)
    fen = sum(each for *_, each in items)
    if fen and not order.left_fen:
        raise Problem(409, "nothing_left", "So much is not left to be refunded", pointer="/items")
    items = capped(items, order.left_fen)
    fen = sum(each for *_, each in items)
    gone = fen == order.left_fen if order.paid_fen else all_back(order.goods, [*came, *items])
    return Part(fen, items, closes=gone and not closed, closed=closed)


async def _lots(tx: Tx, order: Order, member: Member) -> tuple[list[Use], list[Lot]]:
    """What was spent with the order, and every lot the refund may touch."""
    everybody = await members.everybody(tx, member.member_id)
    spent = await redemptions.spent_with(tx, order.order_no, everybody)
    ids = {use.lot_id for use in spent} | ({order.journal_id} if order.journal_id else set())
    held = await lots.with_points(tx, [member.member_id])
    held += await lots.by_id(tx, list(ids - {lot.lot_id for lot in held}))
    return spent, held


async def _give_back(
    tx: Tx, programme: Programme, order: Order, part: Part, member: Member
) -> None:
    """Limits of rules get back what they were charged, in proportion; before accounts are locked,
    as orders do it."""
    if not any(counted for *_, counted in order.earned or ()):
        return
    given = recall(order.earned, await rules_now(tx, programme))
    back = given_back(
        given, member.member_id, day_of(order.paid_at),
        lambda counted: coming_back(order, part, counted),
    )  # fmt: skip
    if back:
        await earning.give_back(tx, back)


async def _save(tx: Tx, decision: Decision, store: str) -> None:
    refund = decision.refund
    await repository.add(tx, refund)
    await members.save(tx, [decision.member])
    await lots.restore(tx, decision.restores)
    await lots.use(tx, decision.uses)
    await growth.add(tx, [decision.growth_entry] if decision.growth_entry else [])
    await record_steps(tx, [decision.step] if decision.step else [])
    journals = [decision.journal] if decision.journal else []
    if refund.coupons:
        journals += await coupons.roll_back(tx, refund.order_no, refund.coupons)
    await ledger.post(tx, journals)
    tx.publish(
        OrderRefunded(
            order_no=refund.order_no,
            refund_no=refund.refund_no,
            member_id=refund.member_id,
            refunded_at=refund.refunded_at,
            refund_fen=refund.amount_fen,
            growth=refund.growth_reversed,
            points=refund.points_reversed,
            coupons=refund.coupons,
            store_id=store,
        )
    )


def _shown(refund: Refund) -> api.Refund:
    return api.Refund(
        order_no=refund.order_no,
        refund_no=refund.refund_no,
        member_id=refund.member_id,
        amount=Money(amount=refund.amount_fen),
        points_reversed=refund.points_reversed,
        points_restored=refund.points_restored,
        growth_reversed=refund.growth_reversed,
        tier=refund.tier,
        balance=refund.balance,
        items=[
            api.RefundedItem(line=line, quantity=pieces, amount=Money(amount=fen))
            for line, pieces, fen in refund.items or ()
        ],
        coupons=refund.coupons,
        reason=refund.reason,
    )
