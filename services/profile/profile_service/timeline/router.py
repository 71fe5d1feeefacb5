"""The timeline of one member."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.web import APIRouter, ReadDep
from contracts.timeline import Timeline
from profile_service.rfm.router import Moment
from profile_service.timeline import use_cases

router = APIRouter()


@router.get("/v1/members/{member_id}/timeline")
async def get_timeline(
    member_id: UUID,
    tx: ReadDep,
    *,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    kind: Annotated[str | None, Query(max_length=200)] = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> Timeline:
    """What happened, newest first."""
    part = use_cases.part_of(cursor, kind, since, until)
    return await use_cases.timeline(tx, member_id, part, limit)
