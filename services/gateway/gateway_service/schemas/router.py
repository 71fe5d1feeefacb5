"""Declared schemas over HTTP."""

from fastapi import Request, Response

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.gateway.schemas import EventSchema, EventSchemaRequest, EventSchemas
from gateway_service.audit.calls import AUDITED
from gateway_service.paging import CursorQuery, LimitQuery
from gateway_service.schemas import use_cases

router = APIRouter()


@router.get("/v1/schemas")
async def schemas(tx: ReadDep, limit: LimitQuery = 50, cursor: CursorQuery = None) -> EventSchemas:
    """Every version."""
    return await use_cases.page(tx, limit, cursor)


@router.post("/v1/schemas", status_code=201, dependencies=[AUDITED])
async def declare(
    body: EventSchemaRequest, tx: TxDep, principal: PrincipalDep, request: Request, answer: Response
) -> EventSchema:
    """The next version, or the one that says the same."""
    known = request.app.state.schemas
    schema, new = await use_cases.declare(tx, known, principal, body)
    answer.status_code = 201 if new else 200
    return schema
