"""One-time codes of members, as pure functions."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

CODE_LIFE = timedelta(minutes=5)
ATTEMPTS = 5
DIGITS = 6
MESSAGE = "【会员】验证码 {code}，5 分钟内有效。请勿告诉任何人。"


@dataclass(frozen=True, slots=True)
class LoginCode:
    """The code that a number may sign in with now, locked."""

    sealed: bytes
    attempts: int
    expires_at: datetime


def counts(code: LoginCode | None, now: datetime) -> bool:
    """Whether it may still be tried."""
    return code is not None and code.attempts < ATTEMPTS and now < code.expires_at


def same(known: str, given: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(known.encode(), given.encode())
