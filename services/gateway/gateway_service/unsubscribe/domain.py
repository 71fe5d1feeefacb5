"""Links and what they are bound to. Pure."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.sealed import b64

LIFE = timedelta(days=90)  # rows go then; 60 are promised
TOKEN_BYTES = 12  # 2^96 to guess from, and short enough for an SMS


@dataclass(frozen=True, slots=True)
class Link:
    """What a link takes back, and of which message it is. Only the hash of its token is kept."""

    token_hash: bytes
    delivery_id: UUID
    campaign_id: UUID
    member_id: UUID
    purpose: str
    channel: str
    language: str
    sent_at: datetime


def token_of(key: bytes, delivery_id: UUID) -> str:
    """The token of a message: a message that is taken up again gets the same."""
    return b64(hmac.digest(key, delivery_id.bytes, "sha256")[:TOKEN_BYTES])


def hash_of(token: str) -> bytes:
    """What is kept of a token, and looked up."""
    return hashlib.sha256(token.encode()).digest()


def valid(link: Link | None, now: datetime) -> bool:
    """Whether it still takes something back."""
    return link is not None and now < link.sent_at + LIFE
