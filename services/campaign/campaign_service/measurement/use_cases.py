"""Collect what orders say about campaigns, and report it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from campaign_service import following
from campaign_service.audiences import repository as audiences
from campaign_service.campaigns import repository as campaigns
from campaign_service.measurement import repository
from campaign_service.measurement.domain import LATE, WINDOW, Arm
from campaign_service.measurement.incremental import Comparison, Gap, compare
from campaign_service.measurement.words import sentences
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import reports
from contracts.campaign.decisions import Outcome
from contracts.events import MembersMerged, OrdersRecorded


async def note_orders(tx: Tx, events: Sequence[OrdersRecorded]) -> None:
    """Purchases for the comparison, coupon codes for the redemptions."""
    orders = [order for event in events for order in event.orders]
    await repository.add_purchases(tx, orders)
    used = [(code, order) for order in orders for code in order.coupons]
    if used:
        await repository.add_redemptions(tx, used)


async def follow_merges(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Purchases go with the person."""
    await following.follow(tx, repository.TABLES, [event.absorbed_id for event in events])


async def settle(tx: Tx, now: datetime) -> None:
    """Close the windows that are over; a second run at the same midnight changes nothing."""
    await audiences.lock(tx)
    await repository.measure(tx, now, WINDOW, now - WINDOW - LATE)
    await repository.prune(tx, now - WINDOW - 2 * LATE)


async def report(tx: Tx, campaign_id: UUID) -> reports.CampaignReport:
    """Funnel and comparison. Raises Problem 404."""
    campaign = await campaigns.get(tx, campaign_id)
    if campaign is None:
        raise Problem(404, "unknown_campaign", "There is no such campaign")
    arms = await repository.arms(tx, campaign_id)
    comparison = compare(await repository.sides(tx, campaign_id), campaign.plan.control_share)
    return reports.CampaignReport(
        campaign_id=campaign_id,
        name=campaign.name,
        scenario=campaign.plan.scenario,
        author=campaign.author,
        approver=campaign.approver,
        status=campaign.status,
        **asdict(await repository.funnel(tx, campaign_id)),
        budget_fen=campaign.plan.budget.amount,
        window_days=WINDOW.days,
        treated=_arm(arms.get(Outcome.MESSAGE, Arm())),
        control=_arm(arms.get(Outcome.CONTROL, Arm())),
        incremental=_incremental(comparison),
    )


def _arm(arm: Arm) -> reports.Arm:
    return reports.Arm(**asdict(arm), return_rate=arm.return_rate)


def _incremental(found: Comparison) -> reports.Incremental:
    middle, low, high = found.extra_revenue_fen or (None, None, None)
    zh, en = sentences(found)
    return reports.Incremental(
        causal=found.causal,
        reason=found.reason,
        treated_members=found.treated.members,
        control_members=found.control.members,
        sample_ratio_p=found.sample_ratio_p,
        return_rate=_difference(found.return_rate),
        revenue_fen=_difference(found.revenue_fen),
        extra_revenue_fen=middle,
        extra_revenue_low=low,
        extra_revenue_high=high,
        zh=zh,
        en=en,
    )


def _difference(gap: Gap | None) -> reports.Difference | None:
    return reports.Difference(**asdict(gap)) if gap else None
