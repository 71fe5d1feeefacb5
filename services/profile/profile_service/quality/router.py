"""Reports on data quality."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request

from chassis.web import APIRouter, ReadDep
from contracts.quality import KeptReports, QualityReport
from profile_service.quality import use_cases
from profile_service.quality.use_cases import Watch

router = APIRouter()


async def _watch(request: Request) -> Watch:
    watch: Watch = request.app.state.watch
    return watch


@router.get("/v1/quality/report")
async def report(
    request: Request,
    tx: ReadDep,
    watch: Annotated[Watch, Depends(_watch)],
    week: date | None = None,
) -> QualityReport:
    """Of the last seven days, or of a week that was kept."""
    if week is not None:
        return await use_cases.of_week(tx, week)
    unread = sum([await each.lag() for each in request.app.state.runtime.consumers])
    return await use_cases.last_days(tx, watch.limits, unread)


@router.get("/v1/quality/reports")
async def reports(
    tx: ReadDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: date | None = None,
) -> KeptReports:
    """Weeks that were kept."""
    return await use_cases.kept(tx, limit, cursor)
