"""Pairs of campaigns that mean the same members on the same days. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from uuid import UUID

MOST = 60  # campaigns: a member's are the bits of one number


@dataclass(frozen=True, slots=True)
class Slot:
    """A campaign within the days looked at."""

    campaign_id: UUID
    channels: tuple[str, ...]
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two of them, by their places, their common days, channels and members."""

    one: int
    other: int
    first_day: date
    last_day: date
    channels: tuple[str, ...]
    members: int


def sizes(masks: Mapping[int, int], campaigns: int) -> list[int]:
    """Members of each audience; `masks`: how many members are in which audiences, as bits."""
    return [
        sum(members for mask, members in masks.items() if mask >> place & 1)
        for place in range(campaigns)
    ]


def meetings(slots: Sequence[Slot], masks: Mapping[int, int]) -> list[Meeting]:
    """Pairs with members and days in common, the most members first."""
    found = []
    for one, other in combinations(range(len(slots)), 2):
        first = max(slots[one].first_day, slots[other].first_day)
        last = min(slots[one].last_day, slots[other].last_day)
        both = 1 << one | 1 << other
        members = sum(count for mask, count in masks.items() if mask & both == both)
        if first <= last and members:
            theirs = set(slots[other].channels)
            shared = tuple(each for each in slots[one].channels if each in theirs)
            found.append(Meeting(one, other, first, last, shared, members))
    return sorted(found, key=lambda each: (-each.members, each.one, each.other))
