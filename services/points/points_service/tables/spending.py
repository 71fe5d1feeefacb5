"""Lots and where their points went."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from points_service.tables.base import Table, count, document, moment


class Lot(Table, table=True):
    """Points earned at one time. `lot_id` is the journal that earned them, unless they moved."""

    lot_id: UUID = Field(primary_key=True)
    member_id: UUID  # who holds it now; merges move it
    earned_by: UUID
    earned_at: datetime = moment()
    expires_at: datetime = moment()
    points: int = count()
    remaining: int = count()
    expired: int = count()
    expired_at: datetime | None = moment()
    moved_from: UUID | None  # the lot of another member they were given out of
    depreciated_on: date | None  # the last day that took its share


class LotUse(Table, table=True):
    """Points a journal took out of a lot, and how many of them refunds put back."""

    __tablename__ = "lot_use"
    journal_id: UUID = Field(primary_key=True)
    lot_id: UUID = Field(primary_key=True)
    points: int = count()
    restored: int = count()


class Redemption(Table, table=True):
    """Points spent; `lot_use` has the lots."""

    journal_id: UUID = Field(primary_key=True)
    member_id: UUID
    points: int = count()
    store: str | None
    order_no: str | None
    reason: str
    burnt_at: datetime = moment()


class Hold(Table, table=True):
    """Points set aside; `hold_id` is the journal that did it, and `lot_use` has the lots."""

    hold_id: UUID = Field(primary_key=True)
    member_id: UUID  # merges move it
    account_owner: UUID  # whose account `held` has them
    points: int = count()
    store: str | None
    order_no: str | None
    reason: str
    held_at: datetime = moment()
    expires_at: datetime = moment()
    status: str  # open, posted, voided, expired
    posted: int = count()
    resolved_at: datetime | None = moment()


class Transfer(Table, table=True):
    """Points a member gave to another; `transfer_id` is the journal."""

    transfer_id: UUID = Field(primary_key=True)
    giver_id: UUID
    receiver_id: UUID
    points: int = count()
    transferred_at: datetime = moment()


class Reward(Table, table=True):
    """What points are exchanged for; `taken` of `stock` (None: without end) are gone."""

    reward_id: str = Field(primary_key=True)
    name_zh: str
    name_en: str
    kind: str  # goods, coupon, service
    points: int = count()
    stock: int | None = count()
    taken: int = count()
    member_limit: int | None = count()
    valid_from: datetime = moment()
    valid_until: datetime | None = moment()
    tiers: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))  # empty: any
    sku: str | None
    template_id: UUID | None


class RewardExchange(Table, table=True):
    """Points exchanged for a reward; `exchange_id` is the journal, `coupons` the codes issued."""

    __tablename__ = "reward_exchange"
    exchange_id: UUID = Field(primary_key=True)
    reward_id: str
    member_id: UUID
    quantity: int = count()
    points: int = count()
    store: str | None
    coupons: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    exchanged_at: datetime = moment()
    cancelled_at: datetime | None = moment()


class ExpiryPolicy(Table, table=True):
    """How points go; all active ones apply together. `kind` is one of expiry.rules."""

    __tablename__ = "expiry_policy"
    policy_id: str = Field(primary_key=True)
    kind: str
    active: bool
    figures: dict[str, Any] = document()


class Depreciation(Table, table=True):
    """A day that took a percentage of every lot earned before it."""

    day: date = Field(primary_key=True)
    percent: int


class Announcement(Table, table=True):
    """How far the announcing of a day's expiry has come: members up to `told_to` know."""

    day: date = Field(primary_key=True)
    days_ahead: int = Field(primary_key=True)
    told_to: UUID
    finished: bool
