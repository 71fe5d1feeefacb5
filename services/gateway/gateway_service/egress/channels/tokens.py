"""Access tokens of providers: one for all gateways, in the database, locked; renewed by one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from chassis.database import Database
from gateway_service.access.strongbox import lock, unlock
from gateway_service.dispatch import standings
from gateway_service.vault.keys import Keys

_PURPOSE = "provider-token"
_EARLY = timedelta(minutes=5)  # before its end a token is replaced
_LEAST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that a provider has just given, and how long it is good."""

    token: str
    life: timedelta


Issue = Callable[[bool], Awaitable[Issued]]


class Tokens(Protocol):
    """Where an account's token is kept."""

    async def good(self, issue: Issue, *, instead_of: str | None = None) -> str:
        """The token; a new one (`issue(force)`) if there is none, it is about to end, or it is the
        one that the provider does not take any more."""
        ...


class SharedTokens:
    """In `provider_token`. Whoever renews holds the row: the others wait, and find the new one."""

    def __init__(self, provider: str, keys: Keys, db: Callable[[], Database]) -> None:
        self._provider, self._keys, self._db = provider, keys, db
        self._known: tuple[str, datetime] | None = None

    async def good(self, issue: Issue, *, instead_of: str | None = None) -> str:
        """See `Tokens`. Raises what `issue` raises."""
        now = self._db().clock.now()
        known = self._known
        if known and known[1] > now and known[0] != instead_of:
            return known[0]
        async with self._db().transaction() as tx:
            row = await standings.lock_token(tx, self._provider)
            if row["token"] and row["good_until"] > now:
                token = unlock(self._keys, _PURPOSE, row["token"], self._provider).decode()
                if token != instead_of:
                    self._known = token, row["good_until"]
                    return token
            issued = await issue(instead_of is not None)
            until = now + max(issued.life - _EARLY, _LEAST)
            sealed = lock(self._keys, _PURPOSE, issued.token.encode(), self._provider)
            await standings.put_token(tx, self._provider, sealed, until)
        self._known = issued.token, until
        return issued.token
