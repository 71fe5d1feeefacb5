"""Transfers of a member."""

from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from chassis.idempotency import once
from chassis.web import APIRouter, PrincipalDep, TxDep
from contracts.points.spending import Transfer, TransferRequest
from points_service.parts import PartsDep
from points_service.transfers import use_cases

router = APIRouter()


@router.post("/v1/members/{member_id}/transfers", response_model=Transfer)
async def give(
    *,
    member_id: UUID,
    body: TransferRequest,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    parts: PartsDep,
    dry_run: bool = False,
) -> Transfer | Response:
    """Give points to another member."""

    async def run() -> Transfer:
        return await use_cases.give(tx, parts.programme, member_id, body, dry_run=dry_run)

    return await run() if dry_run else await once(tx, request, principal, run)
