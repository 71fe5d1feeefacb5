"""Requests, their clock, and who may make them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from contracts.roles import Role

DUE = timedelta(days=15)
ARCHIVE_LIFE = timedelta(days=7)
FRESH = timedelta(minutes=15)  # how long ago a member may have signed in
COPYING = frozenset({"access", "copy", "port"})
SERVICES = ("gateway", "identity", "profile", "points", "campaign")


@dataclass(frozen=True, slots=True)
class Request:
    """A right that somebody claims. `members` are all ids of the member, the surviving one first.

    `archive` is sealed; `fields` are what was corrected; `owed_fen` stands in an erasure's way.
    """

    request_id: UUID
    members: Sequence[UUID]
    kind: str
    requested_at: datetime
    due_at: datetime
    by_role: Role
    by_subject: str
    ticket: str | None
    state: str = "open"
    answered_at: datetime | None = None
    reason: str | None = None
    fields: Sequence[str] = ()
    archive: str | None = None
    archive_until: datetime | None = None
    owed_fen: int | None = None

    @property
    def told_as(self) -> str:
        """What the services are asked to do."""
        return "copy" if self.kind in COPYING else self.kind


class Caller(Protocol):
    """What is asked of whoever makes a request."""

    @property
    def role(self) -> Role: ...

    @property
    def signed_in_at(self) -> datetime | None: ...

    @property
    def stepped_up(self) -> bool: ...


def verified(caller: Caller, ticket: str | None, now: datetime) -> bool:
    """Whether the requester has shown who it is: a member by signing in just now, staff by a
    second factor and the ticket under which the member was identified."""
    if caller.role is Role.MEMBER:
        return caller.signed_in_at is not None and now - caller.signed_in_at <= FRESH
    return caller.stepped_up and ticket is not None


def complete(answered: Mapping[str, datetime]) -> bool:
    """Whether every service has answered."""
    return set(SERVICES) <= set(answered)


def days_left(request: Request, now: datetime) -> int:
    """Whole days until it is due; negative after that, 0 once it is over."""
    return (request.due_at - now).days if request.state == "open" else 0
