"""The paths of the board."""

from datetime import date
from typing import Annotated

from fastapi import Query

from campaign_service.kpis import board, reporting, use_cases
from campaign_service.paging import LimitDep
from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.campaign.kpis import (
    Breakdown,
    KpiBoard,
    KpiReports,
    KpiTargetHistory,
    KpiTargets,
    KpiTargetsBody,
)

router = APIRouter(prefix="/v1")
FirstQuery = Annotated[date | None, Query(alias="from")]
LastQuery = Annotated[date | None, Query(alias="to")]
WeekQuery = Annotated[date | None, Query(alias="cursor")]


@router.get("/kpis")
async def show(
    tx: ReadDep, first: FirstQuery = None, last: LastQuery = None, by: Breakdown | None = None
) -> KpiBoard:
    """The board."""
    return await board.board(tx, first, last, by)


@router.get("/kpis/reports")
async def reports(tx: ReadDep, before: WeekQuery = None, limit: LimitDep = 50) -> KpiReports:
    """Weekly reports."""
    return await reporting.reports(tx, before, limit)


@router.get("/kpi-targets")
async def targets(tx: ReadDep) -> KpiTargetHistory:
    """What is aimed at."""
    return await use_cases.target_history(tx)


@router.put("/kpi-targets")
async def set_targets(body: KpiTargetsBody, tx: TxDep, principal: PrincipalDep) -> KpiTargets:
    """Aim at something else."""
    return await use_cases.set_targets(tx, body, principal.subject)
