"""What is declared of events, and what could not be collected."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment


class EventSchema(SQLModel, table=True):
    """A version of an event's schema; the newest one counts."""

    __tablename__ = "event_schema"
    event: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    declared_at: datetime = moment()
    declared_by: str


class Quarantine(SQLModel, table=True):
    """A collected message that could not be taken; its payload is sealed."""

    id: UUID = Field(primary_key=True)
    received_at: datetime = moment()
    stage: str
    source: str
    reason: str
    pointer: str
    payload: str
    replayed_at: datetime | None = moment(nullable=True)
