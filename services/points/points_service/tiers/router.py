"""Ladders."""

from chassis.web import APIRouter, ReadDep
from contracts.points.tiers import TierLadder
from points_service.tiers import use_cases

router = APIRouter()


@router.get("/v1/tier-ladders/{ladder_id}")
async def ladder(ladder_id: str, tx: ReadDep) -> TierLadder:
    """A ladder's tiers and their conditions."""
    return await use_cases.show(tx, ladder_id)
