"""The path that lists a member's messages."""

from uuid import UUID

from campaign_service.deliveries import use_cases
from campaign_service.paging import CursorDep, LimitDep
from chassis.web import APIRouter, ReadDep
from contracts.campaign.deliveries import DeliveryPage

router = APIRouter(prefix="/v1/members")


@router.get("/{member_id}/deliveries")
async def deliveries(
    member_id: UUID, tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50
) -> DeliveryPage:
    """Messages to a member, newest first."""
    return await use_cases.listed(tx, member_id, cursor, limit)
