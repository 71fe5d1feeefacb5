"""What members are worth."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field

from profile_service.tables.base import Row, big, document, moment, text


class ClvTermsRow(Row, table=True):
    """One row: by what values are reckoned (contracts.worth.ClvTermsBody; null: as shipped).

    `waiting`: forecasts or terms are newer than the values.
    """

    __tablename__ = "clv_terms"
    one: bool = Field(primary_key=True)
    document: dict[str, Any] | None = document(nullable=True)
    changed_by: str | None = text(default=None)
    changed_at: datetime | None = moment(nullable=True)
    reckoned_at: datetime | None = moment(nullable=True)
    waiting: bool


class MemberWorthRow(Row, table=True):
    """A person, by the root of the moment, as last reckoned (contracts.worth.Clv)."""

    __tablename__ = "member_worth"
    subject_id: int = big(primary_key=True)
    yearly_spend_fen: int = big()
    margin: float
    yearly_profit_fen: int = big()
    expected_years: float
    value_fen: int = big()
    band: str = text()
    falling: bool


class ClvMonthRow(Row, table=True):
    """A person's value on the first of a month."""

    __tablename__ = "clv_month"
    subject_id: int = big(primary_key=True)
    month: date = Field(primary_key=True)
    value_fen: int = big()
