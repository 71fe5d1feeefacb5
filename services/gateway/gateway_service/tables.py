"""The whole schema `gateway` on one page (with chassis' own tables, see chassis.migrations)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Identity, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


class Client(SQLModel, table=True):
    """A program that may ask for tokens; only the hash of its secret is here."""

    client_id: str = Field(primary_key=True)
    role: str
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_column=_moment())


class WriteKey(SQLModel, table=True):
    """A source of events."""

    __tablename__ = "write_key"

    key_hash: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    name: str = Field(unique=True)
    created_at: datetime = Field(sa_column=_moment())


class SigningKey(SQLModel, table=True):
    """A key pair that signs tokens; the private half is encrypted with the root key."""

    __tablename__ = "signing_key"

    kid: str = Field(primary_key=True)
    public_jwk: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    private_sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(sa_column=_moment())


class Consent(SQLModel, table=True):
    """The last answer of a member to one purpose on one channel."""

    member_id: UUID = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    granted: bool
    notice_version: str | None = None
    changed_at: datetime = Field(sa_column=_moment())


class MergedMember(SQLModel, table=True):
    """Projection of identity's merges: whose consents an absorbed id answers with."""

    __tablename__ = "merged_member"

    absorbed_id: UUID = Field(primary_key=True)
    survivor_id: UUID = Field(index=True)


class Quarantine(SQLModel, table=True):
    """A collected message that could not be taken; its payload is sealed."""

    id: UUID = Field(primary_key=True)
    received_at: datetime = Field(sa_column=_moment())
    stage: str
    source: str
    reason: str
    pointer: str
    payload: str
    replayed_at: datetime | None = Field(sa_column=_moment(nullable=True))


class SandboxOutbox(SQLModel, table=True):
    """What the sandbox provider would have sent; address and text are sealed."""

    __tablename__ = "sandbox_outbox"

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    delivery_id: UUID = Field(unique=True)
    member_id: UUID
    channel: str
    recipient: str
    text: str
    sent_at: datetime = Field(sa_column=_moment())


class AuditEntry(SQLModel, table=True):
    """A plain read, written before it is answered; the service's role may only add and read."""

    __tablename__ = "audit_entry"

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_column=_moment())
    role: str
    subject: str
    purpose: str
    ticket: str | None = None
    operation: str
    members: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    kinds: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    trace_id: str
