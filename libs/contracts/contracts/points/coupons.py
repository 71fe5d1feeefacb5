"""Coupons: templates, pools of codes, and the life of a coupon from issue to roll back."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Model, Money
from contracts.classification import counted, internal, public, summed
from contracts.operations import DRY_RUN, PAGING, Operation, Query
from contracts.points.common import Cny, Code, Moment, Ref, Words
from contracts.roles import CHECKOUT, FIGURES, READING, SERVING, STAFF, Role

Text = Annotated[str, Field(pattern=r"^[^\x00]{1,64}$"), public]
OrderNo = Annotated[str, Field(pattern=r"^[^\x00]{1,64}$"), internal]
Effect = Literal["cash_off", "percent", "gift", "free_delivery"]


class CouponScope(Model):
    """Where and for what a coupon is good; an empty list means anything."""

    stores: Annotated[list[Text], Field(max_length=500), public] = Field(default_factory=list)
    channels: Annotated[list[Text], Field(max_length=50), public] = Field(default_factory=list)
    departments: Annotated[list[Text], Field(max_length=500), public] = Field(default_factory=list)
    categories: Annotated[list[Text], Field(max_length=500), public] = Field(default_factory=list)
    skus: Annotated[list[Text], Field(max_length=2000), public] = Field(default_factory=list)


class CouponGift(Model):
    """Pieces of an article for nothing."""

    sku: Annotated[Text, public]
    quantity: Annotated[int, Field(ge=1, le=100), public] = 1


class CostShare(Model):
    """What a merchant bears of what coupons take off, in percent."""

    merchant: Code
    percent: Annotated[int, Field(ge=1, le=100), public]


class CouponTerms(Model):
    """What a coupon promises, to whom and how many.

    cash_off: `off`, once its goods cost `threshold`; percent: `percent`, at most `max_off`; gift:
    `gift`; free_delivery: the fee, at most `off` if that is given. Valid from `valid_from` to
    `valid_until`, or for `valid_days` from its claim. Coupons of one `stacking_group` exclude each
    other. `claimable`: members may take one by themselves.
    """

    names: Annotated[Words, public]
    wording: Annotated[Words | None, public] = None
    effect: Annotated[Effect, public]
    off: Annotated[Cny | None, public] = None
    percent: Annotated[int | None, Field(ge=1, le=100), public] = None
    max_off: Annotated[Cny | None, public] = None
    gift: Annotated[CouponGift | None, public] = None
    threshold: Annotated[Cny | None, public] = None
    scope: Annotated[CouponScope, public] = Field(default_factory=CouponScope)
    valid_from: Annotated[Moment | None, public] = None
    valid_until: Annotated[Moment | None, public] = None
    valid_days: Annotated[int | None, Field(ge=1, le=3660), public] = None
    stacking_group: Code = "default"
    per_member_limit: Annotated[int | None, Field(ge=1, le=1_000_000), public] = None
    total_limit: Annotated[int | None, Field(ge=1, le=1_000_000_000), public] = None
    budget: Annotated[Cny | None, public] = None
    cost_shares: Annotated[list[CostShare], Field(min_length=1, max_length=50), public] = Field(
        default_factory=lambda: [CostShare(merchant="programme", percent=100)]
    )
    claimable: Annotated[bool, public] = False


class CouponTemplate(CouponTerms):
    """A template as it is now: `issued` coupons, and what of the budget is promised or spent."""

    template_id: Annotated[UUID, internal]
    version: Annotated[int, public]
    status: Annotated[str, public]  # active, over (its date has passed), ended (by hand)
    created_at: Annotated[datetime, public]
    issued: Annotated[int, public]
    committed: Annotated[Money, public]


class CouponTemplates(Model):
    """Templates by id."""

    data: Annotated[list[CouponTemplate], internal]
    next_cursor: Annotated[str | None, public]


class Coupon(Model):
    """A coupon; `percent_off` is 0 where it takes off no percentage, `discount` what it took off.

    Unclaimed codes may have no dates yet: they count from the claim.
    """

    code: Annotated[str, internal]
    coupon_id: Annotated[UUID, internal]
    template_id: Annotated[UUID, internal]
    names: Annotated[Words, public]
    effect: Annotated[Effect, public]
    off: Annotated[Money | None, public]
    percent_off: Annotated[int, public]
    threshold: Annotated[Money | None, public]
    member_id: Annotated[UUID | None, internal]
    campaign_id: Annotated[UUID | None, internal]
    valid_from: Annotated[datetime | None, public]
    valid_until: Annotated[datetime | None, public]
    status: Annotated[str, public]  # issued, claimed, redeemed, expired
    claimed_at: Annotated[datetime | None, public]
    order_no: Annotated[str | None, internal]
    redeemed_at: Annotated[datetime | None, public]
    discount: Annotated[Money | None, public]


class Coupons(Model):
    """A member's coupons, the one that ends first on top."""

    data: Annotated[list[Coupon], internal]


class CouponIssueRequest(Model):
    """Coupons for members, or a pool of `count` single-use codes that begin with `prefix`.

    `ref` says what for: the same members and ref again get the same coupons.
    """

    member_ids: Annotated[list[UUID] | None, Field(min_length=1, max_length=1000), internal] = None
    ref: Annotated[Ref | None, internal] = None
    count: Annotated[int | None, Field(ge=1, le=10_000_000), public] = None
    prefix: Annotated[str, Field(pattern="^[A-Z0-9]{0,8}$"), public] = ""


class CouponPool(Model):
    """A pool; its codes are made in the background: `made` of `size` so far."""

    pool_id: Annotated[UUID, internal]
    template_id: Annotated[UUID, internal]
    prefix: Annotated[str, public]
    size: Annotated[int, public]
    made: Annotated[int, public]
    created_at: Annotated[datetime, public]
    finished_at: Annotated[datetime | None, public]


class CouponIssue(Model):
    """The coupons in the sequence of the members, or the pool (its id None for a dry run)."""

    coupons: Annotated[list[Coupon], internal]
    pool: Annotated[CouponPool | None, internal]


class CouponCodes(Model):
    """Codes of a pool, in the sequence in which they were made."""

    data: Annotated[list[str], internal]
    next_cursor: Annotated[str | None, public]


class CouponClaimRequest(Model):
    """Who takes the code; a member's own token may leave it out."""

    member_id: Annotated[UUID | None, internal] = None


class CouponTakeRequest(Model):
    """Which template a member takes a coupon of."""

    template_id: Annotated[UUID, internal]


class CouponRedemptionRequest(Model):
    """A coupon used outside `POST /v1/orders`: `order_amount` is what its goods cost before it.

    `amount` is what it takes off; left out, it is worked out from `order_amount`.
    """

    order_no: OrderNo
    member_id: Annotated[UUID, internal]
    amount: Annotated[Money | None, public] = None
    order_amount: Annotated[Money | None, public] = None
    store: Annotated[Text | None, public] = None
    channel: Annotated[Text | None, public] = None


class CouponRollbackRequest(Model):
    """The order that used it."""

    order_no: OrderNo


class CouponFunnel(Model):
    """What became of coupons. `claimed` came into members' hands, used or not since.

    `expired` are unused ones whose time is over; `discount` is what used ones took off.
    """

    template_id: Annotated[UUID | None, internal]  # None: all together
    names: Annotated[Words | None, public]
    issued: Annotated[int, counted]
    claimed: Annotated[int, counted]
    redeemed: Annotated[int, counted]
    rolled_back: Annotated[int, counted]
    expired: Annotated[int, counted]
    discount: Annotated[Money, summed("redeemed")]


class CouponFunnels(Model):
    """All coupons, and by template those that have any."""

    total: Annotated[CouponFunnel, public]
    data: Annotated[list[CouponFunnel], internal]


_MEMBER = "/v1/members/{member_id}"
_TEMPLATES = "/v1/coupon-templates"
_TEMPLATE = f"{_TEMPLATES}/{{template_id}}"
_POOL = f"{_TEMPLATE}/pools/{{pool_id}}"
_CODE = "/v1/coupons/{code}"
_PLANNING = frozenset({Role.PLANNER, Role.OPERATOR, Role.ADMIN})
_TAGS = ("coupons",)

OPERATIONS: list[Operation] = [
    Operation(
        "GET", _TEMPLATES, "points", "Coupon templates", STAFF,
        response=CouponTemplates, query=PAGING, tags=_TAGS,
    ),
    Operation(
        "POST", _TEMPLATES, "points", "A new coupon template; its budget is funded",
        _PLANNING, CouponTerms, CouponTemplate, 201, idempotent=True, tags=_TAGS,
    ),
    Operation(
        "GET", _TEMPLATE, "points", "A coupon template as it is now, or as it was",
        STAFF, response=CouponTemplate, tags=_TAGS,
        query=(Query("version", int, "an earlier version"),),
    ),
    Operation(
        "PUT", _TEMPLATE, "points", "New terms for coupons issued from now on",
        _PLANNING, CouponTerms, CouponTemplate, idempotent=True, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_TEMPLATE}/end", "points", "Issue and claim no more; claimed ones stay good",
        _PLANNING, response=CouponTemplate, idempotent=True, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_TEMPLATE}/issue", "points", "Issue coupons to members, or a pool of codes",
        _PLANNING, CouponIssueRequest, CouponIssue, query=(DRY_RUN,), idempotent=True, tags=_TAGS,
    ),
    Operation(
        "GET", _POOL, "points", "How far a pool is",
        _PLANNING, response=CouponPool, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_POOL}/codes", "points", "Codes of a pool, to be printed or sent",
        _PLANNING, response=CouponCodes, query=PAGING, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_TEMPLATE}/funnel", "points", "What became of a template's coupons",
        FIGURES, response=CouponFunnel, tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/coupon-funnel", "points", "What became of all coupons, by template",
        FIGURES, response=CouponFunnels, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_MEMBER}/coupons", "points", "Coupons a member holds or has used",
        READING, response=Coupons, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_MEMBER}/coupons", "points", "Take a coupon of a template that is claimable",
        SERVING | {Role.MEMBER}, CouponTakeRequest, Coupon, query=(DRY_RUN,), idempotent=True,
        tags=_TAGS,
    ),
    Operation(
        "GET", _CODE, "points", "A coupon by its code",
        SERVING | _PLANNING, response=Coupon, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_CODE}/claim", "points", "Take a code out of a pool",
        SERVING | {Role.MEMBER}, CouponClaimRequest, Coupon, query=(DRY_RUN,), idempotent=True,
        counted=True, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_CODE}/redeem", "points", "Use a coupon with an order",
        CHECKOUT, CouponRedemptionRequest, Coupon, query=(DRY_RUN,), idempotent=True,
        counted=True, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_CODE}/rollback", "points", "Give a used coupon back",
        CHECKOUT | {Role.SERVICE_AGENT}, CouponRollbackRequest, Coupon, query=(DRY_RUN,),
        idempotent=True, tags=_TAGS,
    ),
]  # fmt: skip
