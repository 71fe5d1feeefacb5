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
    tier: str | None = None
    tier_at: datetime | None = None
    entered_at: datetime | None = None  # when it had entered all segments of the audience asked for


Moment = Literal["registered_at", "last_order_at", "tier_at", "entered_at"]


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition as data, so that SQL picks by it and `holds` explains it. NULL never holds."""

    column: Literal["registered_at", "last_order_at", "orders"]
    least: datetime | int | None = None
    most: datetime | int | None = None


@dataclass(frozen=True, slots=True)
class Picking:
    """An audience at a moment: everything has to hold.

    `bounds` on what is known of a member; `tiers`: in one of them; `inside`: in all of these
    segments; `outside`: in none. `moments`: the latest of them is the occasion: a member is
    contacted once each, and again when one of them is later. None of them: once a campaign.
    """

    bounds: tuple[Bound, ...] = ()
    tiers: tuple[str, ...] = ()
    inside: tuple[UUID, ...] = ()
    outside: tuple[UUID, ...] = ()
    moments: tuple[Moment, ...] = ()


def language(tag: str) -> str:
    """The language a member is written to in: `zh` unless the tag is an English one (`en-GB`)."""
    return "en" if tag.partition("-")[0] == "en" else "zh"


def meant(member: Member, picking: Picking) -> bool:
    """Whether what the member carries with it is as the audience wants; segments are looked up."""
    in_tier = not picking.tiers or member.tier in picking.tiers
    return in_tier and all(holds(member, bound) for bound in picking.bounds)


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
