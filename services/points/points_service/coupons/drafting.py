"""Terms as a planner writes them: what is wrong with them, and what they mean inside. Pure."""

from datetime import datetime
from uuid import UUID

from contracts.base import ProblemError
from contracts.points import coupons as api
from contracts.points.common import Cny
from points_service.coupons.domain import Effect, Scope, Template, Terms

_NEEDS = {
    Effect.CASH_OFF: {"off"},
    Effect.PERCENT: {"percent"},
    Effect.GIFT: {"gift"},
    Effect.FREE_DELIVERY: set(),
}
_ALLOWS = {**_NEEDS, Effect.PERCENT: {"percent", "max_off"}, Effect.FREE_DELIVERY: {"off"}}
_EFFECTS = ("off", "percent", "max_off", "gift")


def objections(draft: api.CouponTerms, now: datetime) -> list[ProblemError]:
    """Everything that is wrong with new terms by themselves."""
    return [*_of_effect(draft), *_of_time(draft, now), *_of_limits(draft), *_of_cost(draft)]


def changes_forbidden(draft: api.CouponTerms, before: Terms) -> list[ProblemError]:
    """What a new version may not do: coupons that are out must still mean what they meant."""
    wrong = []
    if draft.effect != before.template.effect:
        wrong.append(_wrong("/effect", "fixed", "The effect of a template stays"))
    if (draft.budget is None) != (before.budget_fen is None):
        wrong.append(_wrong("/budget", "fixed", "A budget is changed, not added or removed"))
    return wrong


def terms(draft: api.CouponTerms, template_id: UUID, version: int) -> Terms:
    """The same inside; `objections` has none."""
    scope = draft.scope
    return Terms(
        Template(
            template_id=template_id,
            name=draft.names.en,
            effect=Effect(draft.effect),
            value=_value(draft),
            threshold_fen=_fen(draft.threshold) or 0,
            max_off_fen=_fen(draft.max_off),
            gift_sku=draft.gift.sku if draft.gift else None,
            scope=Scope(
                stores=frozenset(scope.stores),
                channels=frozenset(scope.channels),
                departments=frozenset(scope.departments),
                categories=frozenset(scope.categories),
                skus=frozenset(scope.skus),
            ),
            stacking_group=draft.stacking_group,
            cost_shares=tuple((each.merchant, each.percent) for each in draft.cost_shares),
            name_zh=draft.names.zh,
        ),
        wording=draft.wording.en if draft.wording else "",
        wording_zh=draft.wording.zh if draft.wording else "",
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        days=draft.valid_days,
        per_member=draft.per_member_limit,
        total=draft.total_limit,
        budget_fen=_fen(draft.budget),
        claimable=draft.claimable,
        version=version,
    )


def _value(draft: api.CouponTerms) -> int:
    if draft.percent is not None:
        return draft.percent
    if draft.gift is not None:
        return draft.gift.quantity
    return _fen(draft.off) or 0


def _fen(money: Cny | None) -> int | None:
    return None if money is None else money.amount


def _of_effect(draft: api.CouponTerms) -> list[ProblemError]:
    effect = Effect(draft.effect)
    given = {name for name in _EFFECTS if getattr(draft, name) is not None}
    missing, strange = _NEEDS[effect] - given, given - _ALLOWS[effect]
    return [
        _wrong(f"/{name}", "missing", f"A {effect} coupon needs it") for name in sorted(missing)
    ] + [_wrong(f"/{name}", "unfit", f"A {effect} coupon has none") for name in sorted(strange)]


def _of_time(draft: api.CouponTerms, now: datetime) -> list[ProblemError]:
    begins, ends = draft.valid_from, draft.valid_until
    if draft.valid_days is not None:
        both = begins is not None or ends is not None
        title = "Either days from the claim or fixed dates"
        return [_wrong("/valid_days", "unfit", title)] if both else []
    if begins is None or ends is None:
        place = "/valid_until" if ends is None else "/valid_from"
        return [_wrong(place, "missing", "It needs both dates, or valid_days")]
    if ends <= max(begins, now):
        return [_wrong("/valid_until", "too_early", "It would be over before it begins")]
    return []


def _of_limits(draft: api.CouponTerms) -> list[ProblemError]:
    wrong = []
    each, total = draft.per_member_limit, draft.total_limit
    if each is not None and total is not None and each > total:
        wrong.append(_wrong("/per_member_limit", "too_many", "There are not so many in all"))
    if draft.claimable and each is None:
        wrong.append(_wrong("/per_member_limit", "missing", "Who takes freely is limited"))
    for_one = draft.off.amount if draft.off and draft.effect == "cash_off" else 0
    if draft.budget and draft.budget.amount < for_one:
        wrong.append(_wrong("/budget", "too_small", "It does not pay for one coupon"))
    return wrong


def _of_cost(draft: api.CouponTerms) -> list[ProblemError]:
    wrong = []
    if sum(share.percent for share in draft.cost_shares) != 100:
        wrong.append(_wrong("/cost_shares", "not_100", "Shares add up to 100 percent"))
    merchants = [share.merchant for share in draft.cost_shares]
    wrong += [
        _wrong(f"/cost_shares/{place}/merchant", "repeated", "This merchant is named before")
        for place, merchant in enumerate(merchants)
        if merchant in merchants[:place]
    ]
    return wrong


def _wrong(pointer: str, code: str, title: str) -> ProblemError:
    return ProblemError(pointer=pointer, code=code, detail=title)
