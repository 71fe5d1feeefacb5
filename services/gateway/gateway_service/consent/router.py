"""Consents and notices."""

from uuid import UUID

from chassis.web import APIRouter, PrincipalDep, ReadDep, TxDep
from contracts.gateway.consents import (
    ConsentCounts,
    ConsentHistory,
    Consents,
    ConsentsBatch,
    ConsentsRequest,
    ConsentsResults,
    Notice,
    NoticeRequest,
    Notices,
)
from gateway_service.audit.calls import AUDITED
from gateway_service.consent import notices, repository, use_cases
from gateway_service.consent.use_cases import Desk
from gateway_service.parts import Parts, PartsDep

router = APIRouter()


def _desk(parts: Parts) -> Desk:
    return Desk(parts.consents, parts.audit)


@router.get("/v1/members/{member_id}/consents")
async def consents(member_id: UUID, tx: ReadDep) -> Consents:
    """How everything stands."""
    return await use_cases.shown(tx, member_id)


@router.put("/v1/members/{member_id}/consents")
async def change_consents(
    member_id: UUID, body: ConsentsRequest, tx: TxDep, principal: PrincipalDep, parts: PartsDep
) -> Consents:
    """Give or withdraw."""
    return await use_cases.change(tx, _desk(parts), principal, member_id, body)


@router.get("/v1/members/{member_id}/consents/history")
async def consent_history(member_id: UUID, tx: ReadDep) -> ConsentHistory:
    """The chain, checked."""
    return await use_cases.history(tx, member_id)


@router.post("/v1/consents/batch")
async def change_many(
    body: ConsentsBatch, tx: TxDep, principal: PrincipalDep, parts: PartsDep
) -> ConsentsResults:
    """Answers of many members."""
    return await use_cases.change_many(tx, _desk(parts), principal, body)


@router.get("/v1/consents/counts")
async def counts(tx: ReadDep) -> ConsentCounts:
    """How many said yes and no."""
    return ConsentCounts(data=await repository.counts(tx))


@router.get("/v1/notices")
async def list_notices(tx: ReadDep, history: bool = False) -> Notices:
    """What members are shown."""
    return await notices.listed(tx, history=history)


@router.post("/v1/notices", status_code=201, dependencies=[AUDITED])
async def publish(body: NoticeRequest, tx: TxDep, parts: PartsDep) -> Notice:
    """A new version; where it says something new, everybody is asked again."""
    parts.consents.forget_all(tx)
    return await notices.publish(tx, body)
