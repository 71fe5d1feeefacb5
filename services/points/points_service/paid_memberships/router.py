"""Paid memberships."""

from uuid import UUID

from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.base import Model
from contracts.points import paid_memberships as api
from points_service.paid_memberships import repository, use_cases

router = APIRouter()

_PATH = "/v1/memberships/paid"
_ONE = f"{_PATH}/{{membership_id}}"


@router.get("/v1/membership-plans")
async def plans(tx: ReadDep) -> api.Plans:
    """All plans."""
    return api.Plans(data=await repository.plans.all(tx, api.Plan))


@router.put("/v1/membership-plans/{plan_id}", response_model=api.Plan)
async def put_plan(plan_id: str, body: api.Plan, tx: TxDep) -> Model:
    """Keep a plan; terms that were bought stay as they are."""
    return await repository.plans.put(tx, plan_id, body)


@router.post(_PATH, status_code=201, response_model=api.PaidMembership)
async def buy(body: api.BuyMembership, tx: TxDep, once: OnceDep) -> Response:
    """Buy one."""
    return await once(lambda: use_cases.buy(tx, body), status=201)


@router.get(_ONE)
async def membership(
    membership_id: UUID, tx: ReadDep, principal: PrincipalDep
) -> api.PaidMembership:
    """A term."""
    return await use_cases.show(tx, principal, membership_id)


@router.get("/v1/members/{member_id}/paid-memberships")
async def of_member(member_id: UUID, tx: ReadDep) -> api.PaidMemberships:
    """A member's."""
    return await use_cases.of_member(tx, member_id)


@router.post(f"{_ONE}/renewals", status_code=201, response_model=api.PaidMembership)
async def renew(
    membership_id: UUID,
    body: api.RenewMembership,
    tx: TxDep,
    once: OnceDep,
) -> Response:
    """Another term."""
    return await once(lambda: use_cases.renew(tx, membership_id, body), status=201)


@router.post(f"{_ONE}/cancel", response_model=api.PaidMembership)
async def cancel(
    membership_id: UUID, tx: TxDep, principal: PrincipalDep, once: OnceDep
) -> Response:
    """End it now."""
    return await once(lambda: use_cases.cancel(tx, principal, membership_id))


@router.post(f"{_ONE}/uses", response_model=api.PaidMembership)
async def use(
    membership_id: UUID,
    body: api.UseBenefit,
    tx: TxDep,
    once: OnceDep,
) -> Response:
    """A benefit was used."""
    return await once(lambda: use_cases.use(tx, membership_id, body.benefit))
