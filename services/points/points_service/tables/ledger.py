"""The books: written by the function `post` alone."""

from datetime import datetime
from uuid import UUID

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
    """A line of a booking: > 0 credit, < 0 debit."""

    entry_id: int = count(primary_key=True)
    journal_id: UUID
    account_id: int = count(primary_key=True)
    amount: int = count()


class Account(Table, table=True):
    """`balance` is the fold of the account's entries."""

    account_id: int = count(primary_key=True)
    kind: str  # member, debt, issuing, honouring, breakage
    owner: str  # member id or store
    balance: int = count()
