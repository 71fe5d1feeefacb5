"""Redemptions of a member."""

from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, TxDep
from contracts.points.spending import Redemption, RedemptionRequest
from points_service.parts import PartsDep
from points_service.redemption import use_cases

router = APIRouter()


@router.post("/v1/members/{member_id}/redemptions", response_model=Redemption)
async def redeem(
    *,
    member_id: UUID,
    body: RedemptionRequest,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    once: OnceDep,
    parts: PartsDep,
    dry_run: bool = False,
) -> Response:
    """Spend points."""

    async def run() -> Redemption:
        return await use_cases.redeem(
            tx,
            parts.programme,
            parts.catalogue,
            role=principal.role,
            member_id=member_id,
            request=body,
            dry_run=dry_run,
        )

    return await once(run, dry_run=dry_run)
