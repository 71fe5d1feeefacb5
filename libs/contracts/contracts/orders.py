"""Orders as clients send them; hot, so msgspec. Owned by points, read by the gateway."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from contracts.base import Amount, Record
from contracts.classification import Kind, internal, personal, public
from contracts.events import OrderLine

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64), public]


class IdentifierRef(Record, frozen=True):
    """An identifier in a bulk body. The gateway replaces `value` by its index-only token."""

    kind: Annotated[Kind, public]
    value: Annotated[
        str,
        msgspec.Meta(min_length=1, max_length=512),
        personal(by="kind", at="identifier.value"),
    ]


class Tender(Record, frozen=True):
    """How a part of an order was paid: cash, card, wechat, alipay, stored_value, points.

    Points lower the price, so their tender does not count as a part of `paid`.
    """

    kind: Annotated[str, msgspec.Meta(max_length=32), public]
    amount: Annotated[Amount, public]


class OrderRequest(Record, frozen=True):
    """An order that has been paid. `identifier` or `member_id` says whose it is.

    `paid` is what was paid after every discount, without what points paid; growth is its whole
    yuan. Tenders, if told, add up to it. `coupons` are codes that were used. `delivery` is the fee
    at list price, `payer` who paid as the payment provider knows them (kept as a blind index). An
    order that names a quote brings its goods at list price, its coupons and what it left to pay;
    `hold_id` is the hold that is spent with the order. `order_no` makes it idempotent: same body,
    same answer; other body, 409.
    """

    order_no: Annotated[str, msgspec.Meta(min_length=1, max_length=64), internal]
    store: Name
    channel: Name
    paid_at: Annotated[datetime, msgspec.Meta(tz=True), public]
    items: Annotated[list[OrderLine], msgspec.Meta(min_length=1, max_length=1000), public]
    paid: Annotated[Amount, public]
    identifier: Annotated[IdentifierRef | None, personal()] = None
    member_id: Annotated[UUID | None, internal] = None
    tender: Annotated[list[Tender], msgspec.Meta(max_length=20), public] = []
    coupons: Annotated[list[str], msgspec.Meta(max_length=20), internal] = []
    delivery: Annotated[Amount | None, public] = None
    quote_id: Annotated[UUID | None, internal] = None
    hold_id: Annotated[UUID | None, internal] = None
    payer: Annotated[IdentifierRef | None, personal()] = None


class OrderBatchRequest(Record, frozen=True):
    """Up to 1,000 orders; one answer per order, in the same sequence."""

    orders: Annotated[list[OrderRequest], msgspec.Meta(min_length=1, max_length=1000), internal]
