"""Approvals of readings."""

from uuid import UUID

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.gateway.reading import (
    ApprovalState,
    ReadApproval,
    ReadApprovalPage,
    ReadApprovalRequest,
    ReadDecision,
)
from gateway_service.approvals import repository, use_cases
from gateway_service.paging import CursorQuery, LimitQuery, cursor_of, place_of
from gateway_service.parts import PartsDep

router = APIRouter()


@router.post("/v1/members/{member_id}/read-approvals", status_code=201)
async def ask(
    member_id: UUID, body: ReadApprovalRequest, tx: TxDep, principal: PrincipalDep, parts: PartsDep
) -> ReadApproval:
    """Ask for a second person's yes."""
    return await use_cases.ask(tx, parts.audit, principal, member_id, body)


@router.get("/v1/read-approvals")
async def approvals(
    tx: ReadDep,
    status: ApprovalState | None = None,
    limit: LimitQuery = 50,
    cursor: CursorQuery = None,
) -> ReadApprovalPage:
    """Questions, newest first."""
    rows = await repository.page(tx, status, limit + 1, *place_of(cursor))
    last = rows[limit - 1] if rows[limit:] else None
    more = cursor_of((last.asked_at, last.approval_id)) if last else None
    return ReadApprovalPage(data=rows[:limit], next_cursor=more)


@router.post("/v1/read-approvals/{approval_id}/decide")
async def decide(
    approval_id: UUID, body: ReadDecision, tx: TxDep, principal: PrincipalDep, parts: PartsDep
) -> ReadApproval:
    """Grant or refuse."""
    return await use_cases.decide(tx, parts.audit, principal, approval_id, granted=body.granted)
