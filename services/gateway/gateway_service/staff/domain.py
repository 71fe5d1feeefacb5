"""Members of staff and their sign-in, as pure functions."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import pyotp

from contracts.roles import Role

STEP_UP = timedelta(minutes=10)
SIGN_IN_PATIENCE = timedelta(minutes=10)
_STEP_SECONDS = 30
_PREFIX = "staff:"


@dataclass(frozen=True, slots=True)
class Staff:
    """An account. The secrets of the second factor are locked; `last_step` was used up."""

    username: str
    role: Role
    store: str | None
    password_hash: str
    second_factor: bytes | None = None
    second_factor_proposed: bytes | None = None
    last_step: int = 0
    disabled_at: datetime | None = None

    @property
    def subject(self) -> str:
        """How tokens and the audit name them; no client can be called like this."""
        return _PREFIX + self.username


class SigningIn(msgspec.Struct, frozen=True):
    """What a sign-in page carries along, locked. `username` once the password was right, a member's
    `phone` once a code was sent to it."""

    query: dict[str, str]
    csrf: str
    began: datetime
    username: str | None = None
    phone: str | None = None

    def fits(self, cookie: str, now: datetime) -> bool:
        """Whether the page was given to this browser, and not long ago."""
        fresh = self.began <= now < self.began + SIGN_IN_PATIENCE
        return fresh and hmac.compare_digest(self.csrf, csrf_of(cookie))


def username_of(subject: str) -> str | None:
    """The account that a token speaks for, or None if it is a client's or a member's."""
    return subject.removeprefix(_PREFIX) if subject.startswith(_PREFIX) else None


def matching_step(secret: str, otp: str, now: datetime, last_step: int) -> int | None:
    """The time step that a code is of (this one or a neighbour), unless it was used before."""
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // _STEP_SECONDS
    steps = range(current - 1, current + 2)
    matching = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), otp)]
    return next((step for step in matching if step > last_step), None)


def csrf_of(cookie: str) -> str:
    """What a page remembers of the browser that it was given to."""
    return hashlib.sha256(cookie.encode()).hexdigest()
