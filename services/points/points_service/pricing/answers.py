"""A price as the API shows it."""

from uuid import UUID

from contracts.base import Money
from contracts.points import pricing as api
from points_service.pricing.domain import Price, Step, TierPrice, listed
from points_service.pricing.kept import Kept
from points_service.pricing.rules.rule import Cart


def shown(
    member_id: UUID, cart: Cart, tier: TierPrice, price: Price, kept: Kept | None
) -> api.Quote:
    """The quote; everything in its `price` depends on the arguments of the arithmetic alone."""
    return api.Quote(
        quote_id=kept.quote_id if kept else None,
        valid_until=kept.valid_until if kept else None,
        member_id=member_id,
        price=api.Price(
            tier=tier.tier,
            listed=_fen(listed(cart).total),
            steps=[_step(step) for step in price.steps],
            lines=[
                api.PricedLine(
                    sku=line.sku,
                    quantity=line.quantity,
                    listed=_fen(line.list_fen),
                    pays=_fen(pays),
                )
                for line, pays in zip(cart.lines, price.pays.lines, strict=True)
            ],
            delivery=_fen(price.pays.delivery),
            gifts=[api.Gift(sku=sku, quantity=pieces) for sku, pieces in price.gifts],
            coupons=price.codes,
            points=price.points,
            to_pay=_fen(price.pays.total),
        ),
    )


def _step(step: Step) -> api.PriceStep:
    return api.PriceStep(
        kind=step.kind,
        name=step.name,
        code=step.code,
        points=step.points,
        off=_fen(step.off.total),
        lines=[
            api.LineShare(line=place, off=_fen(off))
            for place, off in enumerate(step.off.lines)
            if off
        ],
        delivery=_fen(step.off.delivery),
    )


def _fen(amount: int) -> Money:
    return Money(amount=amount)
