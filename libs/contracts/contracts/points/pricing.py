"""What a cart costs, with the arithmetic line by line."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from contracts.base import Amount, Model, Money, Record
from contracts.classification import internal, personal, public
from contracts.operations import Operation
from contracts.orders import IdentifierRef, Name
from contracts.roles import CHECKOUT, SERVING, Role

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Codes = Annotated[list[Code], msgspec.Meta(max_length=20)]
Most = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class CartLine(Record, frozen=True):
    """Goods at list price: `unit` a piece, or `amount` for the line; one of the two.

    `quantity` may be 0 for weighed goods, which come with an `amount`.
    """

    sku: Name
    quantity: Annotated[int, msgspec.Meta(ge=0, le=100_000), public]
    unit: Annotated[Amount | None, public] = None
    amount: Annotated[Amount | None, public] = None


class QuoteRequest(Record, frozen=True):
    """A cart and what may be used for it. `identifier` or `member_id` says whose it is.

    `coupons`: none given means the best of the member's own; a list means all of these and no
    others. `points`: at most so many; null means as many as are allowed. `keep` stores the quote,
    so that an order can name it.
    """

    store: Name
    channel: Name
    lines: Annotated[list[CartLine], msgspec.Meta(min_length=1, max_length=200), public]
    delivery: Annotated[Amount | None, public] = None
    identifier: Annotated[IdentifierRef | None, personal()] = None
    member_id: Annotated[UUID | None, internal] = None
    coupons: Annotated[Codes | None, internal] = None
    points: Annotated[Most | None, public] = 0
    keep: Annotated[bool, public] = False


class LineShare(Model):
    """What of a step falls on a line; `line` is its place in the cart, from 0."""

    line: Annotated[int, public]
    off: Annotated[Money, public]


class PriceStep(Model):
    """What one thing takes off: Σ `lines` + `delivery` = `off`.

    `kind` is tier_price, a coupon's percent, cash_off, gift or free_delivery, or points; `name` the
    tier's or the coupon template's.
    """

    kind: Annotated[str, public]
    name: Annotated[str, public]
    code: Annotated[str | None, internal]
    points: Annotated[int, public]
    off: Annotated[Money, public]
    lines: Annotated[list[LineShare], public]
    delivery: Annotated[Money, public]


class PricedLine(Model):
    """A line of the cart: `listed` less what the steps take off it is what it `pays`."""

    sku: Annotated[str, public]
    quantity: Annotated[int, public]
    listed: Annotated[Money, public]
    pays: Annotated[Money, public]


class Gift(Model):
    """Pieces that are handed out on top of what is in the cart."""

    sku: Annotated[str, public]
    quantity: Annotated[int, public]


class Price(Model):
    """The arithmetic: `listed` − Σ `steps` = `to_pay` = Σ `lines` + `delivery`, to the fen.

    It depends on cart, tier, coupons and points alone: equal ones give equal bytes.
    """

    tier: Annotated[str, public]
    listed: Annotated[Money, public]
    steps: Annotated[list[PriceStep], public]
    lines: Annotated[list[PricedLine], public]
    delivery: Annotated[Money, public]
    gifts: Annotated[list[Gift], public]
    coupons: Annotated[list[str], internal]
    points: Annotated[int, public]
    to_pay: Annotated[Money, public]


class Quote(Model):
    """A price for a member. `quote_id` and `valid_until` are there if it was kept."""

    quote_id: Annotated[UUID | None, internal]
    valid_until: Annotated[datetime | None, public]
    member_id: Annotated[UUID, internal]
    price: Annotated[Price, public]


OPERATIONS: list[Operation] = [
    Operation(
        "POST", "/v1/pricing/quote", "points", "The best price of a cart, line by line",
        CHECKOUT | SERVING | {Role.MEMBER}, QuoteRequest, Quote,
        idempotent=True, own=None, edge="quote", tags=("pricing",),
    ),
]  # fmt: skip
