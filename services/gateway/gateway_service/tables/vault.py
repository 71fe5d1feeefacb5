"""Wrapped keys, who was erased, and how far a rotation is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, octets


class WrappingKey(SQLModel, table=True):
    """A programme's key-encryption key under the root key; destroyed ones leave their number."""

    __tablename__ = "wrapping_key"

    programme: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    wrapped: str | None = None
    created_at: datetime = moment()
    destroyed_at: datetime | None = moment(nullable=True)


class DataKey(SQLModel, table=True):
    """What values are sealed with. The owner is a member, or the programme by an id of its own."""

    __tablename__ = "data_key"

    owner: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    wrapping_version: int
    wrapped: bytes = octets()
    created_at: datetime = moment()
    retired_by: UUID | None = None


class Tombstone(SQLModel, table=True):
    """Somebody was erased, for the nth time: a member's id, or the digest of an identifier."""

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    subject: bytes = octets()
    generation: int
    erased_at: datetime = moment()


class IdentifierTail(SQLModel, table=True):
    """The keyed index of an identifier's last four characters, by its blind index.

    The member is whom it was linked to; who has it now is identity's to say.
    """

    __tablename__ = "identifier_tail"
    __table_args__ = (Index("identifier_tail_tail", "tail", "index"),)

    index: str = Field(primary_key=True)
    tail: bytes = octets()
    member_id: UUID = Field(index=True)


class Rotation(SQLModel, table=True):
    """Keys being replaced, and how far that is; see `vault.domain.Rotation`."""

    id: UUID = Field(primary_key=True)
    scope: str
    member_id: UUID | None = None
    stage: str
    begun_at: datetime = moment()
    destroy_at: datetime = moment()
    finished_at: datetime | None = moment(nullable=True)
    version: int
    place: str
    after: str
    stale: int = Field(sa_column=Column(BigInteger, nullable=False))
    rows_seen: int = Field(sa_column=Column(BigInteger, nullable=False))
    resealed: int = Field(sa_column=Column(BigInteger, nullable=False))
    unreadable: int = Field(sa_column=Column(BigInteger, nullable=False))
