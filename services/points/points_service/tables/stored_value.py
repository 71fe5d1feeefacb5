"""Stored value and paid memberships."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from points_service.tables.base import Table, count, document, moment


class BonusRule(Table, table=True):
    """`contracts.points.stored_value.BonusRule`."""

    __tablename__ = "bonus_rule"
    rule_id: str = Field(primary_key=True)
    definition: dict[str, Any] = document()


class StoredValue(Table, table=True):
    """An account and who holds it; in the ledger the account itself is the owner."""

    __tablename__ = "stored_value"
    account_id: UUID = Field(primary_key=True)
    member_id: UUID  # merges move it
    opened_at: datetime = moment()


class StoredTopUp(Table, table=True):
    """Money paid in, and what is left of it; the id is the journal's."""

    __tablename__ = "stored_top_up"
    top_up_id: UUID = Field(primary_key=True)
    account_id: UUID
    number: int  # of the account's; the oldest goes first
    tender: str
    rule_id: str | None
    merchant: str  # who gave the bonus
    principal: int = count()
    bonus: int = count()
    principal_left: int = count()
    bonus_left: int = count()
    refunded: int = count()
    bonus_taken: int = count()
    topped_up_at: datetime = moment()


class StoredSpend(Table, table=True):
    """What an order was paid with; the id is the journal's."""

    __tablename__ = "stored_spend"
    spend_id: UUID = Field(primary_key=True)
    account_id: UUID
    store: str
    order_no: str
    principal: int = count()
    bonus: int = count()
    principal_back: int = count()
    bonus_back: int = count()
    spent_at: datetime = moment()


class StoredUse(Table, table=True):
    """What a spend took out of a top-up, and how much of it came back."""

    __tablename__ = "stored_use"
    spend_id: UUID = Field(primary_key=True)
    top_up_id: UUID = Field(primary_key=True)
    principal: int = count()
    bonus: int = count()
    principal_back: int = count()
    bonus_back: int = count()


class StoredLine(Table, table=True):
    """A line of the account's statement with the balances it left."""

    __tablename__ = "stored_line"
    line_id: int = count(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    kind: str
    journal_id: UUID
    ref: str | None
    principal: int = count()
    bonus: int = count()
    principal_balance: int = count()
    bonus_balance: int = count()
    store: str | None
    order_no: str | None
    at: datetime = moment()


class MembershipPlan(Table, table=True):
    """`contracts.points.paid_memberships.Plan`."""

    __tablename__ = "membership_plan"
    plan_id: str = Field(primary_key=True)
    definition: dict[str, Any] = document()


class PaidMembership(Table, table=True):
    """A term of a paid membership, with the plan as it was bought."""

    __tablename__ = "paid_membership"
    membership_id: UUID = Field(primary_key=True)
    plan_id: str
    member_id: UUID  # merges move it
    plan: dict[str, Any] = document()
    tender: str
    fee_fen: int = count()
    starts_on: date
    ends_on: date  # the first day without it
    notice_on: date
    renews: UUID | None
    bought_at: datetime = moment()
    announced_at: datetime | None = moment()
    cancelled_at: datetime | None = moment()
    refunded_fen: int = count()
    benefit_used_at: datetime | None = moment()


class PaidMembershipUse(Table, table=True):
    """A benefit that was used."""

    __tablename__ = "paid_membership_use"
    use_id: UUID = Field(primary_key=True)
    membership_id: UUID
    benefit: str
    used_at: datetime = moment()
