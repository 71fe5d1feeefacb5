"""Incidents, for compliance."""

from uuid import UUID

from fastapi import Depends

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.auditing import Action, Decision
from contracts.gateway.incidents import AffectedMembers, Incident, IncidentRequest
from gateway_service.audit.use_cases import entry_by
from gateway_service.incidents import use_cases
from gateway_service.paging import LimitQuery
from gateway_service.parts import PartsDep

router = APIRouter()


@router.post("/v1/incidents", status_code=202)
async def open_incident(
    body: IncidentRequest, tx: TxDep, parts: PartsDep, principal: PrincipalDep
) -> Incident:
    """Open it."""
    return await use_cases.open_incident(tx, parts.audit, principal, body)


@router.get("/v1/incidents/{incident_id}")
async def incident(incident_id: UUID, tx: ReadDep) -> Incident:
    """How it stands."""
    return await use_cases.shown(tx, incident_id)


async def _audited(incident_id: UUID, tx: TxDep, parts: PartsDep, principal: PrincipalDep) -> None:
    entry = entry_by(
        principal, Action.EXPORT, Decision.DONE, "GET /v1/incidents/{incident_id}/members",
        ticket=str(incident_id),
    )  # fmt: skip
    parts.audit.record(tx, entry)


@router.get("/v1/incidents/{incident_id}/members", dependencies=[Depends(_audited)])
async def members(
    incident_id: UUID,
    tx: TxDep,
    limit: LimitQuery = 50,
    cursor: UUID | None = None,
) -> AffectedMembers:
    """Those it concerns; that they were read is audited."""
    return await use_cases.members(tx, incident_id, cursor, limit)
