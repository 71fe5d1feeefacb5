"""Tokens of links, where links may lead, and what comes of following one. Pure."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from contracts.sealed import b64

LIFE = timedelta(days=90)  # then a link leads nowhere any more
TOKEN_BYTES = 12  # 2^96 to guess from, and short enough for an SMS
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Tracked:
    """A message about to leave and where its link leads: an address, a path of the shop, or None
    for the shop itself."""

    delivery_id: UUID
    campaign_id: UUID
    member_id: UUID
    channel: str
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What was done with a message. `target` None: it carried no link."""

    delivery_id: UUID
    campaign_id: UUID
    member_id: UUID
    channel: str
    target: str | None
    opened_at: datetime | None
    clicked_at: datetime | None
    clicks: int


class Linker:
    """Makes links and judges where they lead. `shop`: where paths belong; `hosts`: who else may be
    led to."""

    def __init__(self, secret: str, public_url: str, shop: str, hosts: Sequence[str]) -> None:
        self._key = hmac.digest(secret.encode(), b"campaign links", "sha256")
        self._url, self._shop = public_url.rstrip("/"), shop.rstrip("/")
        own = (urlsplit(each).netloc.lower() for each in (self._url, self._shop))
        self._hosts = frozenset({*own, *(host.strip().lower() for host in hosts if host.strip())})

    def token(self, delivery_id: UUID) -> str:
        """Of a delivery: the same whenever it is asked for, and it says nothing about anybody."""
        return b64(hmac.digest(self._key, delivery_id.bytes, "sha256")[:TOKEN_BYTES])

    def address(self, delivery_id: UUID) -> str:
        """What stands in the message."""
        return f"{self._url}/l/{self.token(delivery_id)}"

    def target(self, wanted: str | None) -> str | None:
        """The whole address that a link leads to; None where it may not lead there.

        A path is one of the shop; an address has to be https, of a host that is allowed, and
        written so that no browser can read it as another.
        """
        if wanted is None:
            return self._shop + "/"
        whole = self._shop + wanted if wanted.startswith("/") else wanted
        if len(whole) > LONGEST or not all("!" <= sign <= "~" for sign in whole) or "\\" in whole:
            return None
        try:
            parts = urlsplit(whole)
            plain = parts.username is None and parts.password is None
        except ValueError:
            return None
        allowed = parts.scheme == "https" and plain and parts.netloc.lower() in self._hosts
        return whole if allowed else None


def hash_of(token: str) -> bytes:
    """What is kept of a token, and looked up."""
    return hashlib.sha256(token.encode()).digest()
