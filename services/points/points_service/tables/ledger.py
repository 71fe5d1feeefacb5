"""The books: written by the function `post` alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlmodel import Field

from points_service.tables.base import Table, count, moment


class Journal(Table, table=True):
    """A booking; its entries add up to 0. `ref` is unique within its kind."""

    journal_id: UUID = Field(primary_key=True)
    kind: str
    ref: str
    occurred_at: datetime = moment()
    posted_at: datetime = moment()


class Entry(Table, table=True):
    """A line of a booking: > 0 credit, < 0 debit; `hash` covers it and the one before it."""

    entry_id: int = count(primary_key=True)
    journal_id: UUID
    account_id: int = count(primary_key=True)
    amount: int = count()
    lane: int = Field(sa_type=SmallInteger)
    hash: bytes = Field(sa_type=BYTEA)


class Account(Table, table=True):
    """`balance` is the fold of the account's entries. Kinds without a floor have a row a lane."""

    account_id: int = count(primary_key=True)
    kind: str  # ledger.domain.AccountKind
    owner: str  # member id, store, …
    balance: int = count()
    lane: int = Field(sa_type=SmallInteger)


class Lane(Table, table=True):
    """A chain of entries: its last one's number and hash."""

    lane: int = Field(sa_type=SmallInteger, primary_key=True)
    head: int = count()
    hash: bytes = Field(sa_type=BYTEA)


class Checkpoint(Table, table=True):
    """A signed Merkle root over the entries since the one before; `heads` by lane."""

    checkpoint_id: int = count(primary_key=True)
    at: datetime = moment()
    heads: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    hashes: list[bytes] = Field(sa_column=Column(ARRAY(BYTEA), nullable=False))
    entries: int = count()
    root: bytes = Field(sa_type=BYTEA)
    previous: bytes = Field(sa_type=BYTEA)
    key_id: str
    signature: bytes = Field(sa_type=BYTEA)
