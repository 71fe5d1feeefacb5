"""Messages on their way to providers, and how these stand."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from gateway_service.tables.base import moment, octets


class OutgoingMessage(SQLModel, table=True):
    """A message that a provider is to carry; recipient and content are sealed.

    `until`: not sent any more from then on. `since`: tried since then. `first_at`: its `key` was
    used first; `tried_at`: the newest call was signed. `ref`: the provider's name for it.
    """

    __tablename__ = "outgoing_message"

    delivery_id: UUID = Field(primary_key=True)
    member_id: UUID | None = None
    channel: str
    provider: str
    purpose: str
    recipient: str | None = None
    content: str
    state: str
    attempts: int
    key: str | None = None
    first_at: datetime | None = moment(nullable=True)
    tried_at: datetime | None = moment(nullable=True)
    next_at: datetime | None = moment(nullable=True)
    until: datetime | None = moment(nullable=True)
    since: datetime = moment()
    ref: str | None = None
    reason: str | None = None
    taken_by: str | None = None
    created_at: datetime = moment()
    sent_at: datetime | None = moment(nullable=True)
    ended_at: datetime | None = moment(nullable=True)


class EarlyReceipt(SQLModel, table=True):
    """A receipt that came before the provider's name for its message was known."""

    __tablename__ = "early_receipt"

    provider: str = Field(primary_key=True)
    ref: str = Field(primary_key=True)
    status: str = Field(primary_key=True)
    reason: str | None = None
    at: datetime | None = moment(nullable=True)
    received_at: datetime = moment()


class ProviderStanding(SQLModel, table=True):
    """Tokens of a provider's rate, and whether its circuit is open; for all gateways together."""

    __tablename__ = "provider_standing"

    provider: str = Field(primary_key=True)
    tokens: float
    at: datetime = moment()
    failures: int
    open_until: datetime | None = moment(nullable=True)


class ProviderToken(SQLModel, table=True):
    """A provider's access token, locked; for all gateways together."""

    __tablename__ = "provider_token"

    provider: str = Field(primary_key=True)
    token: bytes | None = octets(nullable=True)
    good_until: datetime | None = moment(nullable=True)
