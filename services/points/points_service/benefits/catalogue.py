"""The catalogue as the API shows and changes it."""

from collections.abc import Mapping

from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Money, ProblemError
from contracts.points import benefits as api
from contracts.points.common import Cny, Words
from points_service.benefits import repository
from points_service.benefits.domain import (
    Benefit,
    Gift,
    Kind,
    Occasion,
    Period,
    Terms,
)
from points_service.benefits.repository import Stored
from points_service.benefits.worth import gaps
from points_service.coupons import templates
from points_service.programme import Programme
from points_service.tiers import repository as tiers


def unknown_benefit() -> Problem:
    """404."""
    return Problem(404, "unknown_benefit", "There is no such benefit")


async def show_all(tx: Tx) -> api.Benefits:
    """All benefits, by id."""
    return api.Benefits(data=[_shown(each) for each in await repository.stored(tx)])


async def show(tx: Tx, benefit_id: str) -> api.Benefit:
    """One; raises Problem 404."""
    found = await repository.stored(tx, benefit_id)
    if not found:
        raise unknown_benefit()
    return _shown(found[0])


async def add(tx: Tx, programme: Programme, request: api.NewBenefit, who: str) -> api.Benefit:
    """A new one. Raises Problem 409 where the id is taken, 422 for what is wrong with it."""
    await repository.lock_catalogue(tx)
    if await repository.stored(tx, request.benefit_id):
        raise Problem(409, "benefit_exists", "There is such a benefit", pointer="/benefit_id")
    return await _put(tx, programme, request.benefit_id, request, who)


async def change(
    tx: Tx, programme: Programme, benefit_id: str, request: api.BenefitChange, who: str
) -> api.Benefit:
    """Raises Problem 404, 422 for what is wrong with it."""
    await repository.lock_catalogue(tx)
    if not await repository.stored(tx, benefit_id):
        raise unknown_benefit()
    return await _put(tx, programme, benefit_id, request, who)


async def _put(
    tx: Tx, programme: Programme, benefit_id: str, request: api.BenefitChange, who: str
) -> api.Benefit:
    if wrong := await _objections(tx, request):
        raise Problem(422, "wrong_benefit", "This is no benefit", errors=wrong)
    benefit = _benefit(benefit_id, request)
    await _malls_stay_apart(tx, programme, benefit)
    await repository.put(tx, benefit, who)
    return await show(tx, benefit_id)


async def _objections(tx: Tx, request: api.BenefitChange) -> list[ProblemError]:
    found = []
    if request.kind == "price" and request.value.amount:
        found.append(("/value/amount", "counted_twice", "The tier's price is counted already"))
    if request.value.currency != "CNY":
        found.append(("/value/currency", "unknown_currency", "Only CNY is accepted"))
    if request.coupon and request.application:
        found.append(("/coupon", "two_ways", "Either applied for or given by itself"))
    if request.coupon and await templates.head(tx, request.coupon.template_id) is None:
        found.append(("/coupon/template_id", "unknown_template", "There is no such template"))
    return [ProblemError(pointer=at, code=code, detail=detail) for at, code, detail in found]


async def _malls_stay_apart(tx: Tx, programme: Programme, benefit: Benefit) -> None:
    """A change may not bring tiers of a mall closer together than they may be."""
    before = await repository.catalogue(tx)
    after = {**before, benefit.benefit_id: benefit}
    for version in await tiers.current(tx):
        narrow = gaps(version.ladder, after, programme.basket)
        if narrow and not gaps(version.ladder, before, programme.basket):
            raise Problem(
                422,
                "tiers_too_close",
                "With it, tiers of a mall would differ too little",
                detail=f"{narrow[0].missing_fen} fen a year are missing",
                pointer="/value",
            )


def _benefit(benefit_id: str, request: api.BenefitChange) -> Benefit:
    terms, gift = request.application, request.coupon
    return Benefit(
        benefit_id=benefit_id,
        kind=Kind(request.kind),
        period=Period(request.period),
        value_fen=request.value.amount,
        zh=(request.name.zh, request.description.zh),
        en=(request.name.en, request.description.en),
        earned_in=frozenset(request.earned_in),
        used_in=frozenset(request.used_in),
        application=Terms(
            terms.hours,
            frozenset(terms.areas),
            terms.order_from.amount if terms.order_from else 0,
        )
        if terms
        else None,
        coupon=Gift(Occasion(gift.on), gift.template_id) if gift else None,
        active=request.active,
    )


def words(benefit: Benefit) -> Mapping[str, Words]:
    """Name and description, as answers have them."""
    return {
        "name": Words(zh=benefit.zh[0], en=benefit.en[0]),
        "description": Words(zh=benefit.zh[1], en=benefit.en[1]),
    }


def _shown(stored: Stored) -> api.Benefit:
    benefit, terms, gift = stored.benefit, stored.benefit.application, stored.benefit.coupon
    return api.Benefit(
        benefit_id=benefit.benefit_id,
        kind=benefit.kind.value,
        **words(benefit),
        period=benefit.period.value,
        value=Money(amount=benefit.value_fen),
        earned_in=sorted(benefit.earned_in),
        used_in=sorted(benefit.used_in),
        application=terms
        and api.BenefitTerms(
            hours=terms.hours,
            areas=sorted(terms.areas),
            order_from=Cny(amount=terms.order_from_fen) if terms.order_from_fen else None,
        ),
        coupon=gift and api.BenefitCoupon(on=gift.on.value, template_id=gift.template_id),
        active=benefit.active,
        version=stored.version,
        changed_at=stored.changed_at,
    )
