"""Links that take consent back."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, octets


class UnsubscribeLink(SQLModel, table=True):
    """The link of one marketing message, by the hash of its token."""

    __tablename__ = "unsubscribe_link"

    token_hash: bytes = octets(primary_key=True)
    delivery_id: UUID
    campaign_id: UUID
    member_id: UUID = Field(index=True)
    purpose: str
    channel: str
    language: str
    sent_at: datetime = moment()
