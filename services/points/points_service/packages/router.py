"""Joint packages."""

from uuid import UUID

from fastapi.responses import Response

from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.points import packages as api
from points_service.packages import repository, use_cases

router = APIRouter()

_PATH = "/v1/members/{member_id}/packages"


@router.get("/v1/packages")
async def packages(tx: ReadDep) -> api.Packages:
    """All of them."""
    return api.Packages(data=await repository.packages.all(tx, api.Package))


@router.put("/v1/packages/{package_id}")
async def put(package_id: str, body: api.Package, tx: TxDep) -> api.Package:
    """Keep one."""
    return await use_cases.put(tx, package_id, body)


@router.post(_PATH, response_model=api.Purchase)
async def buy(
    *,
    member_id: UUID,
    body: api.PackageRequest,
    tx: TxDep,
    once: OnceDep,
    dry_run: bool = False,
) -> Response:
    """Buy one."""

    async def run() -> api.Purchase:
        return await use_cases.buy(tx, member_id, body, dry_run=dry_run)

    return await once(run, dry_run=dry_run)


@router.get(_PATH)
async def bought(member_id: UUID, tx: ReadDep) -> api.Purchases:
    """What a member bought."""
    return await use_cases.of_member(tx, member_id)


@router.post(f"{_PATH}/{{purchase_id}}/refunds", response_model=api.PackageRefund)
async def refund(
    *,
    member_id: UUID,
    purchase_id: UUID,
    body: api.PackageRefundRequest,
    tx: TxDep,
    once: OnceDep,
) -> Response:
    """Give unused components back."""
    return await once(lambda: use_cases.refund(tx, member_id, purchase_id, body))


@router.post("/v1/package-vouchers/{code}/redeem", response_model=api.Voucher)
async def redeem(code: str, tx: TxDep, principal: PrincipalDep, once: OnceDep) -> Response:
    """Use a component."""
    return await once(lambda: use_cases.redeem(tx, principal, code))
