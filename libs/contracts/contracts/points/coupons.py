"""Coupons."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from contracts.base import Model
from contracts.classification import internal, public
from contracts.operations import Operation
from contracts.roles import READING


class Coupon(Model):
    """A coupon a member holds or has used."""

    code: Annotated[str, internal]
    campaign_id: Annotated[UUID | None, internal]
    percent_off: Annotated[int, public]
    valid_from: Annotated[datetime | None, public]
    valid_until: Annotated[datetime | None, public]
    status: Annotated[str, public]  # issued, claimed, redeemed, expired
    order_no: Annotated[str | None, internal]


class Coupons(Model):
    """A member's coupons, the one that ends first on top."""

    data: Annotated[list[Coupon], internal]


_MEMBER = "/v1/members/{member_id}"

OPERATIONS: list[Operation] = [
    Operation(
        "GET", f"{_MEMBER}/coupons", "points", "Coupons a member holds or has used",
        READING, response=Coupons, tags=("coupons",),
    ),
]  # fmt: skip
