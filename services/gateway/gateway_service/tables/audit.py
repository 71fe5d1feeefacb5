"""The audit: entries in lanes, and what is signed of them."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Column, LargeBinary, SmallInteger
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, octets


class AuditEntry(SQLModel, table=True):
    """An entry as canonical JSON; `hash` covers it and the one before it in its lane.

    Written by the function audit_append only. View `audit` has what is searched for.
    """

    __tablename__ = "audit_entry"

    lane: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    number: int = Field(sa_column=Column(BigInteger, primary_key=True))
    body: str
    hash: bytes = octets()


class Lane(SQLModel, table=True):
    """A chain of entries: its last one's number and hash."""

    lane: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    head: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: bytes = octets()


class Checkpoint(SQLModel, table=True):
    """A signed Merkle root over the entries since the one before; `heads` by lane."""

    checkpoint_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    at: datetime = moment()
    heads: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    hashes: list[bytes] = Field(sa_column=Column(ARRAY(LargeBinary), nullable=False))
    entries: int = Field(sa_column=Column(BigInteger, nullable=False))
    root: bytes = octets()
    previous: bytes = octets()
    key_id: str
    signature: bytes = octets()
