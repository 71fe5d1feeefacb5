"""A member as campaign knows it, conditions as data, and who a merged id is now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Member:
    """The projection: no identifiers, only what the conditions look at."""

    member_id: UUID
    registered_at: datetime | None
    language: str
    last_order_at: datetime | None
    orders: int


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition as data, so that SQL picks by it and `holds` explains it. NULL never holds."""

    column: Literal["registered_at", "last_order_at", "orders"]
    least: datetime | int | None = None
    most: datetime | int | None = None


def language(tag: str) -> str:
    """The language a member is written to in: `zh` unless the tag is an English one (`en-GB`)."""
    return "en" if tag.partition("-")[0] == "en" else "zh"


def holds(member: Member, bound: Bound) -> bool:
    """Whether a member is within a bound."""
    value = getattr(member, bound.column)
    if value is None:
        return False
    above = bound.least is None or value >= bound.least
    return above and (bound.most is None or value <= bound.most)


def survivors(merges: Sequence[tuple[UUID, UUID]], known: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """(absorbed, survivor) pairs in order → where each absorbed id ends.

    `known` says where survivors that were absorbed earlier have gone.
    """
    ends: dict[UUID, UUID] = {}
    for absorbed, survivor in merges:
        end = known.get(survivor, survivor)
        end = ends.get(end, end)
        if absorbed == end:
            continue
        for earlier, target in ends.items():
            if target == absorbed:
                ends[earlier] = end
        ends[absorbed] = end
    return ends
