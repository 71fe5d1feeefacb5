"""The path of the calendar."""

from datetime import date
from typing import Annotated

from fastapi import Query

from campaign_service.calendar import use_cases
from chassis.web import APIRouter, ReadDep
from contracts.campaign.calendar import Calendar

router = APIRouter(prefix="/v1/campaigns/calendar")


@router.get("")
async def calendar(tx: ReadDep, first: Annotated[date, Query(alias="from")], to: date) -> Calendar:
    """Campaigns by day, and where they clash."""
    return await use_cases.calendar(tx, first, to)
