"""Which campaigns run when, and where they meet the same members."""

from datetime import date
from typing import Annotated
from uuid import UUID

from contracts.base import Model
from contracts.campaign.plans import CampaignStatus, Scenario
from contracts.campaign.readers import READERS
from contracts.classification import counted, internal, public
from contracts.operations import Operation, Query
from contracts.templates import Channel


class CalendarEntry(Model):
    """A campaign within the days asked for. `members`: who is in its audience today."""

    campaign_id: Annotated[UUID, internal]
    name: Annotated[str, internal]
    scenario: Annotated[Scenario, public]
    status: Annotated[CampaignStatus, public]
    trigger: Annotated[str, public]
    channels: Annotated[list[Channel], public]
    first_day: Annotated[date, public]
    last_day: Annotated[date, public]
    members: Annotated[int, counted]


class Clash(Model):
    """Two campaigns for the same members on the same days. `channels`: those both would use."""

    campaign_id: Annotated[UUID, internal]
    other_campaign_id: Annotated[UUID, internal]
    first_day: Annotated[date, public]
    last_day: Annotated[date, public]
    members: Annotated[int, counted]
    channels: Annotated[list[Channel], public]


class Calendar(Model):
    """Submitted, approved, running and paused campaigns; the sixty that begin first."""

    data: Annotated[list[CalendarEntry], internal]
    clashes: Annotated[list[Clash], internal]


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/campaigns/calendar", "campaign", "Campaigns by day, and where they clash",
        READERS, response=Calendar, tags=("campaigns",),
        query=(
            Query("from", date, "first day (Asia/Shanghai)", required=True),
            Query("to", date, "last day", required=True),
        ),
    ),
]  # fmt: skip
