"""The paths of members' invitations."""

from uuid import UUID

from campaign_service.activities.router import SignerDep
from campaign_service.invitations import use_cases
from chassis.web import APIRouter, ReadDep, TxDep
from contracts.invitations import InvitationBody, MemberInvitation, MemberInvitations

router = APIRouter(prefix="/v1/members/{member_id}/invitations")


@router.get("")
async def listed(member_id: UUID, tx: ReadDep, signer: SignerDep) -> MemberInvitations:
    """A member's."""
    return await use_cases.of_member(tx, signer, member_id)


@router.put("/{activity_id}")
async def make(
    member_id: UUID, activity_id: UUID, body: InvitationBody, tx: TxDep, signer: SignerDep
) -> MemberInvitation:
    """Make one, or change it."""
    return await use_cases.make(tx, signer, member_id, activity_id, body)


@router.delete("/{activity_id}")
async def take_back(
    member_id: UUID, activity_id: UUID, tx: TxDep, signer: SignerDep
) -> MemberInvitations:
    """No more."""
    return await use_cases.take_back(tx, signer, member_id, activity_id)
