"""Refunds of an order."""

from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, TxDep
from contracts.points.orders import Refund, RefundRequest
from points_service.parts import PartsDep
from points_service.refunds import use_cases

router = APIRouter()


@router.post("/v1/orders/{order_no}/refunds", response_model=Refund)
async def refund(
    *,
    order_no: str,
    body: RefundRequest,
    tx: TxDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Give an order back, in part or whole."""
    return await once(lambda: use_cases.refund(tx, parts.programme, order_no, body))
