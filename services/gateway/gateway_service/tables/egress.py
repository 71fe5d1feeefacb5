"""What the sandbox would have sent, and where nothing is sent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment


class SandboxOutbox(SQLModel, table=True):
    """What the sandbox provider would have sent; address and text are sealed."""

    __tablename__ = "sandbox_outbox"

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    delivery_id: UUID = Field(unique=True)
    member_id: UUID | None = None
    channel: str
    recipient: str
    text: str
    sent_at: datetime = moment()


class Suppression(SQLModel, table=True):
    """One reason why nothing is sent to an address: `<kind>:<blind index>`, and no member."""

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("address", "scope", "reason"),)

    suppression_id: UUID = Field(primary_key=True)
    address: str
    scope: str
    reason: str
    since: datetime = moment()
    by_role: str
    by_subject: str
