"""Prices of carts."""

from typing import Annotated

from fastapi import Request
from fastapi.responses import Response

from chassis.web import APIRouter, PrincipalDep, bulk_body
from contracts.points.pricing import Quote, QuoteRequest
from points_service.parts import PartsDep
from points_service.pricing.use_cases import Ask

router = APIRouter()


@router.post("/v1/pricing/quote", response_model=Quote)
async def quote(
    body: Annotated[QuoteRequest, bulk_body(QuoteRequest)],
    request: Request,
    principal: PrincipalDep,
    parts: PartsDep,
) -> Response:
    """The best price of a cart; whoever asks at the same moment shares a transaction."""
    return await parts.prices(request, principal, Ask(principal, body))
