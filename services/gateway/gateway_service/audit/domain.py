"""An entry of the audit and its canonical form, which is what is stored and hashed."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import rfc8785

from contracts.auditing import Action, Decision
from contracts.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who did what to which fields of whom, why, and what came of it. Never a value.

    `subject` is a client, user or member id that is known to be one, not what a stranger typed; a
    member's is written as its pseudonym.
    `fields` are kinds or places ("phone", "member.phone").
    """

    action: Action
    decision: Decision
    operation: str
    role: Role | None
    subject: str
    purpose: str | None = None
    ticket: str | None = None
    members: Iterable[UUID] = ()
    fields: Iterable[str] = ()
    trace_id: str | None = None


def moment(at: datetime) -> str:
    """A moment as entries have it; sorts as text."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def pseudonym(key: bytes, member_id: UUID) -> UUID:
    """What a member is called in the audit: a UUIDv8 that only the key leads to."""
    digest = hmac.digest(key, member_id.bytes, "sha256")
    value = int.from_bytes(digest[:16], "big") & ~(0xF << 76) | 8 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def _subject(entry: Entry, key: bytes) -> str:
    """Members by pseudonym, in what they do themselves as well."""
    if entry.role is not Role.MEMBER:
        return entry.subject
    try:
        return str(pseudonym(key, UUID(entry.subject)))
    except ValueError:
        return entry.subject


def canonical(entry: Entry, entry_id: UUID, at: datetime, key: bytes) -> str:
    """The entry as canonical JSON (RFC 8785)."""
    body = rfc8785.dumps(
        {
            "id": str(entry_id),
            "at": moment(at),
            "role": str(entry.role) if entry.role else None,
            "subject": _subject(entry, key),
            "action": str(entry.action),
            "decision": str(entry.decision),
            "operation": entry.operation,
            "purpose": entry.purpose,
            "ticket": entry.ticket,
            "members": sorted({str(pseudonym(key, each)) for each in entry.members}),
            "fields": sorted({str(each) for each in entry.fields}),
            "trace_id": entry.trace_id,
        }
    )
    return body.decode()
