"""What was seen in the clear."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Column, Uuid
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, texts


class AuditEntry(SQLModel, table=True):
    """A plain read, written before it is answered; the service's role may only add and read."""

    __tablename__ = "audit_entry"

    id: UUID = Field(primary_key=True)
    at: datetime = moment()
    role: str
    subject: str
    purpose: str
    ticket: str | None = None
    operation: str
    members: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    kinds: list[str] = texts()
    trace_id: str
