"""Points given to other members."""

from points_service.rulebook.domain import Section, Text
from points_service.rulebook.facts import Facts


def section(facts: Facts) -> Section:
    """From the programme's settings."""
    limits = facts.programme.transfers
    return Section(
        "transfers",
        Text("积分转赠", "Giving points to other members"),
        [
            Text(
                f"每次转赠 {limits.minimum} 至 {limits.maximum} 积分。",
                f"{limits.minimum} to {limits.maximum} points can be given at a time.",
            ),
            Text(
                f"每日最多转出 {limits.given_daily} 积分、转入 {limits.received_daily} 积分。",
                f"In a day at most {limits.given_daily} points can be given and"
                f" {limits.received_daily} received.",
            ),
            Text("转赠的积分保留原有效期。", "Points that are given keep their own date."),
        ],
    )
