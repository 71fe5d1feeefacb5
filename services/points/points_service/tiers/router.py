"""Ladders."""

from typing import Annotated

from fastapi import Path

from chassis.web import APIRouter, DbDep, PrincipalDep, ReadDep
from contracts.points.tiers import (
    TierLadder,
    TierLadderChange,
    TierLadders,
    TierLadderVersions,
)
from points_service.parts import PartsDep
from points_service.reviews.use_cases import bring
from points_service.tiers import use_cases

router = APIRouter()

LadderId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,32}$")]


@router.get("/v1/tier-ladders")
async def ladders(tx: ReadDep, parts: PartsDep) -> TierLadders:
    """All ladders."""
    return await use_cases.show_all(tx, parts.programme)


@router.get("/v1/tier-ladders/{ladder_id}")
async def ladder(ladder_id: LadderId, tx: ReadDep, parts: PartsDep) -> TierLadder:
    """A ladder's tiers, their conditions, benefits and worth."""
    return await use_cases.show(tx, parts.programme, ladder_id)


@router.put("/v1/tier-ladders/{ladder_id}")
async def change(
    ladder_id: LadderId,
    body: TierLadderChange,
    db: DbDep,
    parts: PartsDep,
    principal: PrincipalDep,
) -> TierLadder:
    """Bring a new version; members of the programme's ladder go along."""
    return await bring(db, parts.programme, ladder_id, body, principal.subject)


@router.get("/v1/tier-ladders/{ladder_id}/versions")
async def versions(ladder_id: LadderId, tx: ReadDep, parts: PartsDep) -> TierLadderVersions:
    """What a ladder was like, when, and by whom."""
    return await use_cases.versions(tx, parts.programme, ladder_id)
