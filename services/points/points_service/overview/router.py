"""What members, staff and auditors look at."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.web import APIRouter, ReadDep
from contracts.points.earning import Growth
from contracts.points.ledger import Liability, PointsStats, Statement, TrialBalance
from contracts.points.spending import PointsBalance, PointsEntries
from points_service.overview import books, use_cases
from points_service.parts import PartsDep

router = APIRouter()

Limit = Annotated[int, Query(ge=1, le=use_cases.MAX_PAGE)]


@router.get("/v1/members/{member_id}/points")
async def points(member_id: UUID, tx: ReadDep) -> PointsBalance:
    """Points a member has."""
    return await use_cases.points(tx, member_id)


@router.get("/v1/members/{member_id}/points/entries")
async def entries(
    member_id: UUID, tx: ReadDep, parts: PartsDep, limit: Limit = 50, cursor: str | None = None
) -> PointsEntries:
    """Lines of a member's account, newest first."""
    return await use_cases.entries(tx, parts.programme, member_id, cursor, limit)


@router.get("/v1/members/{member_id}/growth")
async def growth(member_id: UUID, tx: ReadDep) -> Growth:
    """Growth value, by kind."""
    return await use_cases.growth_of(tx, member_id)


@router.get("/v1/ledger/trial-balance")
async def trial_balance(tx: ReadDep) -> TrialBalance:
    """Debits and credits of every kind of account."""
    return await books.trial_balance(tx)


@router.get("/v1/ledger/liability")
async def liability(tx: ReadDep, parts: PartsDep) -> Liability:
    """What outstanding points would cost."""
    return await books.liability(tx, parts.programme)


@router.get("/v1/members/{member_id}/points/statement")
async def statement(
    member_id: UUID, tx: ReadDep, start: datetime | None = None, end: datetime | None = None
) -> Statement:
    """Points of a period."""
    return await books.statement(tx, member_id, start, end)


@router.get("/v1/points/stats")
async def stats(tx: ReadDep, parts: PartsDep) -> PointsStats:
    """Growth, points and tiers in figures."""
    return await use_cases.stats(tx, parts.programme)
