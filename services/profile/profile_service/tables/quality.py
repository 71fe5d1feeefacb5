"""How good the data are."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field

from profile_service.tables.base import Row, big, document, moment, text


class QuarantineDayRow(Row, table=True):
    """Messages of a day that the gateway put aside for a reason, and took after all."""

    __tablename__ = "quarantine_day"
    day: date = Field(primary_key=True)
    stage: str = text(primary_key=True)
    reason: str = text(primary_key=True)
    pointer: str = text(primary_key=True)
    put_aside: int = big()
    replayed: int = big()


class CorrectionDayRow(Row, table=True):
    """How often a rule of the gateway's cleaning corrected a field on a day."""

    __tablename__ = "correction_day"
    day: date = Field(primary_key=True)
    field: str = text(primary_key=True)
    rule: str = text(primary_key=True)
    n: int = big()


class DuplicateHuntRow(Row, table=True):
    """What a search for double members found (contracts.events.DuplicatesHunted)."""

    __tablename__ = "duplicate_hunt"
    hunted_at: datetime = moment(primary_key=True)
    found: int = big()
    merged: int = big()
    reviews_new: int = big()
    reviews_open: int = big()


class CollectDelayRow(Row, table=True):
    """How long messages of a day took from the gateway's receipt into the profile."""

    __tablename__ = "collect_delay"
    day: date = Field(primary_key=True)
    messages: int = big()
    late: int = big()
    worst_ms: int = big()


class QualityReportRow(Row, table=True):
    """A week's report (contracts.quality.QualityReport), by its Monday."""

    __tablename__ = "quality_report"
    week: date = Field(primary_key=True)
    made_at: datetime = moment()
    light: str = text()
    report: dict[str, Any] = document()
