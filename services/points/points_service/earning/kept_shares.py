"""What rules gave of an order, as it is kept with it and shown later. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from uuid import UUID

from contracts.points.orders import EarnedBy
from points_service.earning.domain import Given, Key, RuleSet
from points_service.earning.rules.rule import Gives

Kept = tuple[str, int, int, int]  # rule, version, units, counted by its limits


def keep(given: Iterable[Given]) -> list[Kept]:
    """For the order's row: versions never change, so their names need not be kept."""
    return [(each.rule.rule_id, each.rule.version, each.units, each.counted) for each in given]


def shown(given: Iterable[Given]) -> list[EarnedBy]:
    """As it is answered."""
    return [
        EarnedBy(rule.rule_id, rule.version, rule.name, units, 0)
        if rule.effect.gives is Gives.POINTS
        else EarnedBy(rule.rule_id, rule.version, rule.name, 0, units)
        for rule, units, _ in given
        if units
    ]


def recall(kept: Sequence[Kept] | None, rules: RuleSet) -> list[Given]:
    """What was kept; nothing of an order from before it was."""
    return [
        Given(rules.by_version[rule_id, version], units, counted)
        for rule_id, version, units, counted in kept or ()
    ]


def given_back(
    given: Iterable[Given], member_id: UUID, day: date, share: Callable[[int], int]
) -> Counter[Key]:
    """What limits get back: `share` says how much of what was counted."""
    found: Counter[Key] = Counter()
    for rule, _, counted in given:
        if back := share(counted):
            found[rule.rule_id, member_id, day] += back
            if rule.limits.budget is not None:
                found[(rule.rule_id,)] += back
    return found
