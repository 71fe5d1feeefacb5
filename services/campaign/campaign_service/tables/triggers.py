"""Triggers of running campaigns, what they wait for, and for whom."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Column, Text
from sqlmodel import Field

from campaign_service.tables.base import Table, document, moment, sequence


class ArmedTriggerRow(Table, table=True):
    """A running campaign's trigger; `names` are the collected events that it waits for."""

    __tablename__ = "armed_trigger"
    campaign_id: UUID = Field(primary_key=True, foreign_key="campaign.campaign_id")
    seq: int = sequence()
    kind: str = Field(sa_type=Text)
    names: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    trigger: dict[str, Any] = document()
    starts_on: date | None
    ends_on: date | None


class EventWatchRow(Table, table=True):
    """A campaign or journey waits for collected events of a name."""

    __tablename__ = "event_watch"
    watcher: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text, primary_key=True)
    within_minutes: int


class ZoneMoveRow(Table, table=True):
    """A member came into a zone, or left it."""

    __tablename__ = "zone_move"
    original_member_id: UUID = Field(primary_key=True)
    zone: str = Field(sa_type=Text, primary_key=True)
    moved_at: datetime = moment(primary_key=True)
    came: bool = Field(primary_key=True)
    member_id: UUID


class TriggerWaitRow(Table, table=True):
    """A member is asked about at `due_at`, unless it has left the zone since."""

    __tablename__ = "trigger_wait"
    wait_id: int = sequence(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.campaign_id")
    member_id: UUID
    original_member_id: UUID
    occasion: datetime = moment()
    zone: str = Field(sa_type=Text)
    since: datetime | None = moment(nullable=True)
    due_at: datetime = moment()
    values: dict[str, Any] = document()
