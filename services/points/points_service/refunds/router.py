"""Refunds of an order."""

from fastapi import Request
from fastapi.responses import Response

from chassis.idempotency import once
from chassis.web import APIRouter, PrincipalDep, TxDep
from contracts.points.orders import Refund, RefundRequest
from points_service.parts import PartsDep
from points_service.refunds import use_cases

router = APIRouter()


@router.post("/v1/orders/{order_no}/refunds", response_model=Refund)
async def refund(
    *,
    order_no: str,
    body: RefundRequest,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    parts: PartsDep,
) -> Response:
    """Give an order back, in part or whole."""
    return await once(
        tx, request, principal, lambda: use_cases.refund(tx, parts.programme, order_no, body)
    )
