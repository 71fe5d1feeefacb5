"""Paths of the workflow."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from campaign_service.campaigns import use_cases
from campaign_service.campaigns.domain import Action
from campaign_service.campaigns.use_cases import Move, Office
from campaign_service.paging import CursorDep, LimitDep
from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.campaign.plans import (
    Campaign,
    CampaignPage,
    CampaignRequest,
    Comment,
    CommentRequest,
    CopyRequest,
    PlanVersions,
    RejectRequest,
)

router = APIRouter(prefix="/v1/campaigns")


async def _office(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


OfficeDep = Annotated[Office, Depends(_office)]


@dataclass
class Call:
    """A POST: who, in which transaction, for real or dry."""

    tx: TxDep
    principal: PrincipalDep
    once: OnceDep
    office: OfficeDep
    dry_run: bool = False


CallDep = Annotated[Call, Depends()]


@router.get("")
async def listed(tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50) -> CampaignPage:
    """Campaigns, newest first."""
    return await use_cases.listed(tx, cursor, limit)


@router.post("", status_code=201, response_model=Campaign)
async def plan(call: CallDep, body: CampaignRequest) -> Response:
    """A new plan."""
    author = call.principal.subject
    return await call.once(
        lambda: use_cases.plan(call.tx, call.office, author, body, dry_run=call.dry_run),
        status=201,
        dry_run=call.dry_run,
    )


@router.get("/{campaign_id}")
async def show(campaign_id: UUID, tx: ReadDep) -> Campaign:
    """A campaign with its history."""
    return await use_cases.show(tx, campaign_id)


@router.put("/{campaign_id}")
async def revise(
    campaign_id: UUID, tx: TxDep, principal: PrincipalDep, office: OfficeDep, body: CampaignRequest
) -> Campaign:
    """The plan worded anew."""
    return await use_cases.revise(tx, office, principal.subject, campaign_id, body)


@router.get("/{campaign_id}/plans")
async def versions(campaign_id: UUID, tx: ReadDep) -> PlanVersions:
    """How the plan was worded."""
    return await use_cases.versions(tx, campaign_id)


@router.post("/{campaign_id}/comments", status_code=201, response_model=Comment)
async def comment(campaign_id: UUID, once: OnceDep, body: CommentRequest) -> Response:
    """Somebody says something to a plan."""
    author = once.principal.subject
    return await once(
        lambda: use_cases.comment(once.tx, author, campaign_id, body.text), status=201
    )


@router.post("/{campaign_id}/copy", status_code=201, response_model=Campaign)
async def copy(campaign_id: UUID, call: CallDep, body: CopyRequest) -> Response:
    """The same plan once more."""
    author, name, dry_run = call.principal.subject, body.name, call.dry_run
    return await call.once(
        lambda: use_cases.copy(call.tx, call.office, author, campaign_id, name, dry_run=dry_run),
        status=201,
        dry_run=dry_run,
    )


@router.post("/{campaign_id}/submit", response_model=Campaign)
async def submit(campaign_id: UUID, call: CallDep) -> Response:
    """Planned → submitted."""
    return await _advance(call, campaign_id, Action.SUBMIT)


@router.post("/{campaign_id}/approve", response_model=Campaign)
async def approve(campaign_id: UUID, call: CallDep, plan_version: int | None = None) -> Response:
    """Submitted → approved, by somebody else."""
    return await _advance(call, campaign_id, Action.APPROVE, plan_version=plan_version)


@router.post("/{campaign_id}/reject", response_model=Campaign)
async def reject(campaign_id: UUID, call: CallDep, body: RejectRequest) -> Response:
    """Submitted → planned again."""
    return await _advance(call, campaign_id, Action.REJECT, body.reason)


@router.post("/{campaign_id}/launch", response_model=Campaign)
async def launch(campaign_id: UUID, call: CallDep) -> Response:
    """Approved or paused → launched."""
    return await _advance(call, campaign_id, Action.LAUNCH)


@router.post("/{campaign_id}/pause", response_model=Campaign)
async def pause(campaign_id: UUID, call: CallDep) -> Response:
    """Launched → paused."""
    return await _advance(call, campaign_id, Action.PAUSE)


@router.post("/{campaign_id}/finish", response_model=Campaign)
async def finish(campaign_id: UUID, call: CallDep) -> Response:
    """Launched or paused → finished."""
    return await _advance(call, campaign_id, Action.FINISH)


async def _advance(
    call: Call,
    campaign_id: UUID,
    action: Action,
    note: str | None = None,
    *,
    plan_version: int | None = None,
) -> Response:
    dry_run = call.dry_run
    move = Move(action, call.principal.subject, note, plan_version)
    return await call.once(
        lambda: use_cases.advance(call.tx, call.office, campaign_id, move, dry_run=dry_run),
        dry_run=dry_run,
    )
