"""What members have answered, and who answers for a merged one."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment


class Consent(SQLModel, table=True):
    """The last answer of a member to one purpose on one channel."""

    member_id: UUID = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    granted: bool
    notice_version: str | None = None
    changed_at: datetime = moment()


class MergedMember(SQLModel, table=True):
    """Projection of identity's merges: whose consents an absorbed id answers with."""

    __tablename__ = "merged_member"

    absorbed_id: UUID = Field(primary_key=True)
    survivor_id: UUID = Field(index=True)
