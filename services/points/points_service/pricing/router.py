"""Prices of carts."""

from typing import Annotated

from fastapi import Request
from fastapi.responses import Response

from chassis.idempotency import once
from chassis.web import APIRouter, PrincipalDep, TxDep, bulk_body
from contracts.points.pricing import Quote, QuoteRequest
from points_service.parts import PartsDep
from points_service.pricing import use_cases

router = APIRouter()


@router.post("/v1/pricing/quote", response_model=Quote)
async def quote(
    *,
    body: Annotated[QuoteRequest, bulk_body(QuoteRequest)],
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    parts: PartsDep,
) -> Response:
    """The best price of a cart."""
    return await once(
        tx,
        request,
        principal,
        lambda: use_cases.quote(
            tx, parts.programme, parts.catalogue, principal=principal, request=body
        ),
    )
