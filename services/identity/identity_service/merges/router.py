"""Merges over HTTP."""

from uuid import UUID

from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts import identity as api
from identity_service.merges import use_cases

router = APIRouter()


@router.post("/v1/merges", status_code=201, response_model=api.Merge)
async def merge(
    body: api.MergeRequest,
    tx: TxDep,
    principal: PrincipalDep,
    once: OnceDep,
    dry_run: bool = False,
) -> Response:
    """Merge two members, or say what would move (200)."""
    return await once(
        lambda: use_cases.merge(tx, principal, body, dry_run=dry_run),
        status=200 if dry_run else 201,
        dry_run=dry_run,
    )


@router.get("/v1/merges/{merge_id}")
async def read(merge_id: UUID, tx: ReadDep) -> api.Merge:
    """A merge and its lineage."""
    return await use_cases.read(tx, merge_id)
