"""What members did with messages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field

from campaign_service.tables.base import Table, moment


class MessageResponseRow(Table, table=True):
    """One message with a link, or that was opened. Only the hash of a link's token is kept; it goes
    when the member is erased."""

    __tablename__ = "message_response"
    delivery_id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.campaign_id", index=True)
    member_id: UUID = Field(index=True)
    original_member_id: UUID
    channel: str = Field(sa_type=Text)
    token_hash: bytes | None = Field(sa_type=LargeBinary, unique=True)
    target: str | None = Field(sa_type=Text)
    made_at: datetime = moment()
    opened_at: datetime | None = moment(nullable=True)
    clicked_at: datetime | None = moment(nullable=True)
    clicks: int
