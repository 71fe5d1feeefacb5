"""What the routers of this service share, at `app.state.parts`; put together in app.py."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from chassis.coalesce import Coalescer
from contracts.orders import OrderRequest
from contracts.points.orders import OrderAnswer
from contracts.points.pricing import Quote
from points_service.catalogue.use_cases import Catalogue
from points_service.pricing.use_cases import Ask
from points_service.programme import Programme
from points_service.proofs.vault import Vault


@dataclass(frozen=True, slots=True)
class Parts:
    """`till` coalesces single orders, `prices` quotes: whoever calls shares a transaction."""

    programme: Programme
    catalogue: Catalogue
    till: Coalescer[OrderRequest, OrderAnswer]
    vault: Vault
    prices: Coalescer[Ask, Quote]


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]
