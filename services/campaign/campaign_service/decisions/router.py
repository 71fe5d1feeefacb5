"""The path that explains."""

from uuid import UUID

from campaign_service.decisions import use_cases
from campaign_service.paging import CursorDep, LimitDep
from chassis.web import APIRouter, ReadDep
from contracts.campaign.decisions import ContactDecisionPage

router = APIRouter(prefix="/v1/members")


@router.get("/{member_id}/contact-decisions")
async def contact_decisions(
    member_id: UUID, tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50
) -> ContactDecisionPage:
    """Why this member did or did not get a message."""
    return await use_cases.explain(tx, member_id, cursor, limit)
