"""What is asked for by last characters, and how much of it is looked through. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.classification import Kind

PAGE = 20  # candidates an answer
MOST = 200  # members whose names are compared; more: the question has to say more


@dataclass(frozen=True, slots=True)
class Question:
    """Last characters of an identifier of a kind, and what else is known: at least one of both."""

    kind: Kind
    last4: str
    name: str | None
    store: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """An identifier of a member under the index of its last characters."""

    index: str
    tail: bytes
    member_id: UUID


def by_member(owners: Mapping[str, UUID]) -> dict[UUID, set[str]]:
    """The indexes that lead to each member, members in sequence."""
    found: dict[UUID, set[str]] = {}
    for index, member_id in sorted(owners.items(), key=lambda pair: (pair[1], pair[0])):
        found.setdefault(member_id, set()).add(index)
    return found


def cut(members: Sequence[UUID], size: int) -> tuple[list[UUID], bool]:
    """A page, and whether there is more."""
    return list(members[:size]), len(members) > size
