"""Collect what orders say about campaigns, and report it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

import polars as pl

from campaign_service import following
from campaign_service.audiences import repository as audiences
from campaign_service.campaigns import repository as campaigns
from campaign_service.campaigns.domain import Campaign
from campaign_service.measurement import answers, comparing, repository
from campaign_service.measurement.comparing import Comparison, Plan
from campaign_service.measurement.domain import (
    KEPT,
    LATE,
    WINDOW,
    Arm,
    Terms,
    margins,
    whole,
)
from chassis.clock import local_date
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign.decisions import Outcome
from contracts.campaign.offers import PointsOffer
from contracts.campaign.reports import By, CampaignReport, Targeting
from contracts.events import MembersMerged, OrderRefunded, OrdersRecorded
from contracts.points_events import CouponRolledBack

LOOKS = 5  # at a campaign that has a last day
MOST_LEARNT = 12_000  # members that targeting is learnt and judged from: some seconds
MOST_PARTS = 50  # that are compared; the others have figures only
_BEFORE = frozenset({By.VARIANT, By.STORE})  # known before the contact
_CONTROL, _TREATED = "control", answers.TREATED


async def note_orders(tx: Tx, events: Sequence[OrdersRecorded]) -> None:
    """Purchases for the comparison, coupon codes for the redemptions."""
    orders = [order for event in events for order in event.orders]
    await repository.add_purchases(tx, orders)
    used = [
        (code, off, order)
        for order in orders
        for code, off in zip(order.coupons, [*order.discounts, *[0] * 20], strict=False)
    ]
    if used:
        await repository.add_redemptions(tx, used)


async def note_refunds(tx: Tx, events: Sequence[OrderRefunded]) -> None:
    """What was given back was not earned, also where the window is settled already."""
    orders = await repository.add_refunds(tx, events)
    if orders:
        await repository.measure_again(tx, tx.now, WINDOW, orders)
    returned = [(code, event.order_no) for event in events for code in event.coupons]
    if returned:
        await repository.give_back(tx, returned)


async def note_returns(tx: Tx, events: Sequence[CouponRolledBack]) -> None:
    """Coupons that are not used after all."""
    returned = [(each.code, each.order_no) for each in events if each.order_no is not None]
    if returned:
        await repository.give_back(tx, returned)


async def follow_merges(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Purchases go with the person."""
    await following.follow(tx, repository.TABLES, [event.absorbed_id for event in events])


async def settle(tx: Tx, now: datetime) -> None:
    """Close the windows that are over; a second run at the same midnight changes nothing."""
    await audiences.lock(tx)
    await repository.measure(tx, now, WINDOW, now - WINDOW - LATE)
    await repository.prune(tx, now - KEPT)


async def report(tx: Tx, campaign_id: UUID, terms: Terms, by: By | None = None) -> CampaignReport:
    """Funnel, money and comparison; with `by` their parts as well. Raises Problem 404."""
    campaign = await campaigns.get(tx, campaign_id)
    if campaign is None:
        raise Problem(404, "unknown_campaign", "There is no such campaign")
    arms = await repository.arms(tx, campaign_id)
    is_points = isinstance(campaign.plan.offer, PointsOffer)
    points_fen = campaign.offer_fen if is_points else 0
    parts = await repository.funnels(tx, campaign_id, by, points_fen)
    frames = await repository.outcomes(tx, campaign_id, by if by in _BEFORE else None)
    plan = _plan(campaign, local_date(tx.now))
    everybody = pl.concat(frames.values()) if frames else pl.DataFrame()
    found = await asyncio.to_thread(_compared, everybody, frames if by in _BEFORE else {}, plan)
    figures = whole(parts)
    shared = dict(
        zip(parts, margins([each.revenue_fen for each in parts.values()], terms.margin_percent),
            strict=True)
    )  # fmt: skip
    return CampaignReport(
        campaign_id=campaign_id,
        name=campaign.name,
        scenario=campaign.plan.scenario,
        author=campaign.author,
        approver=campaign.approver,
        status=campaign.status,
        members=await repository.members(tx, campaign_id),
        **answers.figures(figures, sum(shared.values())),
        budget_fen=campaign.plan.budget.amount,
        window_days=WINDOW.days,
        treated=answers.arm(arms.get(Outcome.MESSAGE, Arm())),
        control=answers.arm(arms.get(Outcome.CONTROL, Arm())),
        incremental=answers.incremental(found[None], figures, terms),
        by=by,
        parts=[
            answers.part(key, each, shared[key], found.get(key), terms)
            for key, each in parts.items()
            if by is not None
        ],
    )


async def targeting(tx: Tx, campaign_id: UUID) -> Targeting:
    """Whether choosing by uplift would have gained. Raises Problem 404."""
    campaign = await campaigns.get(tx, campaign_id)
    if campaign is None:
        raise Problem(404, "unknown_campaign", "There is no such campaign")
    rows = await repository.known_before(tx, campaign_id, MOST_LEARNT)
    plan = _plan(campaign, local_date(tx.now))
    reason, judged = await asyncio.to_thread(comparing.target, rows, plan, answers.TREATED)
    return answers.targeting(campaign_id, rows.height, reason, judged)


def _plan(campaign: Campaign, today: date) -> Plan:
    """How a campaign was drawn. Where it has a first and a last day its course can be judged: so
    much of its time as can be measured is taken for so much of its members."""
    share, schedule = campaign.plan.control_share, campaign.plan.schedule
    shares = {_CONTROL: share, _TREATED: 1 - share} if share > 0 else {}
    if schedule.starts_on is None or schedule.ends_on is None:
        return Plan(_CONTROL, shares)
    days = (schedule.ends_on - schedule.starts_on).days + 1
    over = (today - WINDOW - LATE - schedule.starts_on).days
    if over <= 0:
        return Plan(_CONTROL, shares)
    return Plan(_CONTROL, shares, LOOKS, elapsed=min(1.0, over / days))


def _compared(
    everybody: pl.DataFrame, parts: Mapping[str, pl.DataFrame], plan: Plan
) -> dict[str | None, Comparison]:
    """The whole under None, and the largest parts."""
    largest = sorted(parts, key=lambda key: -parts[key].height)[:MOST_PARTS]
    found: dict[str | None, Comparison] = {
        key: comparing.compare(parts[key], replace(plan, looks=None)) for key in largest
    }
    found[None] = comparing.compare(everybody, plan)
    return found
