"""Paths of development; the front door knows them only where HUIYUAN_DEV is true."""

from typing import Annotated

from fastapi import Depends, Query, Request

from chassis.app import Runtime
from chassis.web import APIRouter, ReadDep
from contracts.gateway.dev import ClockAnswer, ClockMove, SandboxPage, Settled
from gateway_service.dev import use_cases
from gateway_service.egress import use_cases as egress
from gateway_service.paging import LimitQuery
from gateway_service.parts import PartsDep

router = APIRouter()


async def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDep = Annotated[Runtime, Depends(_runtime)]
SinceQuery = Annotated[int, Query(ge=0, le=2**63 - 1)]


@router.post("/dev/clock")
async def clock(body: ClockMove, runtime: RuntimeDep, parts: PartsDep) -> ClockAnswer:
    """Answers when all that was due has run."""
    return await use_cases.move(runtime, parts.inner, body)


@router.get("/dev/outbox")
async def outbox(
    tx: ReadDep, parts: PartsDep, since: SinceQuery = 0, limit: LimitQuery = 50
) -> SandboxPage:
    """What the sandbox channels sent, oldest first."""
    return await egress.sandbox(tx, parts.vault, since, limit)


@router.get("/dev/settled")
async def settled(runtime: RuntimeDep, parts: PartsDep) -> Settled:
    """Answers when nothing is under way."""
    return await use_cases.settled(runtime, parts.inner)
