"""Load what a price depends on, work it out, keep it if that is asked for."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.base import Amount
from contracts.points import pricing as api
from contracts.roles import Role
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons import repository as coupons
from points_service.coupons.domain import Coupon, objection
from points_service.coupons.redeeming import Found, Redeeming
from points_service.lots import repository as lots
from points_service.lots.domain import redeemable
from points_service.members.domain import Member
from points_service.members.use_cases import existing
from points_service.pricing import repository
from points_service.pricing.answers import shown
from points_service.pricing.domain import (
    Offer,
    TierPrice,
    Wallet,
    listed,
    price,
    tier_step,
    unfit,
)
from points_service.pricing.goods import line as known
from points_service.pricing.kept import keep
from points_service.pricing.rules.rule import Cart
from points_service.pricing.search import best
from points_service.programme import Programme
from points_service.tiers import repository as tiers

CURRENCY = "CNY"
LARGEST = 10**11  # fen of a line


async def quote(
    tx: Tx,
    programme: Programme,
    catalogue: Catalogue,
    *,
    principal: Principal,
    request: api.QuoteRequest,
) -> api.Quote:
    """The best price of a cart for a member.

    Raises Problem 404 (member), 403 (another member's cart), 422 (goods, store, coupons, money).
    """
    cart = await _cart(tx, catalogue, request)
    member = await _member(tx, principal, request.member_id)
    rung = (await tiers.ladder(tx, programme.ladder_id)).rung(member.tier)
    tier = TierPrice(rung.name, rung.price_percent)
    offers = await _offers(tx, cart, tier, member.member_id, request.coupons)
    wallet = None
    if request.points != 0:
        held = await lots.with_points(tx, [member.member_id])
        wallet = Wallet(
            redeemable(held, tx.now),
            request.points,
            programme.redemption_multiple,
            programme.points_per_yuan,
            programme.points_share_percent,
        )
    found = price(cart, tier, offers, wallet)
    kept = None
    if request.keep:
        until = tx.now + timedelta(minutes=programme.quote_minutes)
        kept = keep(tx.ids.new(), member.member_id, cart, found, until)
        await repository.add(tx, kept)
    return shown(member.member_id, cart, tier, found, kept)


async def _member(tx: Tx, principal: Principal, asked: UUID | None) -> Member:
    if principal.role is not Role.MEMBER:
        if asked is None:
            raise Problem(
                422, "unknown_identifier", "Nobody is known by this", pointer="/identifier"
            )
        return await existing(tx, asked)
    assert principal.member_id is not None, "a member's token names the member"
    own = await existing(tx, principal.member_id)
    if asked not in (None, own.member_id, principal.member_id):
        raise Problem(403, "not_own", "A member asks for itself", pointer="/member_id")
    return own


async def _cart(tx: Tx, catalogue: Catalogue, request: api.QuoteRequest) -> Cart:
    texts = [request.store, request.channel, *(line.sku for line in request.lines)]
    if any("\0" in text for text in [*texts, *(request.coupons or ())]):
        raise Problem(422, "unstorable_text", "A text holds U+0000")
    await catalogue.learn(tx, {line.sku for line in request.lines}, {request.store})
    if request.store not in catalogue.stores:
        raise Problem(422, "unknown_store", "There is no such store", pointer="/store")
    lines = []
    for place, line in enumerate(request.lines):
        here = f"/lines/{place}"
        if line.sku not in catalogue.skus:
            raise Problem(422, "unknown_sku", "There is no such article", pointer=f"{here}/sku")
        about = catalogue.details.get(line.sku)
        lines.append(known(line.sku, line.quantity, _listed(line, here), about))
    delivery = _fen(request.delivery, "/delivery") if request.delivery else 0
    return Cart(request.store, request.channel, tuple(lines), delivery)


def _listed(line: api.CartLine, here: str) -> int:
    if (line.unit is None) == (line.amount is None):
        raise Problem(422, "one_amount", "Either a unit or an amount, not both", pointer=here)
    if line.amount is not None:
        return _fen(line.amount, f"{here}/amount")
    assert line.unit is not None
    return _checked(_fen(line.unit, f"{here}/unit") * line.quantity, f"{here}/unit")


def _fen(amount: Amount, here: str) -> int:
    if amount.currency != CURRENCY:
        raise Problem(422, "unknown_currency", "Only CNY is accepted", pointer=f"{here}/currency")
    return _checked(amount.amount, here)


def _checked(fen: int, here: str) -> int:
    if fen > LARGEST:
        raise Problem(422, "too_large", "No line costs that much", pointer=f"{here}/amount")
    return fen


async def _offers(
    tx: Tx, cart: Cart, tier: TierPrice, holder: UUID, codes: Sequence[str] | None
) -> list[Offer]:
    """The coupons named, which must all do; or the best of the member's own."""
    if codes is None:
        return best(cart, tier, await _own(tx, cart, tier, holder))
    if not codes:
        return []
    redeeming = Redeeming(await coupons.find(tx, codes, [holder]))
    if wrong := redeeming.objection(codes, holder, tx.now):
        raise Problem(422, wrong.code, wrong.title, pointer=f"/coupons/{wrong.place}")
    offers = [_offer(coupon) for coupon in redeeming.coupons(codes)]
    base = listed(cart).less(tier_step(cart, tier).off)
    for place, offer in enumerate(offers):
        if reason := unfit(offer.template, cart, base):
            raise Problem(422, *reason, pointer=f"/coupons/{place}")
    offs = {step.code: step.off.total for step in price(cart, tier, offers, None).steps}
    wrong = redeeming.use(
        [(code, offs[code]) for code in codes], order_no="", holder=holder, at=tx.now
    )
    if wrong:
        raise Problem(422, wrong.code, wrong.title, pointer=f"/coupons/{wrong.place}")
    return offers


async def _own(tx: Tx, cart: Cart, tier: TierPrice, holder: UUID) -> list[Offer]:
    """What the member may use, without coupons whose budget could not pay for them."""
    usable = [
        coupon
        for coupon in await coupons.held_by(tx, holder)
        if objection(coupon, holder, tx.now) is None
    ]
    limited = [coupon.code for coupon in usable if coupon.terms.budget_fen is not None]
    found = await coupons.find(tx, limited, [holder]) if limited else Found()
    base = listed(cart).less(tier_step(cart, tier).off)
    paid = []
    for coupon in usable:
        offer = _offer(coupon)
        if unfit(offer.template, cart, base):
            continue
        off = sum(step.off.total for step in price(cart, tier, [offer], None).steps[-1:])
        left = found.left.get(offer.template.template_id)
        if left is None or off - coupon.reserved_fen <= left:
            paid.append(offer)
    return paid


def _offer(coupon: Coupon) -> Offer:
    return Offer(coupon.code, coupon.valid_until or coupon.issued_at, coupon.template)
