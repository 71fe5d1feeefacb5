"""Keys of partners."""

from fastapi import Response

from chassis.web import APIRouter, ReadDep, TxDep
from contracts.gateway.access import ClientKeyItem, ClientKeyRequest, ClientKeys
from gateway_service.audit.calls import AUDITED
from gateway_service.signatures import use_cases

router = APIRouter()


@router.get("/v1/clients/{client_id}/keys")
async def listed(client_id: str, tx: ReadDep) -> ClientKeys:
    """The oldest first."""
    return await use_cases.listed(tx, client_id)


@router.post("/v1/clients/{client_id}/keys", status_code=201, dependencies=[AUDITED])
async def admit(client_id: str, body: ClientKeyRequest, tx: TxDep) -> ClientKeyItem:
    """One more key."""
    return await use_cases.admit(tx, client_id, body)


@router.delete("/v1/clients/{client_id}/keys/{key_id}", status_code=204, dependencies=[AUDITED])
async def withdraw(client_id: str, key_id: str, tx: TxDep) -> Response:
    """One key less."""
    await use_cases.withdraw(tx, client_id, key_id)
    return Response(status_code=204)
