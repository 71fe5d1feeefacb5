"""Joint packages: a meal, a film and an hour in the gym for one price, of several partners."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from contracts.base import Model, Money
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, Operation
from contracts.points.common import LARGEST, Code, Moment, Words
from contracts.roles import EVERYONE, READING, SERVING, Role


class Component(Model):
    """What one partner gives. `weight` is its share of the price."""

    component_id: Code
    partner_id: Code
    names: Annotated[Words, public]
    weight: Annotated[int, Field(gt=0, le=1_000_000), public]


class Package(Model):
    """Components for points, money or both, handed out as a voucher each."""

    package_id: Code
    names: Annotated[Words, public]
    points: Annotated[int, Field(ge=0, le=LARGEST), public] = 0
    fen: Annotated[int, Field(ge=0, le=LARGEST), public] = 0
    components: Annotated[list[Component], Field(min_length=1, max_length=20), public]
    voucher_days: Annotated[int, Field(ge=1, le=3650), public] = 90
    valid_from: Annotated[Moment, public]
    valid_until: Annotated[Moment | None, public] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if len({each.component_id for each in self.components}) < len(self.components):
            raise ValueError("a component is there twice")
        if not self.points and not self.fen:
            raise ValueError("a package has a price")
        return self

    def in_force(self, now: datetime) -> bool:
        """Whether it is on sale."""
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)


class Packages(Model):
    """All of them, by id."""

    data: Annotated[list[Package], public]
    next_cursor: Annotated[str | None, public] = None


class PackageRequest(Model):
    """`tender` says how the money part was paid."""

    package_id: Code
    tender: Code = "cash"


class Voucher(Model):
    """A component to be had once, and the part of the price that was paid for it."""

    code: Annotated[str, internal]
    component_id: Code
    partner_id: Code
    points: Annotated[int, public]
    value: Annotated[Money, public]
    status: Annotated[Literal["unused", "redeemed", "refunded", "expired"], public]
    valid_until: Annotated[datetime, public]
    redeemed_at: Annotated[datetime | None, public] = None


class Purchase(Model):
    """A package bought; `purchase_id` is None for a dry run (and there are no codes yet)."""

    purchase_id: Annotated[UUID | None, internal]
    member_id: Annotated[UUID, internal]
    package_id: Code
    points: Annotated[int, public]
    paid: Annotated[Money, public]
    bought_at: Annotated[datetime, public]
    vouchers: Annotated[list[Voucher], internal]


class Purchases(Model):
    """A member's latest 200, newest first."""

    data: Annotated[list[Purchase], internal]
    next_cursor: Annotated[str | None, public] = None


class PackageRefundRequest(Model):
    """Components to give back; None is all that were not used."""

    components: Annotated[list[Code] | None, Field(min_length=1, max_length=20), public] = None


class PackageRefund(Model):
    """What came back."""

    refund_id: Annotated[UUID, internal]
    components: Annotated[list[str], public]
    points: Annotated[int, public]
    refunded: Annotated[Money, public]
    balance: Annotated[int, public]


_MEMBER = "/v1/members/{member_id}/packages"
_PLANNING = frozenset({Role.PLANNER, Role.OPERATOR, Role.ADMIN})

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/packages", "points", "Joint packages",
        EVERYONE, response=Packages, own=None, tags=("programmes",),
    ),
    Operation(
        "PUT", "/v1/packages/{package_id}", "points", "A new package, or a changed one",
        _PLANNING, Package, Package, own=None, tags=("programmes",),
    ),
    Operation(
        "POST", _MEMBER, "points", "Buy a package",
        SERVING, PackageRequest, Purchase, query=(DRY_RUN,), idempotent=True,
        tags=("programmes",),
    ),
    Operation(
        "GET", _MEMBER, "points", "Packages a member bought, and their vouchers",
        READING, response=Purchases, tags=("programmes",),
    ),
    Operation(
        "POST", f"{_MEMBER}/{{purchase_id}}/refunds", "points", "Give unused components back",
        SERVING, PackageRefundRequest, PackageRefund, idempotent=True, tags=("programmes",),
    ),
    Operation(
        "POST", "/v1/package-vouchers/{code}/redeem", "points", "Use a component, once",
        SERVING | {Role.PARTNER}, response=Voucher, idempotent=True, counted=True, own=None,
        tags=("programmes",),
    ),
]  # fmt: skip
