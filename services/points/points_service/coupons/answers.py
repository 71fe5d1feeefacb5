"""Templates and coupons as the API shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.base import Money
from contracts.points import coupons as api
from contracts.points.common import Cny, Words
from points_service.coupons import issuing
from points_service.coupons.domain import Coupon, Effect, Funnel, Head, Pool, Template, Terms


def coupon(shown: Coupon, now: datetime) -> api.Coupon:
    """A coupon where it stands now."""
    template = shown.template
    is_cash = template.effect is Effect.CASH_OFF
    return api.Coupon(
        code=shown.code,
        coupon_id=shown.coupon_id,
        template_id=template.template_id,
        names=names(template),
        effect=template.effect.value,
        off=Money(amount=template.value) if is_cash else None,
        percent_off=template.value if template.effect is Effect.PERCENT else 0,
        threshold=Money(amount=template.threshold_fen) if template.threshold_fen else None,
        member_id=shown.member_id,
        campaign_id=shown.campaign_id,
        valid_from=shown.valid_from,
        valid_until=shown.valid_until,
        status=shown.status(now),
        claimed_at=shown.claimed_at,
        order_no=shown.order_no,
        redeemed_at=shown.redeemed_at,
        discount=None if shown.order_no is None else Money(amount=shown.off_fen),
    )


def template(head: Head, now: datetime) -> api.CouponTemplate:
    """A template with what became of its limits."""
    terms = head.terms
    status = "over" if issuing.closed(head, now) else "active"
    return api.CouponTemplate(
        **_terms(terms),
        template_id=terms.template.template_id,
        version=terms.version,
        status=status if head.ended_at is None else "ended",
        created_at=head.created_at,
        issued=head.issued,
        committed=Money(amount=head.committed_fen),
    )


def names(template: Template) -> Words:
    """What members call it."""
    return Words(zh=template.name_zh or template.name, en=template.name)


def pool(shown: Pool) -> api.CouponPool:
    """How far a pool is."""
    return api.CouponPool(
        pool_id=shown.pool_id,
        template_id=shown.template_id,
        prefix=shown.prefix,
        size=shown.size,
        made=shown.made,
        created_at=shown.created_at,
        finished_at=shown.finished_at,
    )


def funnel(counts: Funnel, template_id: UUID | None, template: Template | None) -> api.CouponFunnel:
    """What became of coupons, of a template or of all."""
    return api.CouponFunnel(
        template_id=template_id,
        names=names(template) if template else None,
        issued=counts.issued,
        claimed=counts.claimed,
        redeemed=counts.redeemed,
        rolled_back=counts.rolled_back,
        expired=counts.expired,
        discount=Money(amount=counts.discount_fen),
    )


def _terms(terms: Terms) -> dict[str, Any]:
    template, effect = terms.template, terms.template.effect
    is_money = effect in (Effect.CASH_OFF, Effect.FREE_DELIVERY)
    scope = template.scope
    return {
        "names": names(template),
        "wording": Words(zh=terms.wording_zh, en=terms.wording) if terms.wording else None,
        "effect": effect.value,
        "off": _money(template.value if is_money else 0),
        "percent": template.value if effect is Effect.PERCENT else None,
        "max_off": _money(template.max_off_fen),
        "gift": (
            api.CouponGift(sku=template.gift_sku, quantity=template.value)
            if template.gift_sku
            else None
        ),
        "threshold": _money(template.threshold_fen),
        "scope": api.CouponScope(
            stores=sorted(scope.stores),
            channels=sorted(scope.channels),
            departments=sorted(scope.departments),
            categories=sorted(scope.categories),
            skus=sorted(scope.skus),
        ),
        "valid_from": terms.valid_from,
        "valid_until": terms.valid_until,
        "valid_days": terms.days,
        "stacking_group": template.stacking_group,
        "per_member_limit": terms.per_member,
        "total_limit": terms.total,
        "budget": _money(terms.budget_fen),
        "cost_shares": [
            api.CostShare(merchant=merchant, percent=percent)
            for merchant, percent in template.cost_shares
        ],
        "claimable": terms.claimable,
    }


def _money(fen: int | None) -> Cny | None:
    return Cny(amount=fen) if fen else None
