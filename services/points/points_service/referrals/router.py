"""Referral codes, attributions and their review."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.points.referrals import (
    Referral,
    ReferralDecision,
    ReferralLink,
    ReferralReceipt,
    ReferralRequest,
    Referrals,
)
from points_service.parts import PartsDep
from points_service.referrals import use_cases

router = APIRouter()


@router.post("/v1/members/{member_id}/referral-links")
async def link(member_id: UUID, tx: TxDep) -> ReferralLink:
    """The member's referral code."""
    return await use_cases.link(tx, member_id)


@router.post("/v1/referrals", response_model=ReferralReceipt)
async def attribute(
    body: ReferralRequest, tx: TxDep, principal: PrincipalDep, once: OnceDep, parts: PartsDep
) -> Response:
    """A new member was brought by another."""
    return await once(lambda: use_cases.attribute(tx, parts.programme, principal, body))


@router.get("/v1/referrals")
async def page(
    tx: ReadDep,
    status: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Referrals:
    """Referrals, by status."""
    return await use_cases.page(tx, status, cursor, limit)


@router.post("/v1/referrals/{referral_id}/decide", response_model=Referral)
async def decide(
    *,
    referral_id: UUID,
    body: ReferralDecision,
    tx: TxDep,
    principal: PrincipalDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """Decide about one in review."""
    accept = body.decision == "accept"
    return await once(
        lambda: use_cases.decide(tx, parts.programme, principal, referral_id, accept),
    )
