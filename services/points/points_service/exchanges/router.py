"""Exchanges of a member."""

from uuid import UUID

from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.points.programmes import PartnerExchange, PartnerExchangeRequest, PartnerExchanges
from points_service.exchanges import use_cases
from points_service.paging import NEWEST, Before, Limit

router = APIRouter()

_PATH = "/v1/members/{member_id}/exchanges"


@router.post(_PATH, response_model=PartnerExchange)
async def exchange(
    *,
    member_id: UUID,
    body: PartnerExchangeRequest,
    tx: TxDep,
    principal: PrincipalDep,
    once: OnceDep,
    dry_run: bool = False,
) -> Response:
    """Exchange points."""

    async def run() -> PartnerExchange:
        return await use_cases.exchange(tx, principal, member_id, body, dry_run=dry_run)

    return await once(run, dry_run=dry_run)


@router.get(_PATH)
async def exchanges(
    member_id: UUID, tx: ReadDep, limit: Limit = 50, cursor: Before = NEWEST
) -> PartnerExchanges:
    """Exchanges, newest first."""
    return await use_cases.page(tx, member_id, cursor, limit)


@router.post(f"{_PATH}/{{exchange_id}}/reverse", response_model=PartnerExchange)
async def reverse(
    member_id: UUID, exchange_id: UUID, tx: TxDep, principal: PrincipalDep, once: OnceDep
) -> Response:
    """Undo one."""
    return await once(
        lambda: use_cases.reverse(tx, principal, member_id, exchange_id),
    )
