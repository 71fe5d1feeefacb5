"""What members were asked and have answered, and who answers for a merged one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, octets


class NoticeVersion(SQLModel, table=True):
    """What members are shown before they answer; never changed."""

    __tablename__ = "notice"

    purpose: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    zh: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    en: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    material: bool
    hash: str
    published_at: datetime = moment()


class ConsentEvent(SQLModel, table=True):
    """One answer in the chain of a member's id; the service's role may only add and read."""

    __tablename__ = "consent_event"

    member_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    at: datetime = moment()
    purpose: str
    channel: str  # "" where there is none
    state: str
    notice_version: int | None = None
    notice_hash: str | None = None
    ref: UUID = Field(index=True)
    asked_where: str
    asked_how: str
    initiative: str
    by_role: str
    by_subject: str
    inherited_from: UUID | None = None
    hash: bytes = octets()


class ConsentHead(SQLModel, table=True):
    """Where a chain ends; its lock puts the answers of one member in line."""

    __tablename__ = "consent_head"

    member_id: UUID = Field(primary_key=True)
    number: int
    hash: bytes = octets()


class Consent(SQLModel, table=True):
    """Projection of the chain: the last answer of a member to one purpose on one channel."""

    member_id: UUID = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    state: str
    notice_version: int | None = None
    changed_at: datetime = moment()


class MergedMember(SQLModel, table=True):
    """Projection of identity's merges: whose consents an absorbed id answers with."""

    __tablename__ = "merged_member"

    absorbed_id: UUID = Field(primary_key=True)
    survivor_id: UUID = Field(index=True)
