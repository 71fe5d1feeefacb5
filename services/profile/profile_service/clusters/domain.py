"""Clusters as kept, what distinguishes them, and what they are called. Pure."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

Words = tuple[str, str]  # Chinese, English
Tag = tuple[str, str | None]
SHOWN_TRAITS, NAMED_BY = 6, 3
LEAST_LIFT = 0.1  # of the share of members that have a tag, over everybody's
UNTOLD = frozenset({"birthday_month", "age_band", "gender"})  # who they are, not how they shop


@dataclass(frozen=True, slots=True)
class Trait:
    """A tag, and the shares of the cluster and of everybody that have it."""

    tag: str
    value: str | None
    share: float
    share_of_all: float

    @property
    def telling(self) -> float:
        """The difference in standard deviations of having it."""
        p = self.share_of_all
        return (self.share - p) / math.sqrt(max(p * (1 - p), 1e-4))


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as kept."""

    number: int
    segment_id: UUID
    name: Words
    described: Words
    members: int
    traits: Sequence[Trait]
    since: datetime


def traits_of(
    mine: Mapping[Tag, int], members: int, of_all: Mapping[Tag, int], everybody: int
) -> list[Trait]:
    """What more members have than elsewhere, the most telling first."""
    found = [
        Trait(tag, value, n / members, of_all[tag, value] / everybody)
        for (tag, value), n in mine.items()
        if tag not in UNTOLD
    ]
    clear = [each for each in found if each.share - each.share_of_all >= LEAST_LIFT]
    ranked = sorted(clear, key=lambda each: (-each.telling, each.tag, each.value or ""))
    return ranked[:SHOWN_TRAITS]


def named(traits: Sequence[Trait], words: Mapping[str, Words], taken: Collection[Words]) -> Words:
    """A name by the most telling tags that no other cluster has; one word a tag."""
    by_tag = list({each.tag: each for each in reversed(traits)}.values())[::-1]
    said = [spoken(each, words) for each in by_tag] or [("一般会员", "average members")]
    for many in range(min(NAMED_BY, len(said)), len(said) + 1):
        name = "·".join(zh for zh, _ in said[:many]), ", ".join(en for _, en in said[:many])
        if name not in taken:
            return name
    number = 2
    while (again := (f"{name[0]}{number}", f"{name[1]} ({number})")) in taken:
        number += 1
    return again


def spoken(trait: Trait, words: Mapping[str, Words]) -> Words:
    """A tag as a word in both languages; `{}` in it stands for the value."""
    exact = words.get(f"{trait.tag}={trait.value}") or words.get(trait.tag)
    if exact is None:
        plain = trait.tag.replace("_", " ") + (f": {trait.value}" if trait.value else "")
        return plain, plain
    zh, en = (each.replace("{}", trait.value or "") for each in exact)
    return zh, en


def described(traits: Sequence[Trait], words: Mapping[str, Words]) -> Words:
    """What distinguishes a cluster now, as a sentence."""
    parts = [(*spoken(each, words), each.share, each.share_of_all) for each in traits]
    zh = "，".join(f"{said}（{mine:.0%}，全体{all_:.0%}）" for said, _, mine, all_ in parts)
    en = ", ".join(f"{said} ({mine:.0%}; {all_:.0%} of all)" for _, said, mine, all_ in parts)
    return zh or "与全体会员相近", en or "much like everybody"


def shown_definition(number: int) -> dict[str, Any]:
    """Who is in the cluster, as a segment's definition."""
    return {"cluster": number}
