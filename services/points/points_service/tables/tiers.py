"""Members and their ladders."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlmodel import Field

from points_service.tables.base import Table, count, document, moment


class Member(Table, table=True):
    """Where a member stands. `month_fen` is the spend of `month`, `previous_fen` that before."""

    member_id: UUID = Field(primary_key=True)
    merged_into: UUID | None  # always a living member, never a chain
    tier: str
    growth: int = count()
    referrals: int
    month: date
    month_fen: int = count()
    previous_fen: int = count()
    social: int  # social and green deeds
    kept_since: date  # when the present qualification period began
    warned_on: date | None
    falls_on: date | None
    birth_month: int | None = Field(sa_type=SmallInteger)


class MemberMonth(Table, table=True):
    """What a member did in a month: what windows look at."""

    __tablename__ = "member_month"
    member_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    orders: int
    fen: int = count()
    interactions: int


class Moved(Table, table=True):
    """A row that changed hands with a merge, and whose it was first (moving.py)."""

    kind: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    owner_id: UUID


class Absorption(Table, table=True):
    """A merge in force, as far as a split has to know it: `tier` is the survivor's before."""

    absorbed_id: UUID = Field(primary_key=True)
    into_id: UUID
    merge_id: UUID
    absorbed_at: datetime = moment()
    number: int = count()
    journal_id: UUID | None
    tier: str
    carried: dict[str, Any] = document()  # merges.carried.Carried


class TierWarning(Table, table=True):
    """A review was failed; one member, one warning a day."""

    __tablename__ = "tier_warning"
    member_id: UUID = Field(primary_key=True)
    warned_on: date = Field(primary_key=True)
    tier: str
    falls_to: str
    falls_on: date


class TierChange(Table, table=True):
    """A step on the ladder."""

    __tablename__ = "tier_change"
    change_id: int = count(primary_key=True)
    member_id: UUID
    tier: str
    previous: str
    reason: str  # order, review, merge, refund, act, ladder
    changed_at: datetime = moment()


class TierLadder(Table, table=True):
    """A ladder as configuration (`tiers.definition`), in the version that is in force."""

    __tablename__ = "tier_ladder"
    ladder_id: str = Field(primary_key=True)
    definition: dict[str, Any] = document()
    version: int
    valid_from: datetime = moment()
    changed_by: str


class TierLadderPast(Table, table=True):
    """A version that was replaced; `changed_by` brought it."""

    __tablename__ = "tier_ladder_past"
    ladder_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    definition: dict[str, Any] = document()
    valid_from: datetime = moment()
    valid_until: datetime = moment()
    changed_by: str
