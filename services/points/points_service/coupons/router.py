"""Templates, pools, coupons."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from chassis.problem import Problem
from chassis.web import APIRouter, OnceDep, PrincipalDep, ReadDep, TxDep
from contracts.points import coupons as api
from points_service.coupons import planning, use_cases
from points_service.coupons.asks import Claim, Redeem
from points_service.paging import Limit
from points_service.parts import PartsDep

router = APIRouter()

_TEMPLATE = "/v1/coupon-templates/{template_id}"
After = Annotated[int, Query(ge=0, le=10_000_000, alias="cursor")]


@router.get("/v1/coupon-templates")
async def templates(
    tx: ReadDep, limit: Limit = 50, cursor: UUID | None = None
) -> api.CouponTemplates:
    """Coupon templates."""
    return await planning.page(tx, cursor, limit)


@router.post("/v1/coupon-templates", status_code=201, response_model=api.CouponTemplate)
async def create(body: api.CouponTerms, tx: TxDep, once: OnceDep, parts: PartsDep) -> Response:
    """A new template."""
    return await once(lambda: planning.create(tx, parts.catalogue, body), status=201)


@router.get(_TEMPLATE)
async def template(
    template_id: UUID,
    tx: ReadDep,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> api.CouponTemplate:
    """A template."""
    return await planning.show(tx, template_id, version)


@router.put(_TEMPLATE, response_model=api.CouponTemplate)
async def revise(
    *,
    template_id: UUID,
    body: api.CouponTerms,
    tx: TxDep,
    once: OnceDep,
    parts: PartsDep,
) -> Response:
    """New terms."""
    return await once(lambda: planning.revise(tx, parts.catalogue, template_id, body))


@router.post(f"{_TEMPLATE}/end", response_model=api.CouponTemplate)
async def end(template_id: UUID, tx: TxDep, once: OnceDep) -> Response:
    """Issue and claim no more."""
    return await once(lambda: planning.end(tx, template_id))


@router.post(f"{_TEMPLATE}/issue", response_model=api.CouponIssue)
async def issue(
    *,
    template_id: UUID,
    body: api.CouponIssueRequest,
    tx: TxDep,
    once: OnceDep,
    dry_run: bool = False,
) -> Response:
    """Issue coupons to members, or a pool of codes."""
    if (body.member_ids is None) == (body.count is None):
        title = "Either members or a count"
        raise Problem(422, "either_or", title, pointer="/member_ids")

    async def run() -> api.CouponIssue:
        if body.count is None:
            return await use_cases.issue_to(tx, template_id, body, dry_run=dry_run)
        return await planning.order_pool(tx, template_id, body.count, body.prefix, dry_run=dry_run)

    return await once(run, dry_run=dry_run)


@router.get(f"{_TEMPLATE}/pools/{{pool_id}}")
async def pool(template_id: UUID, pool_id: UUID, tx: ReadDep) -> api.CouponPool:
    """How far a pool is."""
    return await planning.show_pool(tx, template_id, pool_id)


@router.get(f"{_TEMPLATE}/pools/{{pool_id}}/codes")
async def codes(
    template_id: UUID, pool_id: UUID, tx: ReadDep, limit: Limit = 50, cursor: After = 0
) -> api.CouponCodes:
    """Codes of a pool."""
    return await planning.codes(tx, template_id, pool_id, cursor, limit)


@router.get(f"{_TEMPLATE}/funnel")
async def funnel(template_id: UUID, tx: ReadDep) -> api.CouponFunnel:
    """What became of a template's coupons."""
    return await planning.funnel(tx, template_id)


@router.get("/v1/coupon-funnel")
async def funnels(tx: ReadDep) -> api.CouponFunnels:
    """What became of all coupons."""
    return await planning.funnels(tx)


@router.get("/v1/members/{member_id}/coupons")
async def coupons(member_id: UUID, tx: ReadDep) -> api.Coupons:
    """Coupons a member holds or has used."""
    return await use_cases.show(tx, member_id)


@router.post("/v1/members/{member_id}/coupons", response_model=api.Coupon)
async def take(
    *,
    member_id: UUID,
    body: api.CouponTakeRequest,
    tx: TxDep,
    once: OnceDep,
    dry_run: bool = False,
) -> Response:
    """Take a coupon of a claimable template."""

    async def run() -> api.Coupon:
        return await use_cases.take(tx, member_id, body.template_id, dry_run=dry_run)

    return await once(run, dry_run=dry_run)


@router.get("/v1/coupons/{code}")
async def coupon(code: str, tx: ReadDep) -> api.Coupon:
    """A coupon by its code."""
    return await use_cases.look(tx, code)


@router.post("/v1/coupons/{code}/claim", response_model=api.Coupon)
async def claim(
    *,
    code: str,
    body: api.CouponClaimRequest,
    request: Request,
    principal: PrincipalDep,
    parts: PartsDep,
    dry_run: bool = False,
) -> Response:
    """Take a code out of a pool; whoever calls at the same moment shares a transaction."""
    ask = Claim(principal, code, body.member_id)
    return await parts.coupons(request, principal, ask, dry_run=dry_run)


@router.post("/v1/coupons/{code}/redeem", response_model=api.Coupon)
async def redeem(
    *,
    code: str,
    body: api.CouponRedemptionRequest,
    request: Request,
    principal: PrincipalDep,
    parts: PartsDep,
    dry_run: bool = False,
) -> Response:
    """Use a coupon with an order; shared as claims are."""
    return await parts.coupons(request, principal, Redeem(code, body), dry_run=dry_run)


@router.post("/v1/coupons/{code}/rollback", response_model=api.Coupon)
async def rollback(
    *,
    code: str,
    body: api.CouponRollbackRequest,
    tx: TxDep,
    once: OnceDep,
    dry_run: bool = False,
) -> Response:
    """Give a used coupon back."""

    async def run() -> api.Coupon:
        return await use_cases.give_back(tx, code, body.order_no, dry_run=dry_run)

    return await once(run, dry_run=dry_run)
