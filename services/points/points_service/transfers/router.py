"""Transfers of a member."""

from uuid import UUID

from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, TxDep
from contracts.points.spending import Transfer, TransferRequest
from points_service.parts import PartsDep
from points_service.transfers import use_cases

router = APIRouter()


@router.post("/v1/members/{member_id}/transfers", response_model=Transfer)
async def give(
    *,
    member_id: UUID,
    body: TransferRequest,
    tx: TxDep,
    once: OnceDep,
    parts: PartsDep,
    dry_run: bool = False,
) -> Response:
    """Give points to another member."""

    async def run() -> Transfer:
        return await use_cases.give(tx, parts.programme, member_id, body, dry_run=dry_run)

    return await once(run, dry_run=dry_run)
