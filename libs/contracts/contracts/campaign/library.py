"""Campaigns that ship ready: a planner copies one and hands it in."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.auditing import Action
from contracts.base import Model, Money
from contracts.campaign.plans import Campaign, PlanBody, Schedule
from contracts.campaign.readers import PLANNERS, READERS
from contracts.classification import DataClass, holding, internal, public
from contracts.operations import DRY_RUN, Operation
from contracts.points.common import Code, Words
from contracts.segments import Document


class NeededSegment(Model):
    """A segment to make with `POST /v1/segments` before the copy: its name and its tree."""

    names: Annotated[Words, public]
    definition: Annotated[Document, holding("segment_version.definition", DataClass.PUBLIC)]


class ReadyCampaign(Model):
    """A campaign that ships: what it is for, its whole plan, and which segments it needs."""

    key: Code
    names: Annotated[Words, public]
    aim: Annotated[Words, public]
    plan: Annotated[PlanBody, public]
    needs: Annotated[list[NeededSegment], public]


class ReadyCampaigns(Model):
    """All of them: the six standing scenarios, the birthday, the scenes of the moment."""

    data: Annotated[list[ReadyCampaign], public]
    next_cursor: Annotated[str | None, public] = None


class ReadyCopyRequest(Model):
    """The copy's name (the Chinese one unless given), and what differs from the plan that ships.

    `segments`: those it needs, in their sequence, by the ids they have here.
    """

    name: Annotated[str | None, Field(min_length=1, max_length=100), internal] = None
    segments: Annotated[list[UUID], Field(max_length=10), internal] = Field(default_factory=list)
    schedule: Annotated[Schedule | None, public] = None
    budget: Annotated[Money | None, internal] = None


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/campaign-library", "campaign", "Campaigns that ship ready",
        READERS, response=ReadyCampaigns, tags=("campaigns",),
    ),
    Operation(
        "POST", "/v1/campaign-library/{key}/copy", "campaign", "Plan one of them",
        PLANNERS, request=ReadyCopyRequest, response=Campaign, status=201,
        query=(DRY_RUN,), idempotent=True, edge="audited", audited=Action.CAMPAIGN,
        tags=("campaigns",),
    ),
]  # fmt: skip
