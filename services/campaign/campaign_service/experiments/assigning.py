"""Who is in which arm: by salted hash, so that nothing has to be kept to know it again.

A member's place under a salt is a number that looks drawn by lot, is the same for ever, and tells
nothing about the place under any other salt. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final
from uuid import UUID

LARGEST_GLOBAL: Final = 0.2  # more would cost more than it teaches


@lru_cache(maxsize=1024)
def _key(salt: str) -> bytes:
    return hashlib.blake2b(salt.encode(), digest_size=32).digest()


def position(salt: str, member_id: UUID) -> float:
    """Where a member stands under a salt, in [0, 1)."""
    digest = hashlib.blake2b(member_id.bytes, key=_key(salt), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2.0**53


@dataclass(frozen=True, slots=True)
class Arm:
    """One of several things that are tried; shares of all arms are added up to the whole."""

    name: str
    share: float


def drawn(place: float, arms: Sequence[Arm]) -> str:
    """The arm at a place in [0, 1): the arms side by side, in the sequence given, each as wide as
    its share. Adding an arm at the end or changing shares moves no more members than it must."""
    left = place * sum(arm.share for arm in arms)
    for arm in arms:
        left -= arm.share
        if left < 0:
            return arm.name
    return arms[-1].name


@dataclass(frozen=True, slots=True)
class Assigned:
    """`fair`: drawn with shares that never change, so that comparing it is causal; if not, it was
    drawn with the weights of that day, which follow what was seen."""

    variant: str
    fair: bool


@dataclass(frozen=True, slots=True)
class Draw:
    """How an experiment assigns. `floor` (bandits only): the share of members of each arm that is
    drawn evenly for ever, whatever the weights say; None: all are drawn by the arms' shares."""

    salt: str
    arms: Sequence[Arm]
    floor: float | None = None

    def of(self, member_id: UUID, weights: Mapping[str, float] | None = None) -> Assigned:
        """A member's arm. `weights`: of a bandit, on this day."""
        place = position(f"{self.salt}\x1farm", member_id)  # not where its control group is drawn
        if self.floor is None:
            return Assigned(drawn(place, self.arms), True)
        even = [Arm(arm.name, 1.0) for arm in self.arms]
        if position(f"{self.salt}\x1ffloor", member_id) < self.floor * len(self.arms):
            return Assigned(drawn(place, even), True)
        if not weights or sum(weights.get(arm.name, 0.0) for arm in self.arms) <= 0:
            return Assigned(drawn(place, even), False)
        now = [Arm(arm.name, weights.get(arm.name, 0.0)) for arm in self.arms]
        return Assigned(drawn(place, now), False)


@dataclass(frozen=True, slots=True)
class GlobalControl:
    """The members whom no marketing campaign contacts: a share of all, drawn anew every year."""

    share: float
    salt: str = "global control"

    def salt_of(self, day: date) -> str:
        """What the draw of a day's year is salted with: whoever knows it can check the draw."""
        return f"{self.salt}\x1f{day.year}"

    def holds(self, member_id: UUID, day: date) -> bool:
        """Whether a member is left alone on a programme day."""
        return self.among(member_id, self.salt_of(day))

    def among(self, member_id: UUID, salt: str) -> bool:
        """The same, where the salt of the day is known: for many members at once."""
        return self.share > 0 and position(salt, member_id) < self.share
