"""Paths of the library."""

from fastapi import Response

from campaign_service.campaigns.router import CallDep
from campaign_service.library import use_cases
from chassis.web import APIRouter
from contracts.campaign.library import ReadyCampaigns, ReadyCopyRequest
from contracts.campaign.plans import Campaign

router = APIRouter(prefix="/v1/campaign-library")


@router.get("")
async def listed() -> ReadyCampaigns:
    """What ships."""
    return use_cases.listed()


@router.post("/{key}/copy", status_code=201, response_model=Campaign)
async def copy(key: str, call: CallDep, body: ReadyCopyRequest) -> Response:
    """Plan one of them."""
    author, dry_run = call.principal.subject, call.dry_run
    return await call.once(
        lambda: use_cases.copy(call.tx, call.office, author, key, body, dry_run=dry_run),
        status=201,
        dry_run=dry_run,
    )
