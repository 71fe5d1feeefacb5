"""What was corrected."""

from uuid import UUID

from chassis.web import APIRouter, ReadDep
from contracts.gateway.cleaning import CorrectionPage
from gateway_service.cleaning import use_cases
from gateway_service.paging import CursorQuery, LimitQuery

router = APIRouter()


@router.get("/v1/members/{member_id}/corrections")
async def corrections(
    member_id: UUID, tx: ReadDep, limit: LimitQuery = 50, cursor: CursorQuery = None
) -> CorrectionPage:
    """Of a member, newest first."""
    return await use_cases.shown(tx, member_id, limit, cursor)
