"""Settlements by month."""

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.points.programmes import Settlement
from points_service.parts import PartsDep
from points_service.settlements import use_cases

router = APIRouter()


@router.get("/v1/settlements")
async def settlement(month: str, tx: ReadDep, parts: PartsDep) -> Settlement:
    """All parties."""
    return await use_cases.statement(tx, parts.programme, use_cases.parsed(month))


@router.get("/v1/partners/{partner_id}/settlements")
async def of_partner(
    partner_id: str, month: str, tx: ReadDep, parts: PartsDep, principal: PrincipalDep
) -> Settlement:
    """One of them."""
    parsed = use_cases.parsed(month)
    return await use_cases.statement_of(tx, parts.programme, principal, partner_id, parsed)


@router.post("/v1/settlements/{month}/close")
async def close(month: str, tx: TxDep, parts: PartsDep) -> Settlement:
    """Close a month."""
    return await use_cases.close(tx, parts.programme, use_cases.parsed(month))
