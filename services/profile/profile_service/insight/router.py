"""Why figures moved."""

from datetime import date
from typing import Annotated

from fastapi import Query

from chassis.web import APIRouter, PrincipalDep, ReadDep
from contracts.insights import Against, Decomposition, Kpi, Outlook
from contracts.roles import Role
from profile_service.insight import use_cases
from profile_service.insight.domain import Question

router = APIRouter()


@router.get("/v1/insights/decompose")
async def decompose(
    tx: ReadDep,
    principal: PrincipalDep,
    *,
    kpi: Kpi = "sales",
    by: Annotated[str | None, Query(max_length=80)] = None,
    since: date | None = None,
    until: date | None = None,
    against: Against = "previous",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Decomposition:
    """Why sales or orders moved."""
    few = principal.role is Role.DATA_OPERATOR
    asked = Question(kpi, use_cases.dimensions(by, kpi, few), since, until, against, limit)
    return await use_cases.decompose(tx, asked, use_cases.SMALLEST if few else 1)


@router.get("/v1/insights/forecast")
async def forecast(tx: ReadDep) -> Outlook:
    """Sales of the weeks to come, and members likely to leave."""
    return await use_cases.outlook(tx)
