"""The probe: hears PointsBurnt, writes it down; spends on request."""

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel

from chassis.app import Service, build
from chassis.bus import Subscription
from chassis.database import Tx
from chassis.inbox import Poison
from chassis.problem import Problem
from chassis.settings import Settings
from chassis.web import OnceDep, TxDep
from contracts.events import PointsBurnt

POISON, FAILS_ONCE = 66_666, 77_777
router = APIRouter()
failed: set[int] = set()


class Spend(BaseModel):
    """What to spend."""

    n: int


@router.post("/spend")
async def spend(body: Spend, tx: TxDep, once: OnceDep) -> Response:
    """Write one row; 13 is refused after the row was written."""

    async def action() -> Spend:
        await tx.execute("INSERT INTO spent VALUES ($1)", body.n)
        if body.n == 13:
            raise Problem(422, "unlucky", "Not this one", pointer="/n")
        return body

    return await once(action, status=201)


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
        )
    )
