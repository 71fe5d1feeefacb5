"""Holds of a member's points; whoever calls at the same moment shares a transaction."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from chassis.web import APIRouter, PrincipalDep, ReadDep
from contracts.points.spending import Hold, HoldAnswer, HoldPost, HoldRequest, Holds
from points_service.holds import use_cases
from points_service.holds.asks import Place, Post, Void
from points_service.parts import PartsDep

router = APIRouter()

HOLDS = "/v1/members/{member_id}/points/holds"


@router.post(HOLDS, response_model=HoldAnswer)
async def place(
    member_id: UUID, body: HoldRequest, request: Request, principal: PrincipalDep, parts: PartsDep
) -> Response:
    """Set points aside."""
    return await parts.holds(request, principal, Place(member_id, body, principal.role))


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
    request: Request,
    principal: PrincipalDep,
    parts: PartsDep,
) -> Response:
    """Spend what a hold set aside."""
    return await parts.holds(request, principal, Post(member_id, hold_id, body.points))


@router.post(HOLDS + "/{hold_id}/void", response_model=HoldAnswer)
async def void(
    member_id: UUID, hold_id: UUID, request: Request, principal: PrincipalDep, parts: PartsDep
) -> Response:
    """Give back what a hold set aside."""
    return await parts.holds(request, principal, Void(member_id, hold_id))
