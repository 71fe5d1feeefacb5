"""The paths of communities and advocates."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from campaign_service.communities import use_cases
from campaign_service.paging import LimitDep
from chassis.web import APIRouter, ReadDep, TxDep
from contracts.activities import Advocates, Communities, Community, CommunityRequest
from contracts.points.common import Code

router = APIRouter()
InterestPath = Annotated[Code, Path()]


@router.get("/v1/communities")
async def listed(tx: ReadDep) -> Communities:
    """All of them."""
    return await use_cases.listed(tx)


@router.put("/v1/communities/{interest}")
async def put(interest: InterestPath, body: CommunityRequest, tx: TxDep) -> Community:
    """Open or rename."""
    return await use_cases.put(tx, interest, body)


@router.get("/v1/members/{member_id}/communities")
async def of_member(member_id: UUID, tx: ReadDep) -> Communities:
    """Those that a member is in."""
    return await use_cases.of_member(tx, member_id)


@router.put("/v1/members/{member_id}/communities/{interest}")
async def join(member_id: UUID, interest: InterestPath, tx: TxDep) -> Communities:
    """One more."""
    return await use_cases.join(tx, member_id, interest)


@router.delete("/v1/members/{member_id}/communities/{interest}")
async def leave(member_id: UUID, interest: InterestPath, tx: TxDep) -> Communities:
    """One less."""
    return await use_cases.leave(tx, member_id, interest)


@router.get("/v1/advocates")
async def advocates(tx: ReadDep, limit: LimitDep = 50) -> Advocates:
    """Whom others follow."""
    return await use_cases.advocates(tx, limit)
