"""Members and their ladders."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

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


class TierChange(Table, table=True):
    """A step on the ladder."""

    __tablename__ = "tier_change"
    change_id: int = count(primary_key=True)
    member_id: UUID
    tier: str
    previous: str
    reason: str  # order, review, merge, refund
    changed_at: datetime = moment()


class TierLadder(Table, table=True):
    """A ladder as configuration: `contracts.points.TierLadder` without its id."""

    __tablename__ = "tier_ladder"
    ladder_id: str = Field(primary_key=True)
    definition: dict[str, Any] = document()
