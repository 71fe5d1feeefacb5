"""What a message is and says, when it is tried again, what an answer means. Pure."""

import base64
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import msgspec

from contracts.gateway.webhooks import MOST_BODY_BYTES
from gateway_service import pauses

SECRET_BYTES = 32
OVERLAP = timedelta(days=1)  # of a secret and the one before it
LEASE = timedelta(minutes=1)  # a message that is being sent is nobody else's for so long
_FIRST = timedelta(seconds=5)
_LONGEST = timedelta(hours=8)
_FACTOR = 4
_GONE = 410


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that was registered.

    `store`: hears only what happened there. None with role `partner` means no store at all, with
    other roles every store.
    """

    webhook_id: UUID
    owner: str
    partner: bool
    store: str | None
    url: str
    events: tuple[str, ...]
    secret: bytes
    before: bytes | None
    before_until: datetime | None
    created_at: datetime
    failing_since: datetime | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something to tell, once an endpoint. `store` None concerns everybody.

    `member` is told as a pseudonym, and not at all to a partner whom the member does not share
    with. With `once` it is told once for each value, however often it happens.
    """

    type: str
    at: datetime
    data: dict[str, Any]
    store: str | None = None
    member: UUID | None = None
    once: UUID | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is to be sent now, for the nth time."""

    message_id: UUID
    webhook_id: UUID
    attempt: int
    body: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a try: a status, or a code if there was none."""

    status: int | None = None
    error: str | None = None

    @property
    def arrived(self) -> bool:
        """The receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The receiver says that nobody listens there any more."""
        return self.status == _GONE


def concerns(endpoint: Endpoint, what: Happening) -> bool:
    """Whether an endpoint is to hear of it."""
    if what.type not in endpoint.events:
        return False
    if what.store is None or (not endpoint.partner and endpoint.store is None):
        return True
    return endpoint.store == what.store


def body_of(what: Happening, member: UUID | None) -> bytes:
    """The message: type, timestamp, data; `member` is a pseudonym."""
    told = {**what.data, "member": str(member)} if member else what.data
    at = what.at.astimezone(UTC)
    body = msgspec.json.encode({"type": what.type, "timestamp": at, "data": told})
    assert len(body) <= MOST_BODY_BYTES, "what is told is short"
    return body


def id_of(what: Happening, webhook_id: UUID, new: UUID) -> UUID:
    """The message's id: `new`, or one that follows from what is told once."""
    return uuid5(what.once, str(webhook_id)) if what.once else new


def name_of(message_id: UUID) -> str:
    """`webhook-id`: the same for every try."""
    return f"msg_{message_id.hex}"


def shown(secret: bytes) -> str:
    """A secret as Standard Webhooks writes it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def headers(message: Due, secrets: list[bytes], now: datetime) -> dict[str, str]:
    """Those of Standard Webhooks; a signature for each secret that is good."""
    name, moment = name_of(message.message_id), str(int(now.timestamp()))
    signed = f"{name}.{moment}.".encode() + message.body
    return {
        "content-type": "application/json",
        "user-agent": "huiyuan-webhooks",
        "webhook-id": name,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(signature(secret, signed) for secret in secrets),
    }


def signature(secret: bytes, signed: bytes) -> str:
    """HMAC-SHA256 over `id.timestamp.body`."""
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, sha256)).decode()}"


def good_secrets(endpoint: Endpoint, now: datetime) -> list[bytes]:
    """As they are kept; the one before as well while both are good."""
    if endpoint.before and endpoint.before_until and now < endpoint.before_until:
        return [endpoint.secret, endpoint.before]
    return [endpoint.secret]


def pause(message_id: UUID, attempt: int) -> timedelta:
    """How long to wait after the nth try: 5 s, 20 s, 80 s … 8 h, each a quarter more or less."""
    return pauses.pause(message_id, attempt, first=_FIRST, factor=_FACTOR, longest=_LONGEST)
