"""Segments as defined, and what follows for a person. Pure."""

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from profile_service.conditions.domain import (
    Condition,
    Known,
    Leaf,
    Member,
    Tree,
    Wants,
    answer,
    in_turn,
    key_of,
    leaves,
    nodes,
    true_of,
    wanted,
)
from profile_service.conditions.rules import trusted
from profile_service.conditions.rules.cluster import Clustered
from profile_service.conditions.rules.clv import Worth
from profile_service.conditions.rules.consent import Consent
from profile_service.conditions.rules.listed import Listed
from profile_service.conditions.rules.tag import Tag
from profile_service.conditions.rules.tier import Tier
from profile_service.conditions.rules.trait import Trait
from profile_service.tags.domain import Decision


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as it is now; `definition` None: a static list. `number` is what rows keep."""

    segment_id: UUID
    number: int
    name: str
    version: int
    definition: Mapping[str, Any] | None
    changed_by: str
    changed_at: datetime

    @property
    def static(self) -> bool:
        """A list of members, by hand."""
        return self.definition is None


@dataclass(frozen=True)
class Shelf:
    """All segments with their trees; each tree comes after those it needs."""

    segments: Mapping[UUID, Segment]
    trees: Mapping[UUID, Tree]

    @functools.cached_property
    def conditions(self) -> Mapping[str, Condition]:
        """Those that have to be kept for everybody, by key; told tags are kept anyway."""
        found = [leaf for tree in self.trees.values() for leaf in leaves(tree)]
        return {each.key: each.condition for each in found if not is_told(each.condition)}

    @functools.cached_property
    def keys(self) -> frozenset[str]:
        """Of all conditions, told tags included."""
        return frozenset(leaf.key for tree in self.trees.values() for leaf in leaves(tree))

    @functools.cached_property
    def wants(self) -> Wants:
        """What they look at."""
        return wanted(self.conditions.values())

    def depending_on(self, segment_id: UUID) -> list[UUID]:
        """The segment and all that need it, in the sequence in which they can be worked out."""
        hit = {segment_id}
        for each, tree in self.trees.items():
            if any(isinstance(node, Member) and node.segment_id in hit for node in nodes(tree)):
                hit.add(each)
        return [each for each in self.trees if each in hit]


def shelf_of(segments: Sequence[Segment]) -> Shelf:
    """Segments in the sequence in which they can be worked out."""
    by_id = {segment.segment_id: segment for segment in segments}
    lists = {each.segment_id: each.static for each in segments}
    trees = {each.segment_id: tree_of(each.segment_id, each.definition, lists) for each in segments}
    return Shelf(by_id, {segment_id: trees[segment_id] for segment_id in in_turn(trees)})


def tree_of(
    segment_id: UUID, definition: Mapping[str, Any] | None, lists: Mapping[UUID, bool]
) -> Tree:
    """What it takes to be in."""
    return Leaf(Listed(segment_id)) if definition is None else trusted(definition, lists)


def is_told(condition: Condition) -> bool:
    """Whether it is one of the tags that are told, and so known of everybody."""
    return isinstance(condition, Tag) and condition.told


def is_timed(condition: Condition) -> bool:
    """Whether time alone may change the answer."""
    return not isinstance(condition, Tag | Trait | Tier | Consent | Listed | Worth | Clustered)


@functools.lru_cache(maxsize=10_000)
def told_key(tag: str, value: str | None = None) -> str:
    """The key of the condition that a tag is there, or has a value."""
    return key_of(Tag(tag, () if value is None else (value,)))


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of a person, by key, the segments that follow, and until when that holds."""

    true: frozenset[str]
    segments: frozenset[UUID]
    until: date | None = None


def standing(shelf: Shelf, decision: Decision, known: Known, today: date) -> Standing:
    """Ask every condition and work out every segment."""
    true, until = set(), []
    for name, tag in decision.tags.items():
        true.add(told_key(name))
        if tag.value is not None:
            true.add(told_key(name, tag.value))
    for key, condition in shelf.conditions.items():
        holds, ends = answer(condition, known, today)
        if holds:
            true.add(key)
        if ends is not None:
            until.append(ends)
    return Standing(frozenset(true), _segments(shelf, true), min(until, default=None))


def _segments(shelf: Shelf, true: Collection[str]) -> frozenset[UUID]:
    within: set[UUID] = set()
    for segment_id, tree in shelf.trees.items():
        if true_of(tree, lambda leaf: leaf.key in true, within.__contains__):
            within.add(segment_id)
    return frozenset(within)


@dataclass
class Moves:
    """Who has entered and left which segment."""

    entered: dict[UUID, list[UUID]] = field(default_factory=dict)
    left: dict[UUID, list[UUID]] = field(default_factory=dict)

    def add(self, member_id: UUID, before: Collection[UUID], now: Collection[UUID]) -> None:
        """Note a member's change."""
        for segment_id in now:
            if segment_id not in before:
                self.entered.setdefault(segment_id, []).append(member_id)
        for segment_id in before:
            if segment_id not in now:
                self.left.setdefault(segment_id, []).append(member_id)
