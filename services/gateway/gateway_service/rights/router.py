"""Rights that members claim."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Query
from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.gateway.rights import (
    RightsItem,
    RightsPage,
    RightsRefusal,
    RightsRequest,
    RightsState,
)
from gateway_service.paging import CursorQuery, LimitQuery
from gateway_service.parts import PartsDep
from gateway_service.rights import use_cases
from gateway_service.rights.repository import Wanted
from gateway_service.rights.use_cases import Requester

router = APIRouter()
OF_MEMBER = "/v1/members/{member_id}/rights-requests"


@router.post(OF_MEMBER, status_code=201, response_model=RightsItem)
async def claim(
    member_id: UUID,
    body: RightsRequest,
    parts: PartsDep,
    once: OnceDep,
    ticket: Annotated[str | None, Header()] = None,
) -> Response:
    """A right is claimed."""
    by = Requester(once.principal, ticket)
    return await once(lambda: use_cases.claim(once.tx, parts, by, member_id, body), status=201)


@router.get(OF_MEMBER)
async def requests(
    member_id: UUID, tx: ReadDep, limit: LimitQuery = 50, cursor: CursorQuery = None
) -> RightsPage:
    """What the member asked for."""
    return await use_cases.listed(tx, Wanted(member=member_id), limit, cursor)


@router.get(OF_MEMBER + "/{request_id}")
async def request(member_id: UUID, request_id: UUID, tx: ReadDep) -> RightsItem:
    """How far it is."""
    return await use_cases.read(tx, member_id, request_id)


@router.get(OF_MEMBER + "/{request_id}/archive")
async def archive(
    member_id: UUID, request_id: UUID, tx: TxDep, principal: PrincipalDep, parts: PartsDep
) -> Response:
    """Everything that is held, as a file."""
    packed = await use_cases.fetch(tx, parts, Requester(principal), member_id, request_id)
    name = {"content-disposition": f'attachment; filename="{request_id}.zip"'}
    return Response(packed, media_type="application/zip", headers=name)


@router.get("/v1/rights-requests")
async def all_requests(
    tx: ReadDep, limit: LimitQuery = 50, cursor: CursorQuery = None,
    state: RightsState | None = None, overdue: Annotated[bool, Query()] = False,
) -> RightsPage:  # fmt: skip
    """Requests of everybody."""
    return await use_cases.listed(tx, Wanted(state=state, overdue=overdue), limit, cursor)


@router.post("/v1/rights-requests/{request_id}/refuse")
async def refuse(
    request_id: UUID, body: RightsRefusal, tx: TxDep, principal: PrincipalDep, parts: PartsDep
) -> RightsItem:
    """With a reason."""
    return await use_cases.refuse(tx, parts, principal, request_id, body)
