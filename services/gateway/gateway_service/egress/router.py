"""The list of addresses that nothing is sent to."""

from fastapi import Response

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.gateway.suppressions import Suppression, SuppressionPage, SuppressionRequest
from gateway_service.egress import suppressions
from gateway_service.paging import CursorQuery, LimitQuery
from gateway_service.parts import PartsDep

router = APIRouter()


@router.get("/v1/suppressions")
async def listed(
    tx: ReadDep, limit: LimitQuery = 50, cursor: CursorQuery = None
) -> SuppressionPage:
    """The list, without the addresses."""
    return await suppressions.listed(tx, limit, cursor)


@router.post("/v1/suppressions", status_code=201)
async def suppress(
    body: SuppressionRequest, tx: TxDep, principal: PrincipalDep, parts: PartsDep
) -> Suppression:
    """One more."""
    return await suppressions.add(tx, parts, principal, body)


@router.delete("/v1/suppressions", status_code=204)
async def lift(
    body: SuppressionRequest, tx: TxDep, principal: PrincipalDep, parts: PartsDep
) -> Response:
    """One less."""
    await suppressions.lift(tx, parts, principal, body)
    return Response(status_code=204)
