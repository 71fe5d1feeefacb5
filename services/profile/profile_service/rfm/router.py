"""RFM of the population."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.rfm import RfmCells, RfmReport, RfmStrategy, RfmStrategyBody
from profile_service.rfm import use_cases
from profile_service.rfm.use_cases import Scheme

router = APIRouter()
# In a query an unescaped "+" means a space; people type "+08:00" all the same.
Moment = Annotated[AwareDatetime, BeforeValidator(lambda text: text.replace(" ", "+"))]


@router.get("/v1/insights/rfm")
async def rfm(
    tx: ReadDep,
    at: Moment | None = None,
    scheme: Scheme = "terciles",
) -> RfmReport:
    """Members by recency, frequency and money."""
    moment: datetime = at or tx.now
    return await use_cases.report(tx, moment, scheme)


@router.get("/v1/rfm-cells")
async def rfm_cells(tx: ReadDep) -> RfmCells:
    """The 27 cells."""
    return await use_cases.cells(tx)


@router.put("/v1/rfm-cells/{cell}/strategy")
async def put_strategy(
    cell: str, body: RfmStrategyBody, tx: TxDep, principal: PrincipalDep
) -> RfmStrategy:
    """What to do about members of a cell."""
    return await use_cases.define(tx, cell, body, principal.subject)


@router.delete("/v1/rfm-cells/{cell}/strategy")
async def restore_strategy(cell: str, tx: TxDep) -> RfmStrategy:
    """Back to what was shipped."""
    return await use_cases.restore(tx, cell)
