"""The Segment HTTP API, and what it could not take."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Request

from chassis.web import APIRouter, ReadDep, TxDep
from contracts.collect import CollectAnswer, MessageType
from contracts.gateway.quarantine import QuarantinePage, ReplayAnswer, ReplayRequest
from gateway_service.audit.calls import AUDITED
from gateway_service.collect import use_cases
from gateway_service.collect.bodies import KINDS, unpacked
from gateway_service.collect.use_cases import Collector
from gateway_service.paging import CursorQuery, LimitQuery

router = APIRouter()


async def _collector(request: Request) -> Collector:
    collector: Collector = request.app.state.collector
    return collector


CollectorDep = Annotated[Collector, Depends(_collector)]


async def _take(request: Request, collector: Collector, kind: MessageType | None) -> CollectAnswer:
    source = await collector.source(request.headers.get("authorization", ""))
    encoding = request.headers.get("content-encoding", "").strip().lower()
    await use_cases.take(collector, source, unpacked(await request.body(), encoding), kind)
    return CollectAnswer()


@router.post("/v1/batch")
async def batch(request: Request, collector: CollectorDep) -> CollectAnswer:
    """Many messages."""
    return await _take(request, collector, None)


def _one(kind: MessageType) -> Callable[..., Awaitable[CollectAnswer]]:
    async def take(request: Request, collector: CollectorDep) -> CollectAnswer:
        return await _take(request, collector, kind)

    return take


for _kind in KINDS:
    router.add_api_route(f"/v1/{_kind}", _one(_kind), methods=["POST"], name=_kind)


@router.get("/v1/quarantine")
async def quarantine(
    tx: ReadDep, limit: LimitQuery = 50, cursor: CursorQuery = None
) -> QuarantinePage:
    """Messages that could not be taken; payloads come sealed and are shown as the role may."""
    return await use_cases.quarantined(tx, limit, cursor)


@router.post("/v1/quarantine/{id}/replay", dependencies=[AUDITED])
async def replay(id: UUID, body: ReplayRequest, tx: TxDep, collector: CollectorDep) -> ReplayAnswer:
    """Once more."""
    corrected = msgspec.json.encode(body.message) if body.message is not None else None
    return await use_cases.replay(collector, tx, id, corrected)
