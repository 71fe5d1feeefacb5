"""Signed tokens of QR codes, tickets and pages: what for, about what, for whom, until when.

Nothing of them is kept. The key is derived from the secret that the services share, so that a token
is good at every replica and a new secret ends all of them.
"""

import hmac
import struct
from binascii import Error
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from math import ceil
from uuid import UUID

from contracts.sealed import b64, unb64

_HEAD = struct.Struct(">B16sI")  # use, about, minutes since 1970; then a member, if there is one
_TAG = 12  # bytes: 2^96 to guess from
_SIZES = (_HEAD.size, _HEAD.size + 16)
NOBODY = UUID(int=0)


class Use(IntEnum):
    """What a token lets its bearer do."""

    SIGNUP = 1
    CHECKIN = 2
    TICKET = 3
    INVITATION = 4
    VOTE = 5
    SURVEY = 6
    SHARED = 7


@dataclass(frozen=True, slots=True)
class Token:
    """`about`: an activity, a survey's invitation, or a page that a member made. `member_id` is
    NOBODY on posters, doors and such pages, and where the invitation says whose it is: every
    character of a link in an SMS costs. `until` holds to the minute.
    """

    use: Use
    about: UUID
    member_id: UUID
    until: datetime


class Signer:
    """Makes tokens and reads them."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._key = hmac.digest(secret.encode(), b"campaign tokens", "sha256")
        self._url = public_url

    def sign(self, token: Token) -> str:
        """As text for an address."""
        minutes = ceil(token.until.timestamp() / 60)
        member = b"" if token.member_id == NOBODY else token.member_id.bytes
        body = _HEAD.pack(token.use, token.about.bytes, minutes) + member
        return b64(body + self._tag(body))

    def read(self, text: str | None, now: datetime, *uses: Use) -> Token | None:
        """A token for one of these uses that is ours and still good; None for any other text."""
        try:
            data = unb64(text or "")
        except (ValueError, Error):
            return None
        body, tag = data[:-_TAG], data[-_TAG:]
        if (
            len(body) not in _SIZES
            or b64(data) != text
            or not hmac.compare_digest(tag, self._tag(body))
        ):
            return None
        use, about, minutes = _HEAD.unpack_from(body)
        if use not in uses or now.timestamp() >= minutes * 60:
            return None
        member = body[_HEAD.size :] or NOBODY.bytes
        until = datetime.fromtimestamp(minutes * 60, UTC)
        return Token(Use(use), UUID(bytes=about), UUID(bytes=member), until)

    def address(self, text: str) -> str:
        """Where its page is."""
        return f"{self._url}/s/{text}"

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_TAG]
