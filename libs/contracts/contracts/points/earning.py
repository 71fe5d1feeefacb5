"""Growth value and what brings it."""

from typing import Annotated
from uuid import UUID

from contracts.base import Model, Money
from contracts.classification import internal, public
from contracts.operations import Operation
from contracts.roles import READING


class Growth(Model):
    """Growth value in all and by what it came from."""

    member_id: Annotated[UUID, internal]
    growth: Annotated[int, public]
    by_kind: Annotated[dict[str, int], public]
    month_spend: Annotated[Money, public]


_MEMBER = "/v1/members/{member_id}"

OPERATIONS: list[Operation] = [
    Operation(
        "GET", f"{_MEMBER}/growth", "points", "Growth value, by kind",
        READING, response=Growth, tags=("points",),
    ),
]  # fmt: skip
