"""What the KPI board counts, and what it counted."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as Uuid
from sqlmodel import Field

from campaign_service.tables.base import Table, document, moment, sequence


def _segments() -> Any:
    return Field(sa_column=Column(ARRAY(Uuid(as_uuid=True)), nullable=False))


class KpiOrderRow(Table, table=True):
    """An order, in the segments that its member was in when it was told."""

    __tablename__ = "kpi_order"
    order_no: str = Field(sa_type=Text, primary_key=True)
    member_id: UUID
    original_member_id: UUID
    paid_at: datetime = moment()
    day: date
    store: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    paid_fen: int = Field(sa_type=BigInteger)
    refunded_fen: int = Field(sa_type=BigInteger)
    segments: list[UUID] = _segments()


class KpiRefundRow(Table, table=True):
    """What was given back of an order; the order may be told later."""

    __tablename__ = "kpi_refund"
    order_no: str = Field(sa_type=Text, primary_key=True)
    refund_no: str = Field(sa_type=Text, primary_key=True)
    refund_fen: int = Field(sa_type=BigInteger)
    refunded_at: datetime = moment()


class KpiContactRow(Table, table=True):
    """A message that left; not `reached`: it failed."""

    __tablename__ = "kpi_contact"
    delivery_id: UUID = Field(primary_key=True)
    member_id: UUID
    original_member_id: UUID
    sent_at: datetime = moment()
    day: date
    channel: str = Field(sa_type=Text)
    cost_fen: int
    reached: bool
    segments: list[UUID] = _segments()


class KpiDueRow(Table, table=True):
    """A day of a source of which something new is known."""

    __tablename__ = "kpi_due"
    id: int = sequence(primary_key=True)
    source: str = Field(sa_type=Text)
    day: date


class KpiFactRow(Table, table=True):
    """A day's sums of a source (kpis.sources.MEASURES); `behind`: how many members are."""

    __tablename__ = "kpi_fact"
    source: str = Field(sa_type=Text, primary_key=True)
    by: str = Field(sa_type=Text, primary_key=True)
    day: date = Field(primary_key=True)
    key: str = Field(sa_type=Text, primary_key=True)
    figures: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    behind: int = Field(sa_type=BigInteger)


class KpiNameRow(Table, table=True):
    """What a part is called."""

    __tablename__ = "kpi_name"
    by: str = Field(sa_type=Text, primary_key=True)
    key: str = Field(sa_type=Text, primary_key=True)
    name: str = Field(sa_type=Text)


class KpiTargetsRow(Table, table=True):
    """Targets as they were set; the greatest version counts."""

    __tablename__ = "kpi_targets"
    version: int = Field(primary_key=True)
    document: dict[str, Any] = document()
    note: str | None = Field(sa_type=Text)
    changed_by: str = Field(sa_type=Text)
    changed_at: datetime = moment()


class KpiReportRow(Table, table=True):
    """A week's report as it was written."""

    __tablename__ = "kpi_report"
    week: date = Field(primary_key=True)
    document: dict[str, Any] = document()
    written_at: datetime = moment()
