"""Channels, dead letters, and where providers post receipts."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.gateway.channels import Channels, DeadLetters
from contracts.gateway.hands import CallAnswer, CallTask, CallTasks, PromptAnswer, Prompts
from gateway_service.dispatch import hands, keeping, use_cases
from gateway_service.dispatch.use_cases import Dispatch
from gateway_service.paging import CursorQuery, LimitQuery
from gateway_service.parts import PartsDep

router = APIRouter()


async def _dispatch(request: Request) -> Dispatch:
    dispatch: Dispatch = request.app.state.dispatch
    return dispatch


DispatchDep = Annotated[Dispatch, Depends(_dispatch)]


@router.get("/v1/channels")
async def channels(tx: ReadDep, dispatch: DispatchDep) -> Channels:
    """All of them."""
    return await keeping.channels(tx, dispatch)


@router.get("/v1/dead-letters")
async def dead_letters(
    tx: ReadDep, limit: LimitQuery = 50, cursor: CursorQuery = None
) -> DeadLetters:
    """Newest first."""
    return await keeping.dead_letters(tx, cursor, limit)


@router.post("/v1/dead-letters/{delivery_id}/replay", status_code=202)
async def replay(
    delivery_id: UUID, tx: TxDep, principal: PrincipalDep, dispatch: DispatchDep
) -> Response:
    """It waits again."""
    await keeping.replay(tx, dispatch, principal, delivery_id)
    return Response(status_code=202)


@router.get("/v1/receipts/{provider}/{receipts_key}")
async def probe(
    provider: str, receipts_key: str, request: Request, dispatch: DispatchDep
) -> Response:
    """Some providers look first whether somebody listens who knows their secret."""
    asked = keeping.Asked(provider, receipts_key, dict(request.query_params), b"")
    _, told = keeping.read(dispatch, asked)
    return Response(told.answer, media_type=told.media_type)


@router.post("/v1/receipts/{provider}/{receipts_key}")
async def receipts(
    provider: str, receipts_key: str, request: Request, tx: TxDep, dispatch: DispatchDep
) -> Response:
    """Written down before they are answered; the answer is what the provider wants to hear."""
    body = await request.body()
    asked = keeping.Asked(provider, receipts_key, dict(request.query_params), body)
    carrier, told = keeping.read(dispatch, asked)
    await use_cases.receive(tx, carrier, told.receipts)
    return Response(told.answer, media_type=told.media_type)


@router.get("/v1/members/{member_id}/prompts")
async def prompts(member_id: UUID, tx: ReadDep, parts: PartsDep) -> Prompts:
    """What the member still agrees to."""
    return await hands.prompts(tx, parts.vault, member_id)


@router.post("/v1/members/{member_id}/prompts/{delivery_id}/answers", status_code=204)
async def shown(member_id: UUID, delivery_id: UUID, body: PromptAnswer, tx: TxDep) -> Response:
    """The receipt of a prompt."""
    await hands.show(tx, member_id, delivery_id, body.outcome)
    return Response(status_code=204)


@router.get("/v1/call-tasks")
async def call_tasks(
    tx: ReadDep, principal: PrincipalDep, parts: PartsDep, limit: LimitQuery = 50
) -> CallTasks:
    """For whoever asks."""
    return await hands.tasks(tx, parts.vault, principal, limit)


@router.post("/v1/call-tasks/{delivery_id}/claim")
async def take(delivery_id: UUID, tx: TxDep, principal: PrincipalDep, parts: PartsDep) -> CallTask:
    """It is the caller's."""
    return await hands.take(tx, parts.vault, principal, delivery_id)


@router.post("/v1/call-tasks/{delivery_id}/close", status_code=204)
async def close(
    delivery_id: UUID, body: CallAnswer, tx: TxDep, principal: PrincipalDep
) -> Response:
    """The receipt of a call."""
    await hands.close(tx, principal, delivery_id, body.outcome)
    return Response(status_code=204)
