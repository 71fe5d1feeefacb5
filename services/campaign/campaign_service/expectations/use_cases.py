"""Say what a plan may bring, and which campaign goes first."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from campaign_service.expectations import domain, repository
from campaign_service.expectations.domain import Expectation
from chassis.database import Tx
from contracts.campaign.plans import Expected, Plan


async def of_plan(tx: Tx, plan: Plan) -> Expected:
    """What a plan may bring a contact, in words, too."""
    past = await repository.effects(tx)
    return told(domain.expect(past, plan.scenario, plan.offer.kind))


async def first_things_first(
    tx: Tx, campaign_ids: Sequence[UUID], margin_percent: float, costs: Mapping[str, int]
) -> list[UUID]:
    """Campaigns by what a contact is worth, the greatest first: who may have one message a day gets
    that one. Where nothing tells them apart they stay in their sequence."""
    past = await repository.effects(tx)
    if not past or len(campaign_ids) < 2:
        return list(campaign_ids)
    kinds = await repository.kinds(tx, campaign_ids)
    values = []
    for campaign_id in campaign_ids:
        scenario, offer, channel = kinds[campaign_id]
        expectation = domain.expect(past, scenario, offer)
        worth = domain.value(expectation, margin_percent, costs.get(channel, 0))
        values.append((campaign_id, worth))
    return domain.in_order(values)


def told(found: Expectation | None) -> Expected:
    """The same for people."""
    if found is None:
        return Expected(
            campaigns=0,
            alike=0,
            zh="尚无可作因果比较的历史活动，无法预期效果",
            en="no past campaign with a causal report: nothing can be expected yet",
        )
    fen, low, high = (round(each) for each in (found.fen, found.low, found.high))
    zh = (
        f"根据{found.campaigns}个历史活动（其中{found.alike}个同场景同优惠），预计每次联系增收"
        f"{fen / 100:.2f}元（{low / 100:.2f}至{high / 100:.2f}元）"
    )
    en = (
        f"from {found.campaigns} past campaigns ({found.alike} of the same scenario and offer):"
        f" ¥{fen / 100:.2f} more a contact (¥{low / 100:.2f} to ¥{high / 100:.2f})"
    )
    return Expected(
        campaigns=found.campaigns,
        alike=found.alike,
        revenue_fen=fen,
        revenue_low=low,
        revenue_high=high,
        zh=zh,
        en=en,
    )
