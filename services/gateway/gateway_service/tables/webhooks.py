"""Webhooks and what is sent to them."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, octets, texts


class Webhook(SQLModel, table=True):
    """An address that a partner or an operator registered; its secrets are locked."""

    webhook_id: UUID = Field(primary_key=True)
    holder_id: str
    role: str
    store: str | None = None
    url: str
    events: list[str] = texts()
    secret: bytes = octets()
    before: bytes | None = octets(nullable=True)
    before_until: datetime | None = moment(nullable=True)
    created_at: datetime = moment()
    failing_since: datetime | None = moment(nullable=True)
    disabled_at: datetime | None = moment(nullable=True)


class WebhookMessage(SQLModel, table=True):
    """A message for one webhook; it waits for `next_at`, was delivered, or was given up."""

    __tablename__ = "webhook_message"

    message_id: UUID = Field(primary_key=True)
    webhook_id: UUID = Field(foreign_key="webhook.webhook_id")
    type: str
    body: bytes = octets()
    created_at: datetime = moment()
    state: str
    attempts: int
    next_at: datetime | None = moment(nullable=True)
    status: int | None = None
    error: str | None = None
    delivered_at: datetime | None = moment(nullable=True)
