"""Where members stand and how they moved."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.web import APIRouter, ReadDep
from contracts.points.tiers import MemberTier, TierMovements
from points_service.parts import PartsDep
from points_service.reviews import views

router = APIRouter()


@router.get("/v1/members/{member_id}/tier")
async def tier(member_id: UUID, tx: ReadDep, parts: PartsDep) -> MemberTier:
    """Tier, warning, the way to the next, and history."""
    return await views.tier(tx, parts.programme, member_id)


@router.get("/v1/tiers/movements")
async def movements(
    tx: ReadDep,
    first: Annotated[date | None, Query(alias="from")] = None,
    last: Annotated[date | None, Query(alias="to")] = None,
) -> TierMovements:
    """Changes of tier and warnings by month."""
    return await views.movements(tx, first, last)
