"""Lots and where their points went."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from points_service.tables.base import Table, count, moment


class Lot(Table, table=True):
    """Points earned at one time. `lot_id` is the journal that earned them."""

    lot_id: UUID = Field(primary_key=True)
    member_id: UUID  # who holds it now; merges move it
    earned_by: UUID
    earned_at: datetime = moment()
    expires_at: datetime = moment()
    points: int = count()
    remaining: int = count()
    expired: int = count()
    expired_at: datetime | None = moment()


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
