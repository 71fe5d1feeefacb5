"""Orders, one or many: same meaning, same code path."""

from typing import Annotated

from fastapi import Request
from fastapi.responses import Response

from chassis.web import APIRouter, DbDep, bulk_body, encoded
from contracts.orders import OrderRequest
from points_service.orders import use_cases
from points_service.orders.bodies import read_batch
from points_service.parts import PartsDep

router = APIRouter()


@router.post("/v1/orders")
async def order(
    body: Annotated[OrderRequest, bulk_body(OrderRequest)],
    db: DbDep,
    parts: PartsDep,
    dry_run: bool = False,
) -> Response:
    """Book a paid order."""
    if dry_run:
        answers = await use_cases.book(db, parts.catalogue, parts.programme, [body], dry_run=True)
        return encoded(use_cases.alone(answers[0]))
    return encoded(use_cases.alone(await parts.till.submit(body)))


@router.post("/v1/orders/batch")
async def orders(request: Request, db: DbDep, parts: PartsDep, dry_run: bool = False) -> Response:
    """Book up to 1,000 orders, one answer each."""
    rows = read_batch(await request.body())
    return encoded(
        await use_cases.book_rows(db, parts.catalogue, parts.programme, rows, dry_run=dry_run)
    )
