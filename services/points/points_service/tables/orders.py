"""Orders and refunds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlmodel import Field

from points_service.tables.base import Table, count, document, moment


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
