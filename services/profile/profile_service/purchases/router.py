"""Figures about all purchases."""

from chassis.web import APIRouter, ReadDep
from contracts.profile import PurchaseFigures
from profile_service.purchases import use_cases

router = APIRouter()


@router.get("/v1/insights/purchases")
async def purchase_figures(tx: ReadDep) -> PurchaseFigures:
    """Orders, lines and money of the programme."""
    return await use_cases.figures(tx)
