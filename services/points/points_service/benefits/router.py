"""The catalogue, entitlements, uses, applications."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.points.benefits import (
    Benefit,
    BenefitApplication,
    BenefitApplicationRequest,
    BenefitApplications,
    BenefitChange,
    BenefitRefusal,
    Benefits,
    BenefitUse,
    BenefitUseRequest,
    Entitlements,
    NewBenefit,
)
from points_service.benefits import catalogue, use_cases
from points_service.benefits.applications import Action
from points_service.parts import PartsDep

router = APIRouter()

BenefitId = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,63}$")]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/v1/benefits")
async def benefits(tx: ReadDep) -> Benefits:
    """The catalogue."""
    return await catalogue.show_all(tx)


@router.post("/v1/benefits", status_code=201)
async def add(body: NewBenefit, tx: TxDep, parts: PartsDep, principal: PrincipalDep) -> Benefit:
    """A new benefit."""
    return await catalogue.add(tx, parts.programme, body, principal.subject)


@router.get("/v1/benefits/{benefit_id}")
async def benefit(benefit_id: BenefitId, tx: ReadDep) -> Benefit:
    """A benefit."""
    return await catalogue.show(tx, benefit_id)


@router.put("/v1/benefits/{benefit_id}")
async def change(
    benefit_id: BenefitId,
    body: BenefitChange,
    tx: TxDep,
    parts: PartsDep,
    principal: PrincipalDep,
) -> Benefit:
    """Change a benefit."""
    return await catalogue.change(tx, parts.programme, benefit_id, body, principal.subject)


@router.get("/v1/members/{member_id}/benefits")
async def entitled(member_id: UUID, tx: ReadDep, parts: PartsDep) -> Entitlements:
    """What a member is entitled to, and what is left."""
    return await use_cases.show(tx, parts.programme, member_id)


@router.post("/v1/members/{member_id}/benefits/{benefit_id}/uses", response_model=BenefitUse)
async def use(
    *,
    member_id: UUID,
    benefit_id: BenefitId,
    body: BenefitUseRequest,
    tx: TxDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Use a benefit."""
    return await once(
        lambda: use_cases.use(tx, parts.programme, member_id, benefit_id, body),
    )


@router.get("/v1/members/{member_id}/benefit-applications")
async def members_applications(
    member_id: UUID, tx: ReadDep, limit: Limit = 50, cursor: UUID | None = None
) -> BenefitApplications:
    """A member's applications."""
    return await use_cases.applications(tx, None, member_id, cursor, limit)


@router.post("/v1/members/{member_id}/benefit-applications", response_model=BenefitApplication)
async def apply(
    *,
    member_id: UUID,
    body: BenefitApplicationRequest,
    tx: TxDep,
    principal: PrincipalDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Apply for a benefit."""
    return await once(
        lambda: use_cases.apply(tx, parts.programme, member_id, body, principal.subject),
    )


@router.get("/v1/benefit-applications")
async def applications(
    tx: ReadDep, status: str | None = None, limit: Limit = 50, cursor: UUID | None = None
) -> BenefitApplications:
    """Applications, overdue ones if asked for."""
    return await use_cases.applications(tx, status, None, cursor, limit)


@router.post("/v1/benefit-applications/{application_id}/accept", response_model=BenefitApplication)
async def accept(
    application_id: UUID, tx: TxDep, principal: PrincipalDep, once: OnceDep
) -> Response:
    """Take an application on."""
    return await once(
        lambda: use_cases.handle(tx, application_id, Action.ACCEPT, principal.subject),
    )


@router.post("/v1/benefit-applications/{application_id}/fulfil", response_model=BenefitApplication)
async def fulfil(
    application_id: UUID, tx: TxDep, principal: PrincipalDep, once: OnceDep
) -> Response:
    """An application is fulfilled."""
    return await once(
        lambda: use_cases.handle(tx, application_id, Action.FULFIL, principal.subject),
    )


@router.post("/v1/benefit-applications/{application_id}/refuse", response_model=BenefitApplication)
async def refuse(
    *,
    application_id: UUID,
    body: BenefitRefusal,
    tx: TxDep,
    principal: PrincipalDep,
    once: OnceDep,
) -> Response:
    """Refuse an application; its use is given back."""
    return await once(
        lambda: use_cases.handle(tx, application_id, Action.REFUSE, principal.subject, body.reason),
    )
