"""Identifiers over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep, bulk_body, encoded
from contracts import identity as api
from contracts.identity_inner import ResolveAnswer, ResolveRequest
from identity_service.identifiers import use_cases
from identity_service.identifiers.owners import Owners

router = APIRouter()
Resolve = Annotated[ResolveRequest, bulk_body(ResolveRequest)]


@router.post("/v1/members/lookup", response_model_exclude_unset=True)
async def lookup(body: api.SealedLookup, tx: ReadDep) -> api.LookupAnswer:
    """The member who has an identifier."""
    return await use_cases.lookup(tx, body)


@router.get("/v1/members/{member_id}/identifiers")
async def identifiers(
    member_id: UUID,
    tx: ReadDep,
    limit: Annotated[int, Query(ge=1, le=200)] = use_cases.PAGE,
    cursor: str | None = None,
) -> api.Identifiers:
    """A member's identifiers."""
    return await use_cases.page(tx, member_id, limit, cursor)


@router.post("/v1/members/{member_id}/identifiers", status_code=201)
async def link(
    member_id: UUID, body: api.SealedLink, tx: TxDep, principal: PrincipalDep, response: Response
) -> api.LinkAnswer:
    """Link an identifier: 201 if it is new, else 200."""
    answer = await use_cases.link(tx, principal, member_id, body)
    response.status_code = 201 if answer.outcome == "linked" else 200
    return answer


@router.post("/internal/resolve", response_model=None)
async def resolve(body: Resolve, tx: ReadDep, request: Request) -> Response:
    """Surviving members by index, for the gateway."""
    owners: Owners = request.app.state.owners
    found, _ = await owners.of(tx, body.indexes)
    return encoded(ResolveAnswer(members={i: owner.member_id for i, owner in found.items()}))
