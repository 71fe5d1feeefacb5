"""Prices of carts."""

from typing import Annotated

from fastapi import Request
from fastapi.responses import Response

from chassis.idempotency import HEADER, Once
from chassis.web import APIRouter, DbDep, PrincipalDep, bulk_body
from contracts.points.pricing import Quote, QuoteRequest
from points_service.parts import PartsDep
from points_service.pricing import use_cases
from points_service.pricing.use_cases import Ask

router = APIRouter()


@router.post("/v1/pricing/quote", response_model=Quote)
async def quote(
    *,
    body: Annotated[QuoteRequest, bulk_body(QuoteRequest)],
    request: Request,
    db: DbDep,
    principal: PrincipalDep,
    parts: PartsDep,
) -> Response:
    """The best price of a cart; who brings no key shares a transaction with others."""
    ask = Ask(principal, body)
    if HEADER not in request.headers:
        answer = await parts.prices.submit(ask)
        return Response(answer.model_dump_json(), media_type="application/json")
    async with db.transaction() as tx:
        once = Once(tx, request, principal)
        return await once(lambda: use_cases.quote(tx, parts.programme, parts.catalogue, ask))
