"""The whole schema. `journal`, `entry` and `account` are written by the function `post` alone.

Migrations hold the SQL with its checks, triggers and rights; a test keeps both in step.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, MetaData, Text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TIMESTAMP
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Table(SQLModel, registry=registry(metadata=MetaData())):
    """This service's tables only: other services use the same names."""


class Moment(TIMESTAMP):
    """timestamptz."""

    def __init__(self) -> None:
        super().__init__(timezone=True)


def _count(*, primary_key: bool = False) -> Any:
    return Field(sa_type=BigInteger, primary_key=primary_key)


def _moment() -> Any:
    return Field(sa_type=Moment)


def _json() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False))


class Journal(Table, table=True):
    """A booking; its entries add up to 0. `ref` is unique within its kind."""

    journal_id: UUID = Field(primary_key=True)
    kind: str
    ref: str
    occurred_at: datetime = _moment()
    posted_at: datetime = _moment()


class Entry(Table, table=True):
    """A line of a booking: > 0 credit, < 0 debit."""

    entry_id: int = _count(primary_key=True)
    journal_id: UUID
    account_id: int = _count(primary_key=True)
    amount: int = _count()


class Account(Table, table=True):
    """`balance` is the fold of the account's entries."""

    account_id: int = _count(primary_key=True)
    kind: str  # member, debt, issuing, honouring, breakage
    owner: str  # member id or store
    balance: int = _count()


class Lot(Table, table=True):
    """Points earned at one time. `lot_id` is the journal that earned them."""

    lot_id: UUID = Field(primary_key=True)
    member_id: UUID  # who holds it now; merges move it
    earned_by: UUID
    earned_at: datetime = _moment()
    expires_at: datetime = _moment()
    points: int = _count()
    remaining: int = _count()
    expired: int = _count()
    expired_at: datetime | None = _moment()


class LotUse(Table, table=True):
    """Points a journal took out of a lot, and how many of them refunds put back."""

    __tablename__ = "lot_use"
    journal_id: UUID = Field(primary_key=True)
    lot_id: UUID = Field(primary_key=True)
    points: int = _count()
    restored: int = _count()


class Redemption(Table, table=True):
    """Points spent; `lot_use` has the lots."""

    journal_id: UUID = Field(primary_key=True)
    member_id: UUID
    points: int = _count()
    store: str | None
    order_no: str | None
    reason: str
    burnt_at: datetime = _moment()


class Member(Table, table=True):
    """Where a member stands. `month_fen` is the spend of `month`, `previous_fen` that before."""

    member_id: UUID = Field(primary_key=True)
    merged_into: UUID | None  # always a living member, never a chain
    tier: str
    growth: int = _count()
    referrals: int
    month: date
    month_fen: int = _count()
    previous_fen: int = _count()


class GrowthEntry(Table, table=True):
    """Growth gained (or, < 0, taken back by a refund), by what it came from."""

    __tablename__ = "growth_entry"
    entry_id: int = _count(primary_key=True)
    member_id: UUID
    kind: str
    amount: int = _count()
    ref: str
    occurred_at: datetime = _moment()


class TierChange(Table, table=True):
    """A step on the ladder."""

    __tablename__ = "tier_change"
    change_id: int = _count(primary_key=True)
    member_id: UUID
    tier: str
    previous: str
    reason: str  # order, review, merge, refund
    changed_at: datetime = _moment()


class TierLadder(Table, table=True):
    """A ladder as configuration: `contracts.points.TierLadder` without its id."""

    __tablename__ = "tier_ladder"
    ladder_id: str = Field(primary_key=True)
    definition: dict[str, Any] = _json()


class Order(Table, table=True):
    """A booked order with its answer, and how much of it refunds took back."""

    __tablename__ = "orders"
    order_no: str = Field(primary_key=True)
    body_hash: bytes = Field(sa_type=BYTEA)
    member_id: UUID
    store: str
    channel: str
    paid_at: datetime = _moment()
    paid_fen: int = _count()
    items: list[Any] = _json()  # [[sku, quantity, fen], …]
    coupons: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    recorded_at: datetime = _moment()
    journal_id: UUID | None  # None: it earned no points
    points: int = _count()
    growth: int = _count()
    tier: str
    balance: int = _count()
    refunded_fen: int = _count()
    points_reversed: int = _count()
    growth_reversed: int = _count()


class Refund(Table, table=True):
    """A refund with its answer."""

    order_no: str = Field(primary_key=True)
    refund_no: str = Field(primary_key=True)
    member_id: UUID
    amount_fen: int = _count()
    points_reversed: int = _count()
    points_restored: int = _count()
    growth_reversed: int = _count()
    tier: str
    balance: int = _count()
    refunded_at: datetime = _moment()


class Coupon(Table, table=True):
    """A coupon a campaign offered; `order_no` is the order that redeemed it."""

    code: str = Field(primary_key=True)
    coupon_id: UUID
    member_id: UUID
    campaign_id: UUID
    percent_off: int
    valid_from: datetime = _moment()
    valid_until: datetime = _moment()
    order_no: str | None
    redeemed_at: datetime | None = _moment()


class Product(Table, table=True):
    """A known article."""

    sku: str = Field(primary_key=True)


class Store(Table, table=True):
    """A known shop."""

    store_id: str = Field(primary_key=True)
