"""Book orders: lock the members, decide, write set-based, tell once."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg
import msgspec

from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts.base import ProblemError
from contracts.events import OrdersRecorded, PointsBurnt, RecordedOrder
from contracts.orders import OrderRequest
from contracts.points.orders import OrderAnswer, OrderBatchAnswer
from points_service.calendar import month_of
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons import repository as coupons
from points_service.coupons.redeeming import Found
from points_service.earning.rules.rule import ORDER
from points_service.earning.use_cases import know, spend
from points_service.earning.use_cases import load as load_rules
from points_service.expiry import repository as expiry
from points_service.growth import repository as growth
from points_service.holds import repository as holds
from points_service.ledger import repository as ledger
from points_service.lots import repository as lots
from points_service.members import repository as members
from points_service.orders import repository
from points_service.orders.batch import Decided, Facts, decide
from points_service.orders.checkout import Named
from points_service.orders.domain import EARLIEST, Booking
from points_service.pricing import repository as quotes
from points_service.programme import Programme
from points_service.tiers import repository as tiers
from points_service.tiers.use_cases import record as record_steps

LINES_AN_EVENT = 20_000  # keeps a message far below the bus's limit
_encode = msgspec.json.Encoder().encode


async def book(
    db: Database,
    catalogue: Catalogue,
    programme: Programme,
    orders: Sequence[OrderRequest],
    *,
    dry_run: bool = False,
) -> list[OrderAnswer]:
    """One answer per order, in their sequence; what is wrong with one stops no other.

    A concurrent call may book one of these numbers for another member first. Then it is recorded,
    and everything is decided again: with fewer new numbers each time, so there is a last one.
    """
    for tries_left in reversed(range(len(orders) + 1)):
        try:
            async with db.transaction() as tx:
                facts = await _load(tx, catalogue, programme, orders, register=not dry_run)
                hashed = [(order, _hash(order)) for order in orders]
                decided = await _decide(tx, hashed, facts)
                if not dry_run:
                    await _save(tx, decided)
                    _tell(tx, decided)
                return [decided.answers[place] for place in range(len(orders))]
        except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
            if not tries_left:
                raise
    raise AssertionError("the last try answers or raises")


async def _decide(tx: Tx, orders: Sequence[tuple[OrderRequest, bytes]], facts: Facts) -> Decided:
    """Once; and once more with what limited rules gave before, where such a rule matched."""
    while True:
        decided = decide(orders, facts, tx.ids.new)
        if not decided.meter.unknown:
            return decided
        facts = replace(facts, earning=await know(tx, facts.earning, decided.meter.unknown))


async def book_rows(
    db: Database,
    catalogue: Catalogue,
    programme: Programme,
    rows: Sequence[OrderRequest | OrderAnswer],
    *,
    dry_run: bool = False,
) -> OrderBatchAnswer:
    """A batch in which some orders may have been refused when they were read."""
    orders = [row for row in rows if isinstance(row, OrderRequest)]
    answers = iter(await book(db, catalogue, programme, orders, dry_run=dry_run) if orders else ())
    return OrderBatchAnswer(
        [next(answers) if isinstance(row, OrderRequest) else row for row in rows]
    )


def alone(answer: OrderAnswer) -> OrderAnswer:
    """A single order's answer; raises what is wrong with it as a Problem."""
    if answer.problem is None:
        return answer
    wrong = answer.problem
    errors = [
        ProblemError(pointer=each.pointer, code=each.code, detail=each.detail)
        for each in wrong.errors
    ]
    raise Problem(wrong.status, wrong.code, wrong.title, errors=errors)


def _hash(order: OrderRequest) -> bytes:
    """Of what the client said about the order; whose it is, is compared by member."""
    told = msgspec.structs.replace(order, member_id=None, identifier=None)
    return hashlib.blake2b(_encode(told), digest_size=16).digest()


async def _load(
    tx: Tx,
    catalogue: Catalogue,
    programme: Programme,
    orders: Sequence[OrderRequest],
    *,
    register: bool,
) -> Facts:
    skus = _askable(item.sku for order in orders for item in order.items)
    version = await catalogue.learn(tx, skus, _askable(order.store for order in orders))
    ladder = await tiers.ladder(tx, programme.ladder_id)
    oldest = max(EARLIEST, min(tx.now, *(order.paid_at for order in orders)))
    buyers = {order.member_id for order in orders if order.member_id}
    if register:  # an order may be faster than the news of its member
        await members.register(tx, buyers, ladder.lowest)
    holders = await members.lock(tx, buyers, ladder.since(month_of(oldest)))
    recorded = await repository.recorded(tx, _askable(order.order_no for order in orders))
    living = dict(holders.absorbed)
    if recorded:
        living |= await members.survivors(tx, [order.member_id for order in recorded.values()])
    return Facts(
        now=tx.now,
        programme=replace(programme, expiry=await expiry.in_force(tx)),
        ladder=ladder,
        skus=catalogue.skus,
        stores=catalogue.stores,
        members=holders.by_id,
        living=living,
        recorded=recorded,
        named=await _named(tx, orders, holders.by_id),
        goods=catalogue.details,
        earning=await load_rules(
            tx,
            programme,
            [(ORDER, order.paid_at) for order in orders],
            holders.by_id,
            goods=catalogue.details,
            version=version,
        ),
    )


async def _named(tx: Tx, orders: Sequence[OrderRequest], holders: Collection[UUID]) -> Named:
    """Quotes, holds and coupons are locked in this sequence, members before them."""
    quoted = {order.quote_id for order in orders if order.quote_id}
    held = {order.hold_id for order in orders if order.hold_id}
    codes = _askable(code for order in orders for code in order.coupons)
    return Named(
        quotes=await quotes.lock(tx, quoted) if quoted else {},
        holds=await holds.lock(tx, held) if held else {},
        coupons=await coupons.find(tx, codes, holders) if codes else Found(),
    )


def _askable(texts: Iterable[str]) -> set[str]:
    """Those the database can be asked about; others are refused when the order is looked at."""
    return {text for text in texts if "\0" not in text}


async def _save(tx: Tx, decided: Decided) -> None:
    bookings, checkout = decided.bookings, decided.checkout
    if not bookings:
        return
    await repository.add(tx, bookings)
    await members.save(tx, list(decided.members.values()))
    await lots.add(tx, [each.lot for each in bookings if each.lot])
    await lots.use(tx, [each.paid_debt for each in bookings if each.paid_debt])
    await growth.add(tx, [each.growth_entry for each in bookings if each.growth_entry])
    await spend(tx, decided.meter)
    await coupons.redeem(tx, checkout.redeeming.uses)
    await quotes.use(tx, checkout.quoted)
    await holds.settle(tx, checkout.settlements)
    await record_steps(tx, [each.step for each in bookings if each.step])
    journals = [each.journal for each in bookings if each.journal]
    journals += checkout.redeeming.journals(tx.ids.new)
    journals += [journal for each in checkout.settlements for journal in each.journals]
    await ledger.post(tx, journals)


def _tell(tx: Tx, decided: Decided) -> None:
    for each in decided.checkout.settlements:
        assert each.redemption_id is not None, "a posted hold was spent"
        hold = each.hold
        burnt = PointsBurnt(hold.member_id, hold.posted, tx.now, each.redemption_id, hold.store)
        tx.publish(burnt)
    for part in _parts(decided.bookings):
        tx.publish(
            OrdersRecorded(
                [
                    RecordedOrder(
                        order_no=order.order_no,
                        member_id=order.member_id,
                        store_id=order.store,
                        channel=order.channel,
                        paid_at=order.paid_at,
                        paid_fen=order.paid_fen,
                        growth=booking.growth,
                        points=booking.points,
                        items=order.items,
                        coupons=order.coupons,
                        discounts=decided.checkout.redeeming.discounts(order.coupons),
                    )
                    for booking in part
                    for order in (booking.purchase,)
                ]
            )
        )


def _parts(bookings: Sequence[Booking]) -> Iterator[list[Booking]]:
    """Consecutive bookings, as many as fit into a message."""
    part: list[Booking] = []
    lines = 0
    for booking in bookings:
        if part and lines + len(booking.purchase.items) > LINES_AN_EVENT:
            yield part
            part, lines = [], 0
        part.append(booking)
        lines += len(booking.purchase.items)
    if part:
        yield part
