"""Claiming and redeeming by code: many callers' in one transaction, decided one after another.

Locks are taken in the sequence of `use_cases`: members, coupons, templates, accounts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.points import coupons as api
from contracts.roles import Role
from points_service.coupons import answers, repository
from points_service.coupons.domain import Coupon, direct_off
from points_service.coupons.redeeming import Redeeming, Refusal
from points_service.coupons.use_cases import askable, tell_issued, unknown_coupon
from points_service.holders import foreign_member
from points_service.ledger import repository as ledger
from points_service.members import repository as members
from points_service.members.repository import Members
from points_service.members.use_cases import unknown_member

_NOT_TELLING = {"unknown_coupon", "foreign_coupon"}  # nobody learns which codes exist


@dataclass(frozen=True, slots=True)
class Claim:
    """A code of a pool becomes a member's; one's own again changes nothing.

    Problem 404 (member; coupon, whatever is wrong with it), 403, 422, 409 (member_limit).
    """

    principal: Principal
    code: str
    asked: UUID | None

    @property
    def member_id(self) -> UUID | None:
        """Whose it shall be."""
        return self.asked or self.principal.member_id


@dataclass(frozen=True, slots=True)
class Redeem:
    """Use a coupon with an order; the same order again changes nothing.

    Problem 404 (member, coupon), 422 (place, amounts), 409 (used, not valid, limits).
    """

    code: str
    request: api.CouponRedemptionRequest

    @property
    def member_id(self) -> UUID:
        """Who uses it."""
        return self.request.member_id


Ask = Claim | Redeem


async def answer(tx: Tx, asks: Sequence[Ask]) -> list[api.Coupon | Problem]:
    """Carry them out; a coupon or a Problem for each, in their sequence. Posts: call it last."""
    found = await members.lock(tx, {ask.member_id for ask in asks if ask.member_id})
    own = {ask.principal.member_id for ask in asks if isinstance(ask, Claim)} - {None}
    living = await members.survivors(tx, [each for each in own if each])
    codes = {code for ask in asks for code in askable(ask.code)}
    redeeming = Redeeming(await repository.find(tx, codes, found.by_id))
    told: list[api.Coupon | Problem] = []
    for ask in asks:
        try:
            if isinstance(ask, Claim):
                coupon = _claim(tx, redeeming, ask, found, living)
            else:
                coupon = _redeem(tx, redeeming, ask, found)
        except Problem as problem:
            told.append(problem)
        else:
            told.append(answers.coupon(coupon, tx.now))
    await repository.claim(tx, redeeming.claims)
    await repository.redeem(tx, redeeming.uses)
    tell_issued(tx, redeeming.claims)
    await ledger.post(tx, redeeming.journals(tx.ids.new))
    return told


def _holder(found: Members, member_id: UUID) -> UUID:
    member = found.get(member_id)
    if member is None:
        raise unknown_member()
    return member.member_id


def _claim(
    tx: Tx, redeeming: Redeeming, ask: Claim, found: Members, living: Mapping[UUID, UUID]
) -> Coupon:
    if ask.member_id is None:
        raise Problem(422, "missing", "Whose shall it be?", pointer="/member_id")
    holder, own = _holder(found, ask.member_id), ask.principal.member_id
    if ask.principal.role is Role.MEMBER and (not own or living.get(own, own) != holder):
        raise foreign_member()
    coupon = redeeming.coupon(sorted(askable(ask.code)))
    if coupon is None or coupon.member_id not in (None, holder):
        raise unknown_coupon()
    if coupon.member_id is not None:
        return coupon
    if not coupon.lasts(tx.now) or coupon.ended_at is not None:
        raise unknown_coupon()
    claimed = redeeming.claim(coupon, holder, tx.now)
    if isinstance(claimed, Refusal):
        raise _refused(claimed)
    return claimed


def _redeem(tx: Tx, redeeming: Redeeming, ask: Redeem, found: Members) -> Coupon:
    request = ask.request
    _check_money(request)
    holder = _holder(found, request.member_id)
    coupon = redeeming.coupon(sorted(askable(ask.code)))
    if coupon and _is_repeated(coupon, holder, request):
        return coupon
    refusal = redeeming.objection([coupon.code if coupon else ask.code], holder, tx.now)
    if refusal:
        raise unknown_coupon() if refusal.code in _NOT_TELLING else _refused(refusal)
    assert coupon is not None
    refusal = redeeming.use(
        [(coupon.code, _off(coupon, request))],
        order_no=request.order_no,
        holder=holder,
        at=tx.now,
    )
    if refusal:
        raise _refused(refusal)
    return redeeming.uses[-1].after


def _check_money(request: api.CouponRedemptionRequest) -> None:
    for name in ("amount", "order_amount"):
        money = getattr(request, name)
        if money is not None and money.currency != "CNY":
            pointer = f"/{name}/currency"
            raise Problem(422, "unknown_currency", "Only CNY is accepted", pointer=pointer)


def _is_repeated(coupon: Coupon, holder: UUID, request: api.CouponRedemptionRequest) -> bool:
    same = request.amount is None or request.amount.amount == coupon.off_fen
    return same and (coupon.order_no, coupon.member_id) == (request.order_no, holder)


def _off(coupon: Coupon, request: api.CouponRedemptionRequest) -> int:
    scope = coupon.template.scope
    for name, places in (("store", scope.stores), ("channel", scope.channels)):
        if places and getattr(request, name) not in places:
            raise Problem(422, "wrong_place", "The coupon is not good there", pointer=f"/{name}")
    off = direct_off(
        coupon.template,
        request.amount.amount if request.amount else None,
        request.order_amount.amount if request.order_amount else None,
    )
    if isinstance(off, tuple):
        code, title, pointer = off
        raise Problem(422, code, title, pointer=pointer)
    return off


def _refused(refusal: Refusal) -> Problem:
    return Problem(409, refusal.code, refusal.title)
