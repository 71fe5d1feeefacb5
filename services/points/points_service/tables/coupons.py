"""Coupons."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from points_service.tables.base import Table, moment


class Coupon(Table, table=True):
    """A coupon a campaign offered; `order_no` is the order that redeemed it."""

    code: str = Field(primary_key=True)
    coupon_id: UUID
    member_id: UUID
    campaign_id: UUID
    percent_off: int
    valid_from: datetime = moment()
    valid_until: datetime = moment()
    order_no: str | None
    redeemed_at: datetime | None = moment()
