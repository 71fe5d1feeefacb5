"""What is waited for."""

from datetime import datetime

from sqlmodel import Field

from profile_service.tables.base import Row, big, moment, text


class WatchingRow(Row, table=True):
    """One row: the version of what is waited for."""

    __tablename__ = "watching"
    id: int = Field(primary_key=True)
    version: int = big()


class WatchRow(Row, table=True):
    """Events of this name are told if they are not older than so many minutes."""

    __tablename__ = "watch"
    name: str = text(primary_key=True)
    within_minutes: int


class RestockRow(Row, table=True):
    """A good is there again, and those who wanted it have not been told yet."""

    __tablename__ = "restock"
    sku: str = text(primary_key=True)
    back_at: datetime = moment()
