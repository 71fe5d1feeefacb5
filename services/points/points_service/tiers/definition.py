"""A ladder as it is stored: `tier_ladder.definition`."""

from typing import Any

from points_service.tiers.domain import Condition, Grant, Ladder, LadderKind, Rung


def parse(ladder_id: str, stored: dict[str, Any]) -> Ladder:
    """The ladder a definition describes."""
    return Ladder(
        ladder_id=ladder_id,
        name=stored["name"],
        rungs=tuple(_rung(tier) for tier in stored["tiers"]),
        kind=LadderKind(stored["kind"]),
        qualification_months=stored["qualification_months"],
        grace_days=stored["grace_days"],
        soft_landing=stored["soft_landing"],
        moves=stored["moves"],
    )


def _rung(tier: dict[str, Any]) -> Rung:
    return Rung(
        name=tier["name"],
        points_percent=tier["points_percent"],
        conditions=tuple(
            Condition(each["kind"], each["at_least"], each["months"]) for each in tier["conditions"]
        ),
        price_percent=tier["price_percent"],
        grants=tuple(Grant(each["benefit_id"], each["quota"]) for each in tier["benefits"]),
        zh=tier["zh"],
        en=tier["en"],
    )


def dump(ladder: Ladder) -> dict[str, Any]:
    """The inverse of `parse`."""
    return {
        "name": ladder.name,
        "kind": ladder.kind.value,
        "qualification_months": ladder.qualification_months,
        "grace_days": ladder.grace_days,
        "soft_landing": ladder.soft_landing,
        "moves": dict(ladder.moves),
        "tiers": [
            {
                "name": rung.name,
                "zh": rung.zh,
                "en": rung.en,
                "points_percent": rung.points_percent,
                "price_percent": rung.price_percent,
                "conditions": [
                    {"kind": each.kind, "at_least": each.at_least, "months": each.months}
                    for each in rung.conditions
                ],
                "benefits": [
                    {"benefit_id": each.benefit_id, "quota": each.quota} for each in rung.grants
                ],
            }
            for rung in ladder.rungs
        ],
    }
