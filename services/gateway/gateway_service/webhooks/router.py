"""Webhooks of the caller; each change is audited."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.gateway.audit import Action, Decision
from contracts.gateway.webhooks import (
    Webhook,
    WebhookDeliveries,
    WebhookDelivery,
    WebhookRequest,
    Webhooks,
    WebhookSecret,
)
from gateway_service.audit.use_cases import entry_by
from gateway_service.paging import CursorQuery, LimitQuery
from gateway_service.parts import PartsDep
from gateway_service.webhooks import use_cases

router = APIRouter()


async def _audited(request: Request, tx: TxDep, parts: PartsDep, principal: PrincipalDep) -> None:
    """Who changed what, if it was changed: the entry commits with it."""
    operation = f"{request.method} {request.scope['route'].path}"
    webhook = request.path_params.get("webhook_id")
    entry = entry_by(principal, Action.ADMISSION, Decision.DONE, operation, ticket=webhook)
    parts.audit.record(tx, entry)


AUDITED = [Depends(_audited)]


async def _hooks(request: Request) -> use_cases.Webhooks:
    hooks: use_cases.Webhooks = request.app.state.webhooks
    return hooks


HooksDep = Annotated[use_cases.Webhooks, Depends(_hooks)]


@router.get("/v1/webhooks")
async def listed(
    tx: ReadDep, principal: PrincipalDep, limit: LimitQuery = 50, cursor: CursorQuery = None
) -> Webhooks:
    """The oldest first."""
    return await use_cases.listed(tx, principal, cursor, limit)


@router.post("/v1/webhooks", status_code=201, dependencies=AUDITED)
async def register(
    body: WebhookRequest, tx: TxDep, hooks: HooksDep, principal: PrincipalDep
) -> WebhookSecret:
    """A new one."""
    return await use_cases.register(tx, hooks, principal, body)


@router.delete("/v1/webhooks/{webhook_id}", status_code=204, dependencies=AUDITED)
async def remove(webhook_id: UUID, tx: TxDep, principal: PrincipalDep) -> Response:
    """One less."""
    await use_cases.remove(tx, principal, webhook_id)
    return Response(status_code=204)


@router.post("/v1/webhooks/{webhook_id}/rotate", dependencies=AUDITED)
async def rotate(
    webhook_id: UUID, tx: TxDep, hooks: HooksDep, principal: PrincipalDep
) -> WebhookSecret:
    """A new secret."""
    return await use_cases.rotate(tx, hooks, principal, webhook_id)


@router.post("/v1/webhooks/{webhook_id}/enable", dependencies=AUDITED)
async def enable(webhook_id: UUID, tx: TxDep, principal: PrincipalDep) -> Webhook:
    """Try again."""
    return await use_cases.enable(tx, principal, webhook_id)


@router.post("/v1/webhooks/{webhook_id}/ping", status_code=202)
async def ping(webhook_id: UUID, tx: TxDep, principal: PrincipalDep) -> WebhookDelivery:
    """A test message; `GET …/deliveries` says what became of it."""
    return await use_cases.ping(tx, principal, webhook_id)


@router.get("/v1/webhooks/{webhook_id}/deliveries")
async def deliveries(
    webhook_id: UUID,
    tx: ReadDep,
    principal: PrincipalDep,
    limit: LimitQuery = 50,
    cursor: CursorQuery = None,
) -> WebhookDeliveries:
    """Newest first."""
    return await use_cases.deliveries(tx, principal, webhook_id, cursor, limit)
