"""Make an invitation, take it back, look at it, sign up by it."""

from uuid import UUID

from campaign_service.activities import repository as places
from campaign_service.activities import use_cases as activities
from campaign_service.activities.use_cases import Guest
from campaign_service.invitations import domain, repository
from campaign_service.invitations.domain import Invitation
from campaign_service.qr import svg
from campaign_service.tokens import NOBODY, Signer, Token, Use
from campaign_service.wording import lexicon
from campaign_service.wording.domain import verdict
from chassis.database import Tx
from chassis.problem import Problem
from contracts import activities as api
from contracts import invitations as own


async def make(
    tx: Tx, signer: Signer, member_id: UUID, activity_id: UUID, body: own.InvitationBody
) -> own.MemberInvitation:
    """A member's page to an activity, or other words on it.

    Raises Problem 404, 409 `too_late`, 422 for words that advertising law forbids or by which
    somebody could be reached.
    """
    holder = await activities.member(tx, member_id)
    activity = await activities.known(tx, activity_id)
    if tx.now >= activity.signup_until:
        raise Problem(409, "too_late", "Nobody can sign up any more")
    words = domain.tidy(body.words)
    if words and domain.reachable(words):
        raise Problem(422, "contact_in_words", "No numbers, addresses or accounts of people",
                      pointer="/words")  # fmt: skip
    if words and verdict(lexicon.check(words)) == "block":
        raise Problem(422, "forbidden_words", "Advertising law forbids this", pointer="/words")
    await repository.put(tx, activity_id, holder, (body.design, words, body.referral_code))
    found = await repository.of_member(tx, holder)
    return _told(signer, next(each for each in found if each.activity_id == activity_id))


async def of_member(tx: Tx, signer: Signer, member_id: UUID) -> own.MemberInvitations:
    """A member's pages, and who came by them. Raises Problem 404."""
    found = await repository.of_member(tx, await activities.member(tx, member_id))
    return own.MemberInvitations(data=[_told(signer, each) for each in found])


async def take_back(
    tx: Tx, signer: Signer, member_id: UUID, activity_id: UUID
) -> own.MemberInvitations:
    """Its link leads nowhere any more; answers those that are left. Raises Problem 404."""
    if not await repository.drop(tx, activity_id, await activities.member(tx, member_id)):
        raise _unknown()
    return await of_member(tx, signer, member_id)


async def sign_up(guest: Guest, activity_id: UUID, body: api.SignupRequest) -> api.Signup:
    """As activities' `sign_up`; by the link of an invitation it counts for whoever invites."""
    tx = guest.tx
    token = guest.signer.read(body.token, tx.now, Use.SHARED)
    if token is None:
        return await activities.sign_up(guest, activity_id, body)
    invitation = await repository.get(tx, token.about)
    if invitation is None or invitation.activity_id != activity_id:
        raise activities.bad_token()
    member_id = await activities.member(tx, guest.named(body.member_id))
    before = await places.place_of(tx, activity_id, member_id)
    place = await activities.enter(guest, activity_id, member_id)
    if before is None and member_id != invitation.member_id:
        await repository.add_guest(tx, invitation, member_id)
    return place


async def shared(tx: Tx, page_id: UUID) -> Invitation:
    """What a link leads to. Raises Problem 404."""
    found = await repository.get(tx, page_id)
    if found is None:
        raise _unknown()
    return found


def _told(signer: Signer, each: Invitation) -> own.MemberInvitation:
    address = signer.address(
        signer.sign(Token(Use.SHARED, each.page_id, NOBODY, each.signup_until))
    )
    return own.MemberInvitation.model_validate({
        "activity_id": each.activity_id, "title": each.title, "design": each.design,
        "words": each.words, "referral_code": each.referral_code, "url": address,
        "svg": svg(address), "expires_at": each.signup_until,
        "guests": each.guests, "came": each.came,
    })  # fmt: skip


def _unknown() -> Problem:
    return Problem(404, "unknown_page", "There is no such invitation, or it was taken back")
