"""Who may register. Pure: the registry's state comes in, one verdict per registration goes out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.identity import SealedMember


@dataclass(frozen=True, slots=True)
class Known:
    """An id that exists already."""

    registered_at: datetime
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Registered:
    """A member exists; `fresh` if by this registration, else it is a retry."""

    member_id: UUID
    registered_at: datetime
    fresh: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """Identifiers at these positions are another member's."""

    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reused:
    """The id was used for another registration."""


Verdict = Registered | Taken | Reused


def fingerprint(member: SealedMember) -> bytes:
    """Equal for a retry. Without name, birthday, address: a new key seals the same value anew."""
    open_fields = (
        member.gender, member.city, member.language, member.channel,
        member.birth_year, member.birth_month,
    )  # fmt: skip
    indexes = sorted({identifier.index for identifier in member.identifiers})
    return hashlib.sha256(repr((open_fields, indexes)).encode()).digest()


def decide(
    members: Sequence[SealedMember],
    known: Mapping[UUID, Known],
    owners: Mapping[str, UUID],
    now: datetime,
) -> list[Verdict]:
    """One verdict each, as if they had come one after the other."""
    known, owners = dict(known), dict(owners)
    verdicts: list[Verdict] = []
    for member in members:
        before, mine = known.get(member.member_id), fingerprint(member)
        taken = tuple(
            position
            for position, identifier in enumerate(member.identifiers)
            if identifier.index in owners
        )
        if before is not None and before.fingerprint == mine:
            verdicts.append(Registered(member.member_id, before.registered_at, fresh=False))
        elif before is not None:
            verdicts.append(Reused())
        elif taken:
            verdicts.append(Taken(taken))
        else:
            known[member.member_id] = Known(now, mine)
            owners.update({found.index: member.member_id for found in member.identifiers})
            verdicts.append(Registered(member.member_id, now, fresh=True))
    return verdicts
