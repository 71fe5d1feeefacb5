"""What the routers of this service share, at `app.state.parts`; put together in app.py."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from chassis.coalesce import Coalescer
from chassis.evidence.strongbox import Strongbox
from chassis.shared import Shared
from contracts.orders import OrderRequest
from contracts.points.orders import OrderAnswer
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons.asks import Ask as CouponAsk
from points_service.holds.asks import Ask as HoldAsk
from points_service.pricing.use_cases import Ask as PriceAsk
from points_service.programme import Programme


@dataclass(frozen=True, slots=True)
class Parts:
    """Single orders (`till`), `prices`, `holds`, `coupons`: whoever calls shares a transaction."""

    programme: Programme
    catalogue: Catalogue
    till: Coalescer[OrderRequest, OrderAnswer]
    box: Strongbox
    prices: Shared[PriceAsk]
    holds: Shared[HoldAsk]
    coupons: Shared[CouponAsk]


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]
