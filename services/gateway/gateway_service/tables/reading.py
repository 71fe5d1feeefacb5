"""What decides about readings, and what is counted of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment


class KnownStore(SQLModel, table=True):
    """A store that a member bought at or joined in, or one merged into it (`inherited_from`)."""

    __tablename__ = "known_store"

    member_id: UUID = Field(primary_key=True)
    store_id: str = Field(primary_key=True)
    inherited_from: UUID | None = None


class Child(SQLModel, table=True):
    """A member under fourteen, or who was merged with one; `until` is the month after that day."""

    member_id: UUID = Field(primary_key=True)
    until: date
    inherited_from: UUID | None = None


class PlainRead(SQLModel, table=True):
    """So many members that somebody read in the clear; kept for as long as a limit asks."""

    __tablename__ = "plain_read"

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    subject: str
    at: datetime = moment()
    members: int


class GivenFigure(SQLModel, table=True):
    """A value that was given for a figure; another one has to be `gap` away."""

    __tablename__ = "given_figure"

    key: str = Field(primary_key=True)
    value: int = Field(sa_column=Column(BigInteger, primary_key=True))
    gap: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: datetime = moment()


class FigureBudget(SQLModel, table=True):
    """The privacy loss of a month's figures."""

    __tablename__ = "figure_budget"

    month: date = Field(primary_key=True)
    spent: float


class ReadApproval(SQLModel, table=True):
    """A reading of a child's data that needs a second person; never decided by who asked."""

    __tablename__ = "read_approval"

    approval_id: UUID = Field(primary_key=True)
    member_id: UUID
    subject: str
    purpose: str
    ticket: str
    hours: int
    asked_at: datetime = moment()
    state: str
    decided_by: str | None = None
    decided_at: datetime | None = moment(nullable=True)
    until: datetime | None = moment(nullable=True)
