"""Holds of a member's points."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.points.spending import Hold, HoldAnswer, HoldPost, HoldRequest, Holds
from points_service.holds import use_cases
from points_service.parts import PartsDep

router = APIRouter()

HOLDS = "/v1/members/{member_id}/points/holds"


@router.post(HOLDS, response_model=HoldAnswer)
async def place(
    *,
    member_id: UUID,
    body: HoldRequest,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Set points aside."""

    async def run() -> HoldAnswer:
        return await use_cases.place(
            tx,
            parts.programme,
            parts.catalogue,
            role=principal.role,
            member_id=member_id,
            request=body,
        )

    return await once(run)


@router.get(HOLDS)
async def open_holds(
    *,
    member_id: UUID,
    tx: ReadDep,
    parts: PartsDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: UUID | None = None,
) -> Holds:
    """Open holds of a member, oldest first."""
    return await use_cases.show_open(tx, parts.programme, member_id, cursor, limit)


@router.get(HOLDS + "/{hold_id}")
async def hold(member_id: UUID, hold_id: UUID, tx: ReadDep, parts: PartsDep) -> Hold:
    """A hold, open or resolved."""
    return await use_cases.show(tx, parts.programme, member_id, hold_id)


@router.post(HOLDS + "/{hold_id}/post", response_model=HoldAnswer)
async def post(
    *,
    member_id: UUID,
    hold_id: UUID,
    body: HoldPost,
    tx: TxDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Spend what a hold set aside."""
    return await once(
        lambda: use_cases.post(tx, parts.programme, member_id, hold_id, body),
    )


@router.post(HOLDS + "/{hold_id}/void", response_model=HoldAnswer)
async def void(
    *,
    member_id: UUID,
    hold_id: UUID,
    tx: TxDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Give back what a hold set aside."""
    return await once(lambda: use_cases.void(tx, parts.programme, member_id, hold_id))
