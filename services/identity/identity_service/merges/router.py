"""Merges over HTTP."""

from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from chassis.idempotency import encoded, once
from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts import identity as api
from identity_service.merges import use_cases

router = APIRouter()


@router.post("/v1/merges", status_code=201, response_model=api.Merge)
async def merge(
    body: api.MergeRequest,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    dry_run: bool = False,
) -> Response:
    """Merge two members, or say what would move (200)."""
    if dry_run:
        would_be = await use_cases.merge(tx, principal, body, dry_run=True)
        return encoded(would_be.model_dump(mode="json"))
    return await once(
        tx, request, principal, lambda: use_cases.merge(tx, principal, body), status=201
    )


@router.get("/v1/merges/{merge_id}")
async def read(merge_id: UUID, tx: ReadDep) -> api.Merge:
    """A merge and its lineage."""
    return await use_cases.read(tx, merge_id)
