"""The path of the report."""

from uuid import UUID

from campaign_service.measurement import use_cases
from chassis.web import APIRouter, ReadDep
from contracts.campaign.reports import CampaignReport

router = APIRouter(prefix="/v1/campaigns")


@router.get("/{campaign_id}/report")
async def report(campaign_id: UUID, tx: ReadDep) -> CampaignReport:
    """Funnel and comparison."""
    return await use_cases.report(tx, campaign_id)
