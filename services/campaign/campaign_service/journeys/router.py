"""Paths of journeys."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from campaign_service.campaigns.router import CallDep
from campaign_service.journeys import use_cases
from campaign_service.paging import CursorDep, LimitDep
from chassis.web import APIRouter, ReadDep
from contracts.campaign.journeys import (
    Journey,
    JourneyApproval,
    JourneyCounts,
    JourneyMembers,
    JourneyPage,
    JourneyRequest,
    JourneyVersionRequest,
    MemberJourneyPage,
)

router = APIRouter()
VersionDep = Annotated[int | None, Query(ge=1)]
NodeDep = Annotated[str | None, Query(max_length=40)]


@router.get("/v1/journeys")
async def listed(tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50) -> JourneyPage:
    """Newest first."""
    return await use_cases.listed(tx, cursor, limit)


@router.post("/v1/journeys", status_code=201, response_model=Journey)
async def lay_out(call: CallDep, body: JourneyRequest) -> Response:
    """For a planned campaign."""
    author = call.principal.subject
    return await call.once(
        lambda: use_cases.lay_out(call.tx, author, body, dry_run=call.dry_run),
        status=201, dry_run=call.dry_run,
    )  # fmt: skip


@router.get("/v1/journeys/{journey_id}")
async def show(journey_id: UUID, tx: ReadDep, version: VersionDep = None) -> Journey:
    """In one of its versions."""
    return await use_cases.show(tx, journey_id, version)


@router.put("/v1/journeys/{journey_id}", response_model=Journey)
async def change(journey_id: UUID, call: CallDep, body: JourneyVersionRequest) -> Response:
    """The next version."""
    author = call.principal.subject
    return await call.once(
        lambda: use_cases.change(call.tx, journey_id, author, body, dry_run=call.dry_run),
        dry_run=call.dry_run,
    )


@router.post("/v1/journeys/{journey_id}/approve", response_model=Journey)
async def approve(journey_id: UUID, call: CallDep, body: JourneyApproval) -> Response:
    """By somebody else."""
    actor = call.principal.subject
    return await call.once(
        lambda: use_cases.approve(call.tx, journey_id, actor, body.version, dry_run=call.dry_run),
        dry_run=call.dry_run,
    )


@router.get("/v1/journeys/{journey_id}/counts")
async def counts(journey_id: UUID, tx: ReadDep) -> JourneyCounts:
    """Where members are."""
    return await use_cases.counts(tx, journey_id)


@router.get("/v1/journeys/{journey_id}/members")
async def members(
    journey_id: UUID,
    tx: ReadDep,
    node: NodeDep = None,
    cursor: CursorDep = None,
    limit: LimitDep = 50,
) -> JourneyMembers:
    """Who is on the way."""
    return await use_cases.members(tx, journey_id, node, cursor, limit)


@router.get("/v1/members/{member_id}/journeys")
async def of_member(
    member_id: UUID, tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50
) -> MemberJourneyPage:
    """A member's ways."""
    return await use_cases.of_member(tx, member_id, cursor, limit)
