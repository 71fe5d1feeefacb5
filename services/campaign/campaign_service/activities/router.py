"""The paths of activities."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from campaign_service.activities import use_cases
from campaign_service.activities.use_cases import Guest
from campaign_service.invitations import use_cases as invitations
from campaign_service.paging import CursorDep, LimitDep
from campaign_service.tokens import Signer
from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.activities import (
    Activity,
    ActivityPage,
    ActivityRequest,
    CheckinRequest,
    CodeRequest,
    QrCode,
    Signup,
    SignupPage,
    SignupRequest,
    Vote,
    VoteRequest,
    VoteResult,
)

router = APIRouter()


async def _signer(request: Request) -> Signer:
    signer: Signer = request.app.state.signer
    return signer


SignerDep = Annotated[Signer, Depends(_signer)]


async def _guest(tx: TxDep, signer: SignerDep, principal: PrincipalDep) -> Guest:
    return Guest(tx, signer, principal)


GuestDep = Annotated[Guest, Depends(_guest)]


@router.get("/v1/activities")
async def listed(tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50) -> ActivityPage:
    """Activities, newest first."""
    return await use_cases.listed(tx, cursor, limit)


@router.post("/v1/activities", status_code=201, response_model=Activity)
async def plan(body: ActivityRequest, once: OnceDep) -> Response:
    """A new activity."""
    author = once.principal.subject
    return await once(lambda: use_cases.plan(once.tx, author, body), status=201)


@router.get("/v1/activities/{activity_id}")
async def show(activity_id: UUID, tx: ReadDep) -> Activity:
    """One of them."""
    return await use_cases.show(tx, activity_id)


@router.post("/v1/activities/{activity_id}/codes", status_code=201)
async def code(activity_id: UUID, body: CodeRequest, tx: ReadDep, signer: SignerDep) -> QrCode:
    """For the poster or the door."""
    return await use_cases.code(tx, signer, activity_id, body)


@router.get("/v1/activities/{activity_id}/signups")
async def signups(
    activity_id: UUID, tx: ReadDep, signer: SignerDep, cursor: CursorDep = None,
    limit: LimitDep = 50,
) -> SignupPage:  # fmt: skip
    """Who comes."""
    return await use_cases.signups(tx, signer, activity_id, cursor, limit)


@router.post("/v1/activities/{activity_id}/signups", status_code=201)
async def sign_up(activity_id: UUID, body: SignupRequest, guest: GuestDep) -> Signup:
    """A place, or the end of the waiting list."""
    return await invitations.sign_up(guest, activity_id, body)


@router.delete("/v1/activities/{activity_id}/signups/{member_id}")
async def give_back(activity_id: UUID, member_id: UUID, guest: GuestDep) -> Signup:
    """Not coming after all."""
    return await use_cases.give_back(guest, activity_id, member_id)


@router.post("/v1/activities/{activity_id}/checkins")
async def check_in(activity_id: UUID, body: CheckinRequest, guest: GuestDep) -> Signup:
    """At the door."""
    return await use_cases.check_in(guest, activity_id, body)


@router.get("/v1/activities/{activity_id}/votes")
async def votes(activity_id: UUID, tx: ReadDep) -> VoteResult:
    """The result so far."""
    return await use_cases.votes(tx, activity_id)


@router.post("/v1/activities/{activity_id}/votes", status_code=201)
async def vote(activity_id: UUID, body: VoteRequest, guest: GuestDep) -> Vote:
    """Once a member."""
    return await use_cases.vote(guest, activity_id, body)


@router.get("/v1/members/{member_id}/signups")
async def signups_of(member_id: UUID, tx: ReadDep, signer: SignerDep) -> SignupPage:
    """Of a member."""
    return await use_cases.signups_of(tx, signer, member_id)
