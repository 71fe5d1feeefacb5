"""Incidents, and whom they concern."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, texts


class Incident(SQLModel, table=True):
    """What is known of an incident, and which tables have been read for it."""

    incident_id: UUID = Field(primary_key=True)
    opened_at: datetime = moment()
    opened_by: str
    request: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    done: list[str] = texts()
    finished_at: datetime | None = moment(nullable=True)


class IncidentMember(SQLModel, table=True):
    """A member found in a table."""

    __tablename__ = "incident_member"

    incident_id: UUID = Field(primary_key=True, foreign_key="incident.incident_id")
    member_id: UUID = Field(primary_key=True)
    source: str = Field(primary_key=True)
