"""What points are exchanged for."""

from chassis.database import Tx
from points_service.programme import Programme
from points_service.rewards import repository
from points_service.rewards.domain import Reward
from points_service.rulebook.domain import Section, Text, joined, listed, within

PAGE = 500


async def section(tx: Tx, programme: Programme) -> Section:
    """From the rewards in force."""
    found: list[Reward] = []
    page = await repository.page(tx, "", PAGE)
    while page:
        found += page
        page = await repository.page(tx, page[-1].reward_id, PAGE)
    rules = [render(each) for each in found if _in_force(each, tx)]
    return Section("rewards", Text("积分兑换", "What points are exchanged for"), rules)


def _in_force(reward: Reward, tx: Tx) -> bool:
    return reward.valid_from <= tx.now and (
        reward.valid_until is None or tx.now < reward.valid_until
    )


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
