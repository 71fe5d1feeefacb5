"""The 360° profile, tags and timeline of one member."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.web import APIRouter, PersonalDep, ReadDep
from contracts.profile import MemberProfile, MemberTags, Timeline
from profile_service.profiles import use_cases

router = APIRouter(prefix="/v1/members/{member_id}")


@router.get("/profile")
async def get_profile(member_id: UUID, tx: ReadDep, personal: PersonalDep) -> MemberProfile:
    """The 360° profile."""
    return await use_cases.profile(tx, member_id, personal=personal)


@router.get("/tags")
async def get_tags(member_id: UUID, tx: ReadDep, personal: PersonalDep) -> MemberTags:
    """A member's tags."""
    return await use_cases.tags(tx, member_id, personal=personal)


@router.get("/timeline")
async def get_timeline(
    member_id: UUID,
    tx: ReadDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Timeline:
    """Purchases and activities, newest first."""
    return await use_cases.timeline(tx, member_id, limit, cursor)
