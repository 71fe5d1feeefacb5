"""The path of the report."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from campaign_service.measurement import use_cases
from campaign_service.measurement.domain import Terms
from chassis.web import APIRouter, ReadDep
from contracts.campaign.reports import By, CampaignReport, Targeting

router = APIRouter(prefix="/v1/campaigns")


async def _terms(request: Request) -> Terms:
    terms: Terms = request.app.state.terms
    return terms


TermsDep = Annotated[Terms, Depends(_terms)]


@router.get("/{campaign_id}/report")
async def report(
    campaign_id: UUID, tx: ReadDep, terms: TermsDep, by: By | None = None
) -> CampaignReport:
    """Funnel and comparison."""
    return await use_cases.report(tx, campaign_id, terms, by)


@router.get("/{campaign_id}/targeting")
async def targeting(campaign_id: UUID, tx: ReadDep) -> Targeting:
    """Who is worth contacting."""
    return await use_cases.targeting(tx, campaign_id)
