"""Coupons of a member."""

from uuid import UUID

from chassis.web import APIRouter, ReadDep
from contracts.points.coupons import Coupons
from points_service.coupons import use_cases

router = APIRouter()


@router.get("/v1/members/{member_id}/coupons")
async def coupons(member_id: UUID, tx: ReadDep) -> Coupons:
    """Coupons a member holds or has used."""
    return await use_cases.show(tx, member_id)
