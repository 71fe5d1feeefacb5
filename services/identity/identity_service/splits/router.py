"""Splits over HTTP."""

from uuid import UUID

from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, TxDep
from contracts import identity as api
from identity_service.splits import use_cases

router = APIRouter()


@router.post("/v1/merges/{merge_id}/split", response_model=api.Split)
async def split(merge_id: UUID, tx: TxDep, once: OnceDep, dry_run: bool = False) -> Response:
    """Take a merge back, or say what would return."""
    return await once(
        lambda: use_cases.split(tx, merge_id, dry_run=dry_run), status=200, dry_run=dry_run
    )
