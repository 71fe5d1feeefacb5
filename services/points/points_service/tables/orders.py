"""Orders and refunds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB
from sqlmodel import Field

from points_service.tables.base import Table, count, document, moment


def maybe_document() -> Any:
    """jsonb or nothing."""
    return Field(sa_column=Column(JSONB, nullable=True))


class Order(Table, table=True):
    """A booked order with its answer, and how much of it refunds took back."""

    __tablename__ = "orders"
    order_no: str = Field(primary_key=True)
    body_hash: bytes = Field(sa_type=BYTEA)
    member_id: UUID
    store: str
    channel: str
    paid_at: datetime = moment()
    paid_fen: int = count()
    items: list[Any] = document()  # [[sku, quantity, fen], …]
    coupons: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    recorded_at: datetime = moment()
    journal_id: UUID | None  # None: it earned no points
    points: int = count()
    growth: int = count()
    tier: str
    balance: int = count()
    refunded_fen: int = count()
    points_reversed: int = count()
    growth_reversed: int = count()
    delivery_fen: int = count()  # the fee as listed; what was paid of it is in paid_fen
    pays: list[int] | None = maybe_document()  # fen by line; None: in proportion to the items
    tender: list[Any] | None = maybe_document()  # [[kind, fen], …]
    quote_id: UUID | None
    hold_id: UUID | None
    payer: str | None  # blind index
    earned: list[Any] | None = maybe_document()  # [[rule, version, units, counted by limits], …]


class Refund(Table, table=True):
    """A refund with its answer."""

    order_no: str = Field(primary_key=True)
    refund_no: str = Field(primary_key=True)
    member_id: UUID
    amount_fen: int = count()
    points_reversed: int = count()
    points_restored: int = count()
    growth_reversed: int = count()
    tier: str
    balance: int = count()
    refunded_at: datetime = moment()
    items: list[Any] | None = maybe_document()  # [[line, pieces, fen], …]; None: by amount
    reason: str | None
    coupons: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))  # rolled back


class Quote(Table, table=True):
    """A price that was promised. `order_no` is the order that used it."""

    quote_id: UUID = Field(primary_key=True)
    member_id: UUID
    store: str
    channel: str
    lines: list[Any] = document()  # [[sku, quantity, listed fen, paid fen], …]
    delivery_fen: int = count()
    coupons: list[Any] = document()  # [[code, fen taken off], …]
    points: int = count()
    to_pay_fen: int = count()
    valid_until: datetime = moment()
    order_no: str | None
