"""Coupons: templates with their terms, pools of codes, and the coupons themselves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from points_service.tables.base import Table, count, document, moment


class CouponTemplate(Table, table=True):
    """What is counted and limited; the row that issuing locks."""

    __tablename__ = "coupon_template"
    template_id: UUID = Field(primary_key=True)
    version: int  # the terms that new coupons get
    created_at: datetime = moment()
    ended_at: datetime | None = moment()
    issued: int = count()
    total_limit: int | None = count()
    committed_fen: int = count()  # Σ reserved_fen of its coupons
    budget_fen: int | None = count()


class CouponTerms(Table, table=True):
    """A version of a template: `coupons.domain.Terms` as a document; never changed."""

    __tablename__ = "coupon_terms"
    template_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    definition: dict[str, Any] = document()
    since: datetime = moment()


class CouponPool(Table, table=True):
    """Single-use codes ordered in bulk; its n-th coupon has the id n after its own."""

    __tablename__ = "coupon_pool"
    pool_id: UUID = Field(primary_key=True)
    template_id: UUID
    version: int
    prefix: str
    size: int
    made: int
    created_at: datetime = moment()
    finished_at: datetime | None = moment()


class CampaignBudget(Table, table=True):
    """What offers of a campaign may cost; the coupon template of the same id is its own."""

    __tablename__ = "campaign_budget"
    reservation_id: UUID = Field(primary_key=True)
    campaign_id: UUID
    contacts: int = count()
    each_fen: int = count()
    points: int
    granted: int = count()
    state: str
    reason: str | None
    reserved_at: datetime = moment()


class Coupon(Table, table=True):
    """A coupon: `coupons.domain.Coupon`. `order_no` is the order that uses it now."""

    code: str = Field(primary_key=True)
    coupon_id: UUID
    template_id: UUID
    version: int
    pool_id: UUID | None
    member_id: UUID | None
    campaign_id: UUID | None
    issued_at: datetime = moment()
    claimed_at: datetime | None = moment()
    valid_from: datetime | None = moment()
    valid_until: datetime | None = moment()
    reserved_fen: int = count()
    order_no: str | None
    redeemed_at: datetime | None = moment()
    off_fen: int = count()
    uses: int
    rolled_back: str | None
    closed_at: datetime | None = moment()
