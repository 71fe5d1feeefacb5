"""What to expect of a contact, learnt from past campaigns and drawn towards their mean. Pure.

Past effects are incremental revenue a member meant to be contacted, each with its uncertainty, and
only of campaigns whose report is causal. Campaigns differ truly (by tau²) beside the noise of each
(DerSimonian and Laird); a kind of campaign of which little is known is therefore expected to be
like the others, and the more is known of it the more like itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from uuid import UUID

Z = 1.959964


@dataclass(frozen=True, slots=True)
class Effect:
    """What a campaign brought: fen a member, with its standard error, over so many contacts."""

    campaign_id: UUID
    scenario: str
    offer: str
    fen: float
    error: float
    contacts: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """Fen a contact, between `low` and `high` in 95 of 100 campaigns of the kind; from so many
    campaigns, of which `alike` had the same scenario and kind of offer."""

    fen: float
    low: float
    high: float
    campaigns: int
    alike: int
    contacts: int


@dataclass(frozen=True, slots=True)
class _Pool:
    """A mean over campaigns, the variance of the mean, and how much campaigns differ truly."""

    mean: float
    variance: float
    between: float


def expect(past: Sequence[Effect], scenario: str, offer: str) -> Expectation | None:
    """What a campaign of the kind may bring; None where nothing causal was ever measured."""
    usable = [each for each in past if each.error > 0]
    if not usable:
        return None
    everybody = _pooled(usable)
    alike = [each for each in usable if (each.scenario, each.offer) == (scenario, offer)]
    mean, variance = everybody.mean, everybody.variance + everybody.between
    if alike:
        own = _pooled(alike, everybody.between)
        weight = everybody.between / (everybody.between + own.variance) if own.variance else 1.0
        mean = weight * own.mean + (1 - weight) * everybody.mean
        variance = weight * own.variance + (1 - weight) * everybody.variance + everybody.between
    spread = Z * sqrt(variance)
    contacts = sum(each.contacts for each in usable)
    return Expectation(mean, mean - spread, mean + spread, len(usable), len(alike), contacts)


def in_order(values: Iterable[tuple[UUID, float]]) -> list[UUID]:
    """Who goes first: the greater value a contact; equal ones stay in their sequence."""
    return [campaign_id for campaign_id, _ in sorted(values, key=lambda each: -each[1])]


def value(expectation: Expectation | None, margin_percent: float, cost_fen: int) -> float:
    """What a contact is worth: the margin of what it brings, less what the message costs. Of which
    nothing is known is worth nothing yet: what is known to pay goes before it."""
    return -cost_fen if expectation is None else expectation.fen * margin_percent / 100 - cost_fen


def _pooled(effects: Sequence[Effect], between: float | None = None) -> _Pool:
    weights = [1 / each.error**2 for each in effects]
    total = sum(weights)
    mean = sum(w * each.fen for w, each in zip(weights, effects, strict=True)) / total
    if between is None:
        q = sum(w * (each.fen - mean) ** 2 for w, each in zip(weights, effects, strict=True))
        room = total - sum(w * w for w in weights) / total
        between = max(0.0, (q - (len(effects) - 1)) / room) if room > 0 else 0.0
    random = [1 / (each.error**2 + between) for each in effects]
    mean = sum(w * each.fen for w, each in zip(random, effects, strict=True)) / sum(random)
    return _Pool(mean, 1 / sum(random), between)
