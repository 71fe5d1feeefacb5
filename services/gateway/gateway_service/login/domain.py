"""One-time codes of members, as pure functions."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum

CODE_LIFE = timedelta(minutes=5)
ATTEMPTS = 5
DIGITS = 6


class Use(StrEnum):
    """What a code is good for; for anything else it is none."""

    LOGIN = "login"
    PROOF = "proof"  # that the phone is the person's who registers, or whose it is to become


MESSAGES = {
    Use.LOGIN: "【会员】登录验证码 {code}，5 分钟内有效。请勿告诉任何人。",
    Use.PROOF: "【会员】手机号验证码 {code}，用于注册或绑定，5 分钟内有效。非本人操作请忽略。",
}


@dataclass(frozen=True, slots=True)
class LoginCode:
    """The code that a number may sign in with now, locked."""

    sealed: bytes
    attempts: int
    expires_at: datetime


class Tried(Enum):
    """What came of a code that somebody gave."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"  # wrong, and no more tries


def wrong(code: LoginCode | None) -> Tried:
    """What one more wrong try means."""
    return Tried.LOCKED if code and code.attempts + 1 >= ATTEMPTS else Tried.WRONG


def counts(code: LoginCode | None, now: datetime) -> bool:
    """Whether it may still be tried."""
    return code is not None and code.attempts < ATTEMPTS and now < code.expires_at


def same(known: str, given: str) -> bool:
    """In constant time."""
    return hmac.compare_digest(known.encode(), given.encode())


def key_of(use: Use, number: str) -> str:
    """What a code is kept under, by the blind index of the number."""
    return number if use is Use.LOGIN else f"{use}|{number}"
