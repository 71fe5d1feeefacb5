"""What points are exchanged for."""

from datetime import datetime

from points_service.rewards.domain import Reward
from points_service.rulebook.domain import Section, Text, joined, listed, within
from points_service.rulebook.facts import Facts


def section(facts: Facts) -> Section:
    """From the rewards in force."""
    rules = [render(each) for each in facts.rewards if _in_force(each, facts.now)]
    return Section("rewards", Text("积分兑换", "What points are exchanged for"), rules)


def _in_force(reward: Reward, now: datetime) -> bool:
    return reward.valid_from <= now and (reward.valid_until is None or now < reward.valid_until)


def render(reward: Reward) -> Text:
    """A reward in words."""
    limit = reward.member_limit
    parts = [
        Text(
            f"{reward.name_zh}：{reward.points} 积分", f"{reward.name_en}: {reward.points} points"
        ),
        *([Text(f"每人限 {limit} 份", f"{limit} a member")] if limit is not None else []),
        *([Text("等级：", "tiers: ") + listed(reward.tiers)] if reward.tiers else []),
    ]
    return joined(parts) + Text("。", ".") + within(reward.valid_from, reward.valid_until)
