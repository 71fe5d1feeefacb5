"""Partners, settlements, packages, published rules."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import BYTEA
from sqlmodel import Field

from points_service.tables.base import Table, count, document, moment


class Partner(Table, table=True):
    """`contracts.points.programmes.Partner`."""

    partner_id: str = Field(primary_key=True)
    definition: dict[str, Any] = document()


class Exchange(Table, table=True):
    """Points exchanged with a partner; the id is the journal's."""

    exchange_id: UUID = Field(primary_key=True)
    partner_id: str
    direction: str
    partner_ref: str
    member_id: UUID  # merges move it
    points: int = count()
    units: int = count()
    balance: int = count()
    exchanged_at: datetime = moment()
    reversed_at: datetime | None = moment()
    reversal_id: UUID | None
    number: int = count()


class ExchangeMonth(Table, table=True):
    """Points exchanged in a month, over all members, without what was reversed."""

    __tablename__ = "exchange_month"
    partner_id: str = Field(primary_key=True)
    direction: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    points: int = count()


class Settlement(Table, table=True):
    """A month that is closed. Append-only."""

    month: date = Field(primary_key=True)
    closed_at: datetime = moment()
    points_per_yuan: int


class SettlementLine(Table, table=True):
    """What an account moved in a closed month; `programme` owns those of members. Append-only."""

    __tablename__ = "settlement_line"
    month: date = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    owner: str = Field(primary_key=True)
    debit: int = count()
    credit: int = count()


class Package(Table, table=True):
    """`contracts.points.packages.Package`."""

    package_id: str = Field(primary_key=True)
    definition: dict[str, Any] = document()


class PackagePurchase(Table, table=True):
    """A package bought; the id is that of the journal of its points."""

    __tablename__ = "package_purchase"
    purchase_id: UUID = Field(primary_key=True)
    package_id: str
    member_id: UUID  # merges move it
    points: int = count()
    fen: int = count()
    tender: str
    bought_at: datetime = moment()


class PackageVoucher(Table, table=True):
    """A component of a purchase, to be had once."""

    __tablename__ = "package_voucher"
    code: str = Field(primary_key=True)
    purchase_id: UUID
    component_id: str
    partner_id: str
    points: int = count()
    fen: int = count()
    valid_until: datetime = moment()
    redeemed_at: datetime | None = moment()
    refunded_at: datetime | None = moment()


class RulebookVersion(Table, table=True):
    """A version of the published rules, in both languages. Append-only."""

    __tablename__ = "rulebook_version"
    version: int = Field(primary_key=True)
    hash: bytes = Field(sa_type=BYTEA)
    content: list[Any] = document()
    published_at: datetime = moment()
