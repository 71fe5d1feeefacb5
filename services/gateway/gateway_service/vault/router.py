"""Rotating keys."""

from uuid import UUID

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.auditing import Action, Decision
from contracts.gateway.keys import KeyRotation, RotateKeys
from gateway_service.audit.use_cases import entry_by
from gateway_service.parts import PartsDep

router = APIRouter()
_NAME = "POST /v1/keys/rotate"


@router.post("/v1/keys/rotate", status_code=202)
async def rotate(
    body: RotateKeys, tx: TxDep, parts: PartsDep, principal: PrincipalDep
) -> KeyRotation:
    """Begin."""
    members = [body.member_id] if body.member_id else []
    parts.audit.record(tx, entry_by(
        principal, Action.KEY, Decision.DONE, _NAME, members=members, fields=[body.scope]
    ))  # fmt: skip
    return await parts.rotations.begin(tx, body)


@router.get("/v1/keys/rotations/{rotation_id}")
async def rotation(rotation_id: UUID, tx: ReadDep, parts: PartsDep) -> KeyRotation:
    """How far it is."""
    return await parts.rotations.read(tx, rotation_id)
