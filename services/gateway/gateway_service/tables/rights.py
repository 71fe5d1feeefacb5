"""What members asked for, and how far it is."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, texts


class RightsRequest(SQLModel, table=True):
    """A right that was claimed; the archive is sealed for the member, and goes after a week."""

    __tablename__ = "rights_request"

    request_id: UUID = Field(primary_key=True)
    members: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    kind: str
    requested_at: datetime = moment()
    due_at: datetime = moment()
    by_role: str
    by_subject: str
    ticket: str | None = None
    state: str
    answered_at: datetime | None = moment(nullable=True)
    reason: str | None = None
    fields: list[str] = texts()
    archive: str | None = None
    archive_until: datetime | None = moment(nullable=True)
    owed_fen: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))


class RightsAnswer(SQLModel, table=True):
    """A part of one service's answer; emptied once the archive is put together."""

    __tablename__ = "rights_answer"

    request_id: UUID = Field(primary_key=True, foreign_key="rights_request.request_id")
    service: str = Field(primary_key=True)
    part: int = Field(primary_key=True)
    parts: int
    sections: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    answered_at: datetime = moment()
