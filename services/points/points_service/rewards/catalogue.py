"""Showing and changing what can be had for points."""

from dataclasses import replace

from chassis.database import Tx
from chassis.problem import Problem
from contracts.points import rewards as api
from contracts.points.common import Words
from points_service.catalogue.use_cases import Catalogue
from points_service.coupons import templates
from points_service.programme import Programme
from points_service.rewards import repository
from points_service.rewards.domain import Kind, Reward
from points_service.tiers import repository as tiers


async def page(tx: Tx, after: str | None, limit: int) -> api.Rewards:
    """Rewards by id."""
    found = await repository.page(tx, after or "", limit + 1)
    shown = found[:limit]
    return api.Rewards(
        data=[_shown(reward) for reward in shown],
        next_cursor=shown[-1].reward_id if len(found) > limit else None,
    )


async def show(tx: Tx, reward_id: str) -> api.Reward:
    """A reward; raises Problem 404."""
    return _shown(await existing(tx, reward_id))


async def existing(tx: Tx, reward_id: str, *, lock: bool = False) -> Reward:
    """A reward; raises Problem 404."""
    reward = await repository.find(tx, reward_id, lock=lock)
    if reward is None:
        raise Problem(404, "unknown_reward", "There is no such reward")
    return reward


async def add(
    tx: Tx, programme: Programme, goods: Catalogue, request: api.RewardRequest
) -> api.Reward:
    """A new reward. Raises Problem 422 (what is wrong with it), 409 (the id is taken)."""
    reward = _reward(request.reward_id, request)
    await _check(tx, programme, goods, reward)
    if not await repository.add(tx, reward):
        raise Problem(409, "reward_exists", "There is such a reward", pointer="/reward_id")
    return _shown(reward)


async def change(
    tx: Tx, programme: Programme, goods: Catalogue, reward_id: str, terms: api.RewardTerms
) -> api.Reward:
    """Other terms from now on. Raises Problem 404, 422 (what is wrong with them)."""
    before = await existing(tx, reward_id, lock=True)
    reward = replace(_reward(reward_id, terms), taken=before.taken)
    await _check(tx, programme, goods, reward)
    await repository.change(tx, reward)
    return _shown(reward)


async def _check(tx: Tx, programme: Programme, goods: Catalogue, reward: Reward) -> None:
    wrong = reward.fault()
    if wrong is not None:
        code, title, pointer = wrong
        raise Problem(422, code, title, pointer=pointer)
    names = {rung.name for rung in (await tiers.ladder(tx, programme.ladder_id)).rungs}
    for place, tier in enumerate(reward.tiers):
        if tier not in names:
            raise Problem(422, "unknown_tier", "There is no such tier", pointer=f"/tiers/{place}")
    if reward.sku is not None:
        await goods.learn(tx, {reward.sku}, set())
        if reward.sku not in goods.skus:
            raise Problem(422, "unknown_sku", "There is no such article", pointer="/sku")
    if reward.template_id is not None and await templates.head(tx, reward.template_id) is None:
        title = "There is no such coupon template"
        raise Problem(422, "unknown_template", title, pointer="/template_id")


def _reward(reward_id: str, terms: api.RewardTerms) -> Reward:
    return Reward(
        reward_id=reward_id,
        name_zh=terms.name.zh,
        name_en=terms.name.en,
        kind=Kind(terms.kind),
        points=terms.points,
        stock=terms.stock,
        member_limit=terms.member_limit,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        tiers=tuple(terms.tiers),
        sku=terms.sku,
        template_id=terms.template_id,
    )


def _shown(reward: Reward) -> api.Reward:
    return api.Reward(
        reward_id=reward.reward_id,
        name=Words(zh=reward.name_zh, en=reward.name_en),
        kind=reward.kind.value,
        points=reward.points,
        stock=reward.stock,
        taken=reward.taken,
        member_limit=reward.member_limit,
        valid_from=reward.valid_from,
        valid_until=reward.valid_until,
        tiers=list(reward.tiers),
        sku=reward.sku,
        template_id=reward.template_id,
    )
