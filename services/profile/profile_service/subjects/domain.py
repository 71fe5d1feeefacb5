"""Who belongs to whom: a forest of subjects, each tree one person (or one unknown visitor)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

Key = UUID | str
"""How the world names a subject: a member's id, or an identifier's index."""


@dataclass(frozen=True, slots=True)
class Link:
    """`child` belongs to `parent` since `at`: an identifier was linked, or a member was merged."""

    child: Key
    parent: Key
    at: datetime


@dataclass(frozen=True, slots=True)
class Node:
    """A subject in the forest. `root` is the end of its parents' chain."""

    parent: int | None
    linked_at: datetime | None
    root: int


@dataclass(frozen=True, slots=True)
class Person:
    """A member as asked for: the surviving id, and every subject whose facts are the person's."""

    root: int
    member_id: UUID
    leaves: tuple[int, ...]


def attach(
    forest: Mapping[int, Node], links: Iterable[tuple[int, int, datetime]]
) -> dict[int, Node]:
    """The nodes that change when each (child, parent, at) is linked; a child's later link wins.

    A parent that hangs below its new child is cut loose first, so there is never a ring.
    """
    parents = {key: (node.parent, node.linked_at) for key, node in forest.items()}
    for child, parent, at in links:
        linked_at = parents[child][1]
        if child == parent or (linked_at is not None and linked_at > at):
            continue
        if _is_above(parents, child, parent):
            parents[parent] = (None, at)
        parents[child] = (parent, at)
    after = {key: Node(*parents[key], _root(parents, key)) for key in parents}
    return {key: node for key, node in after.items() if node != forest[key]}


def detach(forest: Mapping[int, Node], cut: Iterable[tuple[int, datetime]]) -> dict[int, Node]:
    """The nodes that change when each (child, at) is taken from its parent, with all below it.

    A link that is later than that stays.
    """
    parents = {key: (node.parent, node.linked_at) for key, node in forest.items()}
    for child, at in cut:
        linked_at = parents[child][1]
        if linked_at is None or linked_at <= at:
            parents[child] = (None, at)
    after = {key: Node(*parents[key], _root(parents, key)) for key in parents}
    return {key: node for key, node in after.items() if node != forest[key]}


def _root(parents: Mapping[int, tuple[int | None, datetime | None]], key: int) -> int:
    while (above := parents[key][0]) is not None:
        key = above
    return key


def _is_above(
    parents: Mapping[int, tuple[int | None, datetime | None]], upper: int, lower: int
) -> bool:
    above: int | None = lower
    while above is not None and above != upper:
        above = parents[above][0]
    return above == upper


class Attributes(msgspec.Struct, frozen=True):
    """What is known about a person from registrations."""

    registered_at: datetime
    channel: str | None = None
    gender: str | None = None
    birth_year: int | None = None
    birth_month: int | None = None
    city: str | None = None
    region: str | None = None  # GB/T 2260

    def filled_from(self, other: "Attributes") -> "Attributes":
        """These, with gaps closed by another registration of the same person."""
        year, month = self.birth_year, self.birth_month
        return Attributes(
            min(self.registered_at, other.registered_at),
            self.channel or other.channel,
            self.gender or other.gender,
            other.birth_year if year is None else year,
            other.birth_month if month is None else month,
            self.city or other.city,
            self.region or other.region,
        )
