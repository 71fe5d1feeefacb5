"""Journeys, their versions, who is where, and what was heard."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from campaign_service.tables.base import Table, document, moment, sequence


class JourneyRow(Table, table=True):
    """A journey; `version` is the one that members enter. `seq` orders lists."""

    __tablename__ = "journey"
    journey_id: UUID = Field(primary_key=True)
    seq: int = sequence()
    campaign_id: UUID = Field(foreign_key="campaign.campaign_id", unique=True)
    version: int


class JourneyVersionRow(Table, table=True):
    """Append-only: what a journey is in each version, and who let it take over."""

    __tablename__ = "journey_version"
    journey_id: UUID = Field(primary_key=True, foreign_key="journey.journey_id")
    version: int = Field(primary_key=True)
    upgrade: dict[str, Any] = document()
    document: dict[str, Any] = document()
    author: str = Field(sa_type=Text)
    created_at: datetime = moment()
    approver: str | None = Field(sa_type=Text)
    approved_at: datetime | None = moment(nullable=True)


class JourneyWatchRow(Table, table=True):
    """Which events a version hears: to let members in or out (no node), at a node, or to count."""

    __tablename__ = "journey_watch"
    name: str = Field(sa_type=Text, primary_key=True)
    journey_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    role: str = Field(sa_type=Text, primary_key=True)
    node: str = Field(sa_type=Text, primary_key=True)


class JourneyRunRow(Table, table=True):
    """A member's way through a journey. `at`: since when, in the journey's own time, the member is
    at `node`; `mark` the event that led there; `due_at`: until when at the latest; `wake_at`: when
    to look, None once it has ended. `path` is what happened: (node, at, why, facts) in turn."""

    __tablename__ = "journey_run"
    run_id: UUID = Field(primary_key=True)
    seq: int = sequence()
    journey_id: UUID = Field(foreign_key="journey.journey_id")
    version: int
    member_id: UUID
    original_member_id: UUID
    occasion: datetime = moment()
    entered_at: datetime = moment()
    entered_by: str = Field(sa_type=Text)
    control: bool
    node: str = Field(sa_type=Text)
    at: datetime = moment()
    mark: str = Field(sa_type=Text)
    due_at: datetime | None = moment(nullable=True)
    wake_at: datetime | None = moment(nullable=True)
    steps: int
    arms: dict[str, str] = document()
    message: dict[str, Any] | None = document(nullable=True)
    path: list[Any] = document()
    ended_at: datetime | None = moment(nullable=True)
    reason: str | None = Field(sa_type=Text)


class JourneySignalRow(Table, table=True):
    """An event of a member that some journey hears, kept while somebody on the way may need it."""

    __tablename__ = "journey_signal"
    name: str = Field(sa_type=Text, primary_key=True)
    key: str = Field(sa_type=Text, primary_key=True)
    original_member_id: UUID = Field(primary_key=True)
    member_id: UUID
    occurred_at: datetime = moment()
    properties: dict[str, Any] = document()
