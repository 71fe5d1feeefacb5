"""What can be wrong with a ladder before it is one, and where in the request."""

from collections.abc import Collection, Iterator, Mapping

from contracts.base import ProblemError
from contracts.points.tiers import TierLadderChange, TierRungChange
from points_service.tiers.domain import Ladder, Rung
from points_service.tiers.rules import CONDITIONS
from points_service.tiers.rules.rule import Month, Standing


def objections(change: TierLadderChange, benefits: Collection[str]) -> list[ProblemError]:
    """Everything that is wrong with it; `benefits` are the ids that exist."""
    return [
        ProblemError(pointer=pointer, code=code, detail=detail)
        for pointer, code, detail in (
            *_names(change),
            *_conditions(change),
            *_thresholds(change.tiers),
            *_benefits(change.tiers, benefits),
            *_moves(change),
        )
    ]


Found = Iterator[tuple[str, str, str]]


def _names(change: TierLadderChange) -> Found:
    seen: set[str] = set()
    for place, tier in enumerate(change.tiers):
        if tier.name in seen:
            yield f"/tiers/{place}/name", "duplicate_tier", "Another tier has this name"
        seen.add(tier.name)


def _conditions(change: TierLadderChange) -> Found:
    for place, tier in enumerate(change.tiers):
        at = f"/tiers/{place}/conditions"
        if place == 0 and tier.conditions:
            yield at, "lowest_has_conditions", "Anybody may stand on the lowest tier"
        if place and not tier.conditions:
            yield at, "no_conditions", "Without conditions nobody would stay below this tier"
        for number, each in enumerate(tier.conditions):
            rule = CONDITIONS.get(each.kind)
            if rule is None:
                yield f"{at}/{number}/kind", "unknown_condition", "There is no such condition"
            elif rule.windowed and not each.months:
                yield f"{at}/{number}/months", "no_window", "How many months count?"
            elif each.months and not rule.windowed:
                yield f"{at}/{number}/months", "no_window", "This condition has no window"


def _thresholds(tiers: list[TierRungChange]) -> Found:
    highest: dict[tuple[str, int], int] = {}
    for place, tier in enumerate(tiers):
        for number, each in enumerate(tier.conditions):
            key = (each.kind, each.months)
            if each.at_least < highest.get(key, 0):
                pointer = f"/tiers/{place}/conditions/{number}/at_least"
                yield pointer, "falling_threshold", "A lower tier asks for more than that"
            highest[key] = max(each.at_least, highest.get(key, 0))


def _benefits(tiers: list[TierRungChange], known: Collection[str]) -> Found:
    for place, tier in enumerate(tiers):
        seen: set[str] = set()
        for number, each in enumerate(tier.benefits):
            pointer = f"/tiers/{place}/benefits/{number}/benefit_id"
            if each.benefit_id not in known:
                yield pointer, "unknown_benefit", "There is no such benefit"
            elif each.benefit_id in seen:
                yield pointer, "duplicate_benefit", "The tier has this benefit already"
            seen.add(each.benefit_id)


def _moves(change: TierLadderChange) -> Found:
    names = {tier.name for tier in change.tiers}
    for place, (old, new) in enumerate(change.moves.items()):
        if old in names:
            yield "/moves", "tier_stays", f"Move {place + 1} is away from a tier of this ladder"
        if new not in names:
            yield "/moves", "unknown_tier", f"Move {place + 1} is to no tier of this ladder"


def moves(change: Mapping[str, str], before: Ladder | None, after: Ladder) -> dict[str, str]:
    """Where members of tiers belong that are not on the ladder `after`.

    As the change says; else where an earlier move led; else, for a tier of `before`, where somebody
    stands who has just what that tier asked for.
    """
    if before is None:
        return dict(change)
    names = {rung.name for rung in after.rungs}
    gone = {
        rung.name: change.get(rung.name) or after.review(_barely(before, rung))
        for rung in before.rungs
        if rung.name not in names
    }
    earlier = {old: gone.get(new, new) for old, new in before.moves.items() if old not in names}
    return earlier | gone | dict(change)


def _barely(ladder: Ladder, rung: Rung) -> Standing:
    """The standing of somebody who meets the conditions up to a rung and no more."""
    most: dict[str, int] = {}
    for each in ladder.rungs[: ladder.place(rung.name) + 1]:
        for condition in each.conditions:
            most[condition.kind] = max(condition.at_least, most.get(condition.kind, 0))
    spent = max(most.get("month_spend", 0), most.get("spend", 0))
    month = Month(most.get("frequency", 0), spent, most.get("interactions", 0))
    return Standing(
        most.get("growth", 0), spent, most.get("referrals", 0), most.get("social", 0), [month]
    )
