"""Paths of the workflow."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from campaign_service.campaigns import use_cases
from campaign_service.campaigns.domain import Action
from campaign_service.paging import CursorDep, LimitDep
from chassis.idempotency import once
from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.campaign import Campaign, CampaignPage, CampaignRequest, RejectRequest

router = APIRouter(prefix="/v1/campaigns")


@dataclass
class Call:
    """A POST: who, in which transaction, for real or dry."""

    request: Request
    tx: TxDep
    principal: PrincipalDep
    dry_run: bool = False


CallDep = Annotated[Call, Depends()]


@router.get("")
async def listed(tx: ReadDep, cursor: CursorDep = None, limit: LimitDep = 50) -> CampaignPage:
    """Campaigns, newest first."""
    return await use_cases.listed(tx, cursor, limit)


@router.post("", status_code=201, response_model=Campaign)
async def plan(call: CallDep, body: CampaignRequest) -> Campaign | Response:
    """A new plan."""
    author = call.principal.subject
    if call.dry_run:
        return await use_cases.plan(call.tx, author, body, dry_run=True)
    return await once(
        call.tx, call.request, call.principal,
        lambda: use_cases.plan(call.tx, author, body), status=201,
    )  # fmt: skip


@router.get("/{campaign_id}")
async def show(campaign_id: UUID, tx: ReadDep) -> Campaign:
    """A campaign with its history."""
    return await use_cases.show(tx, campaign_id)


@router.post("/{campaign_id}/submit", response_model=Campaign)
async def submit(campaign_id: UUID, call: CallDep) -> Campaign | Response:
    """Planned → submitted."""
    return await _advance(call, campaign_id, Action.SUBMIT)


@router.post("/{campaign_id}/approve", response_model=Campaign)
async def approve(campaign_id: UUID, call: CallDep) -> Campaign | Response:
    """Submitted → approved, by somebody else."""
    return await _advance(call, campaign_id, Action.APPROVE)


@router.post("/{campaign_id}/reject", response_model=Campaign)
async def reject(campaign_id: UUID, call: CallDep, body: RejectRequest) -> Campaign | Response:
    """Submitted → planned again."""
    return await _advance(call, campaign_id, Action.REJECT, body.reason)


@router.post("/{campaign_id}/launch", response_model=Campaign)
async def launch(campaign_id: UUID, call: CallDep) -> Campaign | Response:
    """Approved or paused → launched."""
    return await _advance(call, campaign_id, Action.LAUNCH)


@router.post("/{campaign_id}/pause", response_model=Campaign)
async def pause(campaign_id: UUID, call: CallDep) -> Campaign | Response:
    """Launched → paused."""
    return await _advance(call, campaign_id, Action.PAUSE)


@router.post("/{campaign_id}/finish", response_model=Campaign)
async def finish(campaign_id: UUID, call: CallDep) -> Campaign | Response:
    """Launched or paused → finished."""
    return await _advance(call, campaign_id, Action.FINISH)


async def _advance(
    call: Call, campaign_id: UUID, action: Action, note: str | None = None
) -> Campaign | Response:
    actor = call.principal.subject
    if call.dry_run:
        return await use_cases.advance(call.tx, campaign_id, action, actor, note, dry_run=True)
    return await once(
        call.tx, call.request, call.principal,
        lambda: use_cases.advance(call.tx, campaign_id, action, actor, note),
    )  # fmt: skip
