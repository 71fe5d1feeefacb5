"""Retention and the register."""

from chassis.web import APIRouter, ReadDep
from contracts.gateway.retention import ProcessingRegister, Retention
from gateway_service.parts import PartsDep
from gateway_service.retention import domain, use_cases

router = APIRouter()


@router.get("/v1/retention")
async def retention(tx: ReadDep, parts: PartsDep) -> Retention:
    """Limits, and what is overdue."""
    return await use_cases.report(tx, parts.inner)


@router.get("/v1/processing-register")
async def processing_register() -> ProcessingRegister:
    """Every activity."""
    return domain.register()
