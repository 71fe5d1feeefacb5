"""What an order names beyond its goods: a quote, a hold, coupons. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.orders import OrderRequest
from points_service.catalogue.domain import Goods
from points_service.coupons.redeeming import Found, Redeeming
from points_service.holds import domain as holds
from points_service.holds.domain import Hold, Settlement
from points_service.orders.domain import PLAIN, Extras, Objection
from points_service.pricing import kept as quotes
from points_service.pricing.domain import Offer, coupon_steps, listed, unfit
from points_service.pricing.goods import line
from points_service.pricing.kept import Kept
from points_service.pricing.rules.rule import Cart


@dataclass(frozen=True, slots=True)
class Named:
    """Quotes, holds and coupons that orders of a batch name, locked."""

    quotes: Mapping[UUID, Kept] = field(default_factory=dict)
    holds: Mapping[UUID, Hold] = field(default_factory=dict)
    coupons: Found = field(default_factory=Found)


class Checkout:
    """A fold over orders: each uses the quote, hold and coupons it names, or none of them."""

    def __init__(self, named: Named, goods: Mapping[str, Goods], now: datetime) -> None:
        self.redeeming = Redeeming(named.coupons)
        self.settlements: list[Settlement] = []
        self._quotes, self._holds = dict(named.quotes), dict(named.holds)
        self._goods, self._now = goods, now

    @property
    def quoted(self) -> list[tuple[UUID, str]]:
        """Quotes that were used, and the orders that used them."""
        return [
            (each.quote_id, each.order_no)
            for each in self._quotes.values()
            if each.order_no is not None
        ]

    def take(
        self, order: OrderRequest, holder: UUID, new_id: Callable[[], UUID]
    ) -> Extras | Objection:
        """Use what the order names, all of it; or say what is wrong and use nothing."""
        if not _names_anything(order):
            return PLAIN
        quote = self._quotes.get(order.quote_id) if order.quote_id else None
        hold = self._holds.get(order.hold_id) if order.hold_id else None
        wrong = self._quote_objection(order, holder, quote, hold)
        if wrong is None and order.hold_id:
            refused = holds.objection(hold, holder, self._now)
            wrong = refused and Objection(*refused, "/hold_id", 409)
        if wrong:
            return wrong
        pays = [pays for *_, pays in quote.lines] if quote else None
        if order.coupons:
            used = self._use_coupons(order, holder, quote)
            if isinstance(used, Objection):
                return used
            pays = pays or used
        if quote:
            self._quotes[quote.quote_id] = replace(quote, order_no=order.order_no)
        if hold:
            self._post(hold, order, new_id())
        return Extras(
            delivery_fen=order.delivery.amount if order.delivery else 0,
            pays=pays,
            tender=[(each.kind, each.amount.amount) for each in order.tender] or None,
            quote_id=order.quote_id,
            hold_id=order.hold_id,
            payer=order.payer.value if order.payer else None,
        )

    def _quote_objection(
        self, order: OrderRequest, holder: UUID, quote: Kept | None, hold: Hold | None
    ) -> Objection | None:
        if order.quote_id is None:
            return None
        refused = quotes.objection(quote, holder, order.paid_at)
        if refused:
            return Objection(*refused, "/quote_id", 409 if quote else 422)
        assert quote is not None
        pointer = _mismatch(order, quote, hold)
        return (
            Objection("quote_mismatch", "The order is not what was quoted", pointer)
            if pointer
            else None
        )

    def _use_coupons(
        self, order: OrderRequest, holder: UUID, quote: Kept | None
    ) -> list[int] | Objection | None:
        """What is paid by line, where the coupons explain it to the fen."""
        wrong = self.redeeming.objection(order.coupons, holder, order.paid_at, order.order_no)
        if wrong:
            return Objection(wrong.code, wrong.title, f"/coupons/{wrong.place}")
        pays = None
        if quote:
            offs = dict(quote.coupons)
        else:
            cart = _cart(order, self._goods)
            base = listed(cart)
            offers = [
                Offer(coupon.code, coupon.valid_until or self._now, coupon.template)
                for coupon in self.redeeming.coupons(order.coupons)
            ]
            for place, offer in enumerate(offers):
                if reason := unfit(offer.template, cart, base):
                    return Objection(*reason, f"/coupons/{place}")
            steps, left = coupon_steps(cart, base, offers)
            offs = {step.code: step.off.total for step in steps if step.code}
            pays = list(left.lines) if left.total == order.paid.amount else None
        wrong = self.redeeming.use(
            [(code, offs[code]) for code in order.coupons],
            order_no=order.order_no,
            holder=holder,
            at=order.paid_at,
        )
        return Objection(wrong.code, wrong.title, f"/coupons/{wrong.place}") if wrong else pays

    def _post(self, hold: Hold, order: OrderRequest, journal_id: UUID) -> None:
        settlement = holds.post(
            hold,
            store=order.store,
            order_no=order.order_no,
            journal_id=journal_id,
            now=self._now,
        )
        self._holds[hold.hold_id] = settlement.hold
        self.settlements.append(settlement)


def _names_anything(order: OrderRequest) -> bool:
    return bool(
        order.coupons
        or order.quote_id
        or order.hold_id
        or order.tender
        or order.payer
        or order.delivery
    )


def _mismatch(order: OrderRequest, quote: Kept, hold: Hold | None) -> str | None:
    """Pointer to what differs from the quote."""
    compared: list[tuple[str, object, object]] = [
        ("/store", order.store, quote.store),
        ("/channel", order.channel, quote.channel),
        ("/items", len(order.items), len(quote.lines)),
    ]
    compared += [
        (f"/items/{place}", (item.sku, item.quantity, item.amount.amount), line[:3])
        for place, (item, line) in enumerate(zip(order.items, quote.lines, strict=False))
    ]
    compared += [
        ("/delivery", order.delivery.amount if order.delivery else 0, quote.delivery_fen),
        ("/coupons", sorted(order.coupons), sorted(code for code, _ in quote.coupons)),
        ("/hold_id", hold.points if hold else 0, quote.points),
        ("/paid/amount", order.paid.amount, quote.to_pay_fen),
    ]
    return next((pointer for pointer, here, there in compared if here != there), None)


def _cart(order: OrderRequest, goods: Mapping[str, Goods]) -> Cart:
    lines = tuple(
        line(item.sku, item.quantity, item.amount.amount, goods.get(item.sku))
        for item in order.items
    )
    delivery = order.delivery.amount if order.delivery else 0
    return Cart(order.store, order.channel, lines, delivery)
