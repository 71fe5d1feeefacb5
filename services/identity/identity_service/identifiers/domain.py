"""When an identifier is not enough to make members one without somebody looking. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal
from uuid import UUID

from contracts.classification import Kind
from identity_service.matching.rules.identifiers import RULES
from identity_service.merges.domain import Kinship

Strangers = Callable[[UUID, UUID], bool]
"""Whether what is known of two members besides identifiers says that they are two."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Members of whom something says that they are one, and why that is for people to decide.

    `claim`: whoever told it shows nothing. `limit`: they would have more than one person has of
    `about`. `contradiction`: `about` may be shared or handed on, and name and birthday differ.
    """

    members: tuple[UUID, ...]
    why: Literal["claim", "limit", "contradiction"]
    about: str  # a kind of identifier; of a claim, who told it


def kind_of(index: str) -> Kind:
    """The kind of an index."""
    return Kind(index.partition(":")[0])


def doubt(kin: Kinship, owners: Mapping[UUID, str | None], strangers: Strangers) -> Doubt | None:
    """Why these live members, each known by an index or by its id, are not made one; or None."""
    members, people = tuple(owners), [kin.people[member] for member in owners]
    weakest = max(
        (kind_of(index) for index in owners.values() if index),
        key=lambda kind: RULES[kind].priority,
        default=None,
    )
    if weakest is None or len(members) < 2:
        return None
    if sum(1 + len(each.absorbed) for each in people) > RULES[weakest].ids:
        return Doubt(members, "limit", weakest)
    if RULES[weakest].strength == "strong":
        return None
    values = Counter(kind_of(index) for each in people for index in each.identifiers)
    for kind, count in values.items():
        if count > (RULES[kind].each or count):
            return Doubt(members, "limit", kind)
    if any(strangers(one, other) for one, other in combinations(members, 2)):
        return Doubt(members, "contradiction", weakest)
    return None
