"""Orders and their refunds: what is answered; what is sent is in `contracts.orders`."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import Model, Money, Record
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, Operation
from contracts.orders import OrderBatchRequest, OrderRequest
from contracts.roles import CHECKOUT, Role


class OrderError(Record, frozen=True):
    """What is wrong with an order, and where: an RFC 6901 pointer into that order."""

    pointer: Annotated[str, public]
    code: Annotated[str, public]
    detail: Annotated[str, public]


class OrderProblem(Record, frozen=True, omit_defaults=False):
    """Why one order of a batch was not booked: problem+json without what the batch answers once."""

    status: Annotated[int, public]
    code: Annotated[str, public]
    title: Annotated[str, public]
    errors: Annotated[list[OrderError], public] = []


class RuleName(Record, frozen=True):
    """What members read."""

    zh: Annotated[str, public] = ""
    en: Annotated[str, public] = ""


class EarnedBy(Record, frozen=True, omit_defaults=False):
    """What a version of an earning rule gave."""

    rule_id: Annotated[str, public]
    version: Annotated[int, public]
    name: Annotated[RuleName, public]
    points: Annotated[int, public]
    growth: Annotated[int, public]


class OrderAnswer(Record, frozen=True, omit_defaults=False):
    """What an order brought. `status` is that of a single call: 200, or the problem's.

    `tier` is the tier after the order (it earned by the one before), `balance` the points that can
    be redeemed after it. `earned` says which rules brought points and growth, and adds up to them.
    A repeated order gets the answer of the first time.
    """

    order_no: Annotated[str, internal]
    status: Annotated[int, public]
    member_id: Annotated[UUID | None, internal] = None
    points: Annotated[int, public] = 0
    growth: Annotated[int, public] = 0
    tier: Annotated[str | None, public] = None
    balance: Annotated[int, public] = 0
    coupons_used: Annotated[list[str], internal] = []
    earned: Annotated[list[EarnedBy], public] = []
    problem: Annotated[OrderProblem | None, public] = None

    @classmethod
    def refused(
        cls, order_no: str, status: int, code: str, title: str, pointer: str
    ) -> "OrderAnswer":
        """The answer of an order that was not booked."""
        problem = OrderProblem(status, code, title, [OrderError(pointer, code, title)])
        return cls(order_no, status, problem=problem)


class OrderBatchAnswer(Record, frozen=True, omit_defaults=False):
    """One answer per order, in the sequence of the request."""

    data: Annotated[list[OrderAnswer], internal]


class ReturnedItem(Model):
    """Goods given back: the line by its place in the order, from 0, or the only one with a sku."""

    line: Annotated[int | None, Field(ge=0), public] = None
    sku: Annotated[str | None, Field(min_length=1, max_length=64), public] = None
    quantity: Annotated[int, Field(ge=1), public]


class RefundRequest(Model):
    """Goods given back: by `amount`, or by `items`; neither means all that is left.

    `refund_no` makes it idempotent. What was paid for items is worked out to the fen.
    """

    refund_no: Annotated[str, Field(min_length=1, max_length=64), internal]
    amount: Annotated[Money | None, public] = None
    items: Annotated[list[ReturnedItem] | None, Field(min_length=1, max_length=1000), public] = None
    reason: Annotated[str | None, Field(max_length=64, pattern=r"^[\w.:-]+$"), internal] = None


class RefundedItem(Model):
    """Pieces of a line that came back, and what was paid for them."""

    line: Annotated[int, public]
    quantity: Annotated[int, public]
    amount: Annotated[Money, public]


class Refund(Model):
    """What a refund did: taken back of what was earned, given back of what was spent.

    `coupons` are those of the order that are given back, which happens once nothing is left of it.
    """

    order_no: Annotated[str, internal]
    refund_no: Annotated[str, internal]
    member_id: Annotated[UUID, internal]
    amount: Annotated[Money, public]
    points_reversed: Annotated[int, public]
    points_restored: Annotated[int, public]
    growth_reversed: Annotated[int, public]
    tier: Annotated[str, public]
    balance: Annotated[int, public]
    items: Annotated[list[RefundedItem], public] = Field(default_factory=list)
    coupons: Annotated[list[str], internal] = Field(default_factory=list)
    reason: Annotated[str | None, internal] = None


OPERATIONS: list[Operation] = [
    Operation(
        "POST", "/v1/orders", "points", "Book a paid order: growth, points, tier, coupons",
        CHECKOUT, OrderRequest, OrderAnswer,
        query=(DRY_RUN,), own=None, edge="orders", tags=("orders",),
    ),
    Operation(
        "POST", "/v1/orders/batch", "points", "Book up to 1,000 orders, one answer each",
        CHECKOUT, OrderBatchRequest, OrderBatchAnswer,
        query=(DRY_RUN,), own=None, edge="orders_batch", tags=("orders",),
    ),
    Operation(
        "POST", "/v1/orders/{order_no}/refunds", "points", "Give an order back, in part or whole",
        CHECKOUT | {Role.SERVICE_AGENT}, RefundRequest, Refund,
        idempotent=True, own=None, tags=("orders",),
    ),
]  # fmt: skip
