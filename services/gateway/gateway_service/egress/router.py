"""Consents."""

from uuid import UUID

from chassis.web import APIRouter, ReadDep, TxDep
from contracts.gateway.consents import Consents, ConsentsRequest
from gateway_service.egress import use_cases

router = APIRouter()


@router.get("/v1/members/{member_id}/consents")
async def consents(member_id: UUID, tx: ReadDep) -> Consents:
    """What the member has answered."""
    return await use_cases.consents(tx, member_id)


@router.put("/v1/members/{member_id}/consents")
async def change_consents(member_id: UUID, body: ConsentsRequest, tx: TxDep) -> Consents:
    """Give or withdraw."""
    return await use_cases.change_consents(tx, member_id, body)
