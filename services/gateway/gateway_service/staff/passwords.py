"""Passwords: Argon2id, a few at a time, equally slow for accounts that there are not."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE = 2
_turn = asyncio.Semaphore(_AT_ONCE)  # each takes 64 MiB and a core for a while
_hasher = PasswordHasher()


async def hashed(password: str) -> str:
    """For the database."""
    async with _turn:
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; without an account it takes as long and is not."""
    async with _turn:
        return await asyncio.to_thread(_matches, password_hash, password)


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _nobodys(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _hasher.hash("")
