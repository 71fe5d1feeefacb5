"""Growth and what it is earned by."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from points_service.tables.base import Table, count, moment


class GrowthEntry(Table, table=True):
    """Growth gained (or, < 0, taken back by a refund), by what it came from."""

    __tablename__ = "growth_entry"
    entry_id: int = count(primary_key=True)
    member_id: UUID
    kind: str
    amount: int = count()
    ref: str
    occurred_at: datetime = moment()


class Product(Table, table=True):
    """A known article."""

    sku: str = Field(primary_key=True)


class Store(Table, table=True):
    """A known shop."""

    store_id: str = Field(primary_key=True)
