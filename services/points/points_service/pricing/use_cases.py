"""Load what prices depend on, work them out one by one, keep those that are to be kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.points import pricing as api
from contracts.roles import Role
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons import repository as coupons
from points_service.coupons.domain import Coupon, objection
from points_service.coupons.redeeming import Found, Redeeming
from points_service.lots import repository as lots
from points_service.lots.domain import Lot, redeemable
from points_service.members.use_cases import unknown_member
from points_service.pricing import repository
from points_service.pricing.answers import shown
from points_service.pricing.asked import cart_of, storable
from points_service.pricing.domain import (
    Offer,
    TierPrice,
    Wallet,
    listed,
    price,
    tier_step,
    unfit,
)
from points_service.pricing.kept import Kept, keep
from points_service.pricing.repository import Buyer
from points_service.pricing.rules.rule import Cart
from points_service.pricing.search import best
from points_service.programme import Programme
from points_service.tiers import repository as tiers
from points_service.tiers.domain import Ladder


@dataclass(frozen=True, slots=True)
class Ask:
    """A cart, and who asks."""

    principal: Principal
    request: api.QuoteRequest

    @property
    def member_id(self) -> UUID | None:
        """Whose cart it is; a member asks for itself."""
        own = self.principal.member_id if self.principal.role is Role.MEMBER else None
        return own or self.request.member_id


@dataclass(frozen=True, slots=True)
class _Known:
    """All that the prices of a batch depend on; lots and coupons by living member."""

    now: datetime
    programme: Programme
    catalogue: Catalogue
    ladder: Ladder
    buyers: Mapping[UUID, Buyer]
    lots: Mapping[UUID, Sequence[Lot]]
    own: Mapping[UUID, Sequence[Coupon]]
    found: Found


async def quotes(
    tx: Tx, programme: Programme, catalogue: Catalogue, asks: Sequence[Ask]
) -> list[api.Quote | Problem]:
    """The best price of each cart for its member, or a Problem.

    404 (member), 403 (another member's cart), 422 (goods, store, coupons, money).
    """
    known = await _load(tx, programme, catalogue, asks)
    answers: list[api.Quote | Problem] = []
    kept: list[Kept] = []
    for ask in asks:
        try:
            answers.append(_answer(ask, known, tx.ids.new(), kept))
        except Problem as problem:
            answers.append(problem)
    await repository.add(tx, kept)
    return answers


async def _load(tx: Tx, programme: Programme, catalogue: Catalogue, asks: Sequence[Ask]) -> _Known:
    requests = [ask.request for ask in asks]
    skus = {line.sku for each in requests for line in each.lines if storable(line.sku)}
    await catalogue.learn(tx, skus, {each.store for each in requests if storable(each.store)})
    ids = {ask.member_id for ask in asks} | {each.member_id for each in requests}
    buyers = await repository.buyers(tx, [each for each in ids if each is not None])

    def living(some: Sequence[Ask]) -> list[UUID]:
        found = {buyers[ask.member_id] for ask in some if ask.member_id in buyers}
        return sorted(buyer.member_id for buyer in found)

    spending = living([ask for ask in asks if ask.request.points != 0])
    choosing = living([ask for ask in asks if ask.request.coupons is None])
    held = await lots.with_points(tx, spending) if spending else []
    own = await coupons.usable(tx, choosing) if choosing else []
    codes = {code for each in requests for code in each.coupons or () if storable(code)}
    codes |= {coupon.code for coupon in own if coupon.terms.budget_fen is not None}
    return _Known(
        tx.now,
        programme,
        catalogue,
        await tiers.ladder(tx, programme.ladder_id),
        buyers,
        {member: [lot for lot in held if lot.member_id == member] for member in spending},
        {member: [each for each in own if each.member_id == member] for member in choosing},
        await coupons.find(tx, codes, living(asks)) if codes else Found(),
    )


def _answer(ask: Ask, known: _Known, quote_id: UUID, kept: list[Kept]) -> api.Quote:
    request, programme = ask.request, known.programme
    cart = cart_of(request, known.catalogue)
    buyer = _buyer(ask, known.buyers)
    rung = known.ladder.rung(buyer.tier)
    tier = TierPrice(rung.name, rung.price_percent)
    offers = _offers(cart, tier, buyer.member_id, request.coupons, known)
    wallet = None
    if request.points != 0:
        wallet = Wallet(
            redeemable(known.lots[buyer.member_id], known.now),
            request.points,
            programme.redemption_multiple,
            programme.points_per_yuan,
            programme.points_share_percent,
        )
    found = price(cart, tier, offers, wallet)
    promised = None
    if request.keep:
        until = known.now + timedelta(minutes=programme.quote_minutes)
        promised = keep(quote_id, buyer.member_id, cart, found, until)
        kept.append(promised)
    return shown(buyer.member_id, cart, tier, found, promised)


def _buyer(ask: Ask, buyers: Mapping[UUID, Buyer]) -> Buyer:
    if ask.member_id is None:
        raise Problem(422, "unknown_identifier", "Nobody is known by this", pointer="/identifier")
    buyer, asked = buyers.get(ask.member_id), ask.request.member_id
    if buyer is None:
        raise unknown_member()
    if asked is not None and buyers.get(asked) != buyer:
        raise Problem(403, "not_own", "A member asks for itself", pointer="/member_id")
    return buyer


def _offers(
    cart: Cart, tier: TierPrice, holder: UUID, codes: Sequence[str] | None, known: _Known
) -> list[Offer]:
    """The coupons named, which must all do; or the best of the member's own."""
    if codes is None:
        return best(cart, tier, _own(cart, tier, holder, known))
    if not codes:
        return []
    redeeming = Redeeming(known.found)
    if wrong := redeeming.objection(codes, holder, known.now):
        raise Problem(422, wrong.code, wrong.title, pointer=f"/coupons/{wrong.place}")
    offers = [_offer(coupon) for coupon in redeeming.coupons(codes)]
    base = listed(cart).less(tier_step(cart, tier).off)
    for place, offer in enumerate(offers):
        if reason := unfit(offer.template, cart, base):
            raise Problem(422, *reason, pointer=f"/coupons/{place}")
    offs = {step.code: step.off.total for step in price(cart, tier, offers, None).steps}
    wrong = redeeming.use(
        [(code, offs[code]) for code in codes], order_no="", holder=holder, at=known.now
    )
    if wrong:
        raise Problem(422, wrong.code, wrong.title, pointer=f"/coupons/{wrong.place}")
    return offers


def _own(cart: Cart, tier: TierPrice, holder: UUID, known: _Known) -> list[Offer]:
    """What the member may use, without coupons whose budget could not pay for them."""
    base = listed(cart).less(tier_step(cart, tier).off)
    paid = []
    for coupon in known.own[holder]:
        offer = _offer(coupon)
        if objection(coupon, holder, known.now) or unfit(offer.template, cart, base):
            continue
        off = price(cart, tier, [offer], None).steps[-1].off.total
        left = known.found.left.get(offer.template.template_id)
        if left is None or off - coupon.reserved_fen <= left:
            paid.append(offer)
    return paid


def _offer(coupon: Coupon) -> Offer:
    return Offer(coupon.code, coupon.valid_until or coupon.issued_at, coupon.template)
