"""The 360° profile and tags of one member."""

from uuid import UUID

from chassis.web import APIRouter, PersonalDep, ReadDep
from contracts.profile import MemberProfile, MemberTags
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
