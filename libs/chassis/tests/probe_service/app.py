"""The probe: hears PointsBurnt, writes it down; spends on request."""

from collections.abc import Sequence

import asyncpg
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel

from chassis.app import Service, build
from chassis.bus import Subscription
from chassis.database import Tx
from chassis.inbox import Poison
from chassis.problem import Problem
from chassis.settings import Settings
from chassis.shared import Shared
from chassis.web import OnceDep, PrincipalDep, TxDep
from contracts.events import PointsBurnt

POISON, FAILS_ONCE = 66_666, 77_777
UNLUCKY, BREAKS = 13, 99
router = APIRouter()
failed: set[int] = set()


class Spend(BaseModel):
    """What to spend."""

    n: int


@router.post("/spend")
async def spend(body: Spend, tx: TxDep, once: OnceDep) -> Response:
    """Write one row; UNLUCKY is refused after the row was written."""

    async def action() -> Spend:
        await tx.execute("INSERT INTO spent VALUES ($1)", body.n)
        if body.n == UNLUCKY:
            raise _unlucky()
        return body

    return await once(action, status=201)


@router.post("/spend/shared")
async def spend_shared(body: Spend, request: Request, principal: PrincipalDep) -> Response:
    """The same in one transaction with whoever calls at this moment; BREAKS fails them all."""
    shared: Shared[Spend] = request.app.state.spend
    return await shared(request, principal, body)


async def _spend_all(tx: Tx, asks: Sequence[Spend]) -> list[Spend | Problem]:
    good = [ask.n for ask in asks if ask.n != UNLUCKY]
    await tx.execute("INSERT INTO spent SELECT * FROM unnest($1::int[])", good)
    if BREAKS in good:
        raise asyncpg.DeadlockDetectedError("as it happens")
    return [_unlucky() if ask.n == UNLUCKY else ask for ask in asks]


def _unlucky() -> Problem:
    return Problem(422, "unlucky", "Not this one", pointer="/n")


async def _share(app: FastAPI) -> None:
    app.state.spend = Shared(app.state.db, _spend_all, max_batch=64)


async def hear(tx: Tx, events: Sequence[PointsBurnt]) -> None:
    """Write down what was burnt, in order."""
    for event in events:
        await tx.execute("INSERT INTO heard (points) VALUES ($1)", event.points)
        if event.points == POISON:
            raise Poison("never works")
        if event.points == FAILS_ONCE and event.points not in failed:
            failed.add(event.points)
            raise ValueError("fails once")


def create_app() -> object:
    """The probe's app."""
    return build(
        Service(
            name="probe",
            settings=Settings(),
            routers=[router],
            subscriptions=[Subscription(PointsBurnt, hear)],
            start=[_share],
        )
    )
