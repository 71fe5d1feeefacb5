"""What happened to a member and around it, newest first."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from contracts.base import Model, Money
from contracts.classification import internal, public, quasi
from contracts.operations import PAGING, Operation, Query
from contracts.roles import READING

Kind = Literal[
    "activity", "benefit", "consent", "coupon", "growth", "identity", "message", "points",
    "purchase", "refund", "tier",
]  # fmt: skip


class TimelineItem(Model):
    """One thing that happened, with a sentence in Chinese and in English.

    `name` says what within its kind: an activity's event; "Order"; of points "earned", "burnt",
    "expired", "reversed", "given", "received" (`points` is negative where they went); of growth the
    act or the badge; of coupons "issued", "used", "restored", "lapsed"; of a tier its name; "sent";
    "merged", "split"; "granted", "refused"; a benefit's state. `facts` are further details by name.
    """

    at: Annotated[datetime, quasi]
    kind: Annotated[Kind, public]
    name: Annotated[str, quasi]
    zh: Annotated[str, quasi]
    en: Annotated[str, quasi]
    channel: Annotated[str | None, quasi] = None
    order_no: Annotated[str | None, internal] = None
    store_id: Annotated[str | None, quasi] = None
    lines: Annotated[int | None, quasi] = None
    paid: Annotated[Money | None, quasi] = None
    sku: Annotated[str | None, quasi] = None
    points: Annotated[int | None, quasi] = None
    facts: Annotated[dict[str, str | int | None], quasi] = {}


class Timeline(Model):
    """Newest first."""

    member_id: Annotated[UUID, internal]
    data: Annotated[list[TimelineItem], quasi]
    next_cursor: Annotated[str | None, public] = None


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/members/{member_id}/timeline", "profile",
        "What happened to a member and around it, newest first", READING,
        response=Timeline,
        query=(
            *PAGING,
            Query("kind", str, "only these kinds, with commas between them"),
            Query("since", datetime, "not before this moment"),
            Query("until", datetime, "before this moment"),
        ),
        tags=("profile",),
    ),
]  # fmt: skip
