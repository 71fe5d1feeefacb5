"""Plan an experiment, give members their arms, learn, report, stop."""

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from campaign_service import following
from campaign_service.campaigns import planning
from campaign_service.campaigns import repository as campaigns
from campaign_service.campaigns.domain import Campaign
from campaign_service.deliveries import texts
from campaign_service.experiments import answers, repository
from campaign_service.experiments.domain import CLICKS_AFTER, Experiment, changed, learnt
from campaign_service.measurement import comparing
from campaign_service.measurement.comparing import Comparison
from campaign_service.measurement.repository import frame
from chassis.clock import local_date
from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import ProblemError
from contracts.campaign import experiments as api
from contracts.campaign.offers import Offer, PercentOffer, PointsOffer, worst_fen
from contracts.campaign.plans import CampaignStatus, OwnTexts
from contracts.events import MembersMerged


async def plan(
    tx: Tx, author: str, body: api.ExperimentRequest, *, dry_run: bool = False
) -> api.Experiment:
    """A new experiment. Raises Problem 422 with all that is wrong, 409 for a name or a campaign
    that has one, or a campaign that somebody judges or that runs already."""
    campaign = await campaigns.get(tx, body.campaign_id, lock=True)
    if campaign is None:
        title = "There is no such campaign"
        raise Problem(422, "unknown_campaign", title, pointer="/campaign_id")
    if errors := await _faults(tx, campaign, body):
        raise Problem(422, "invalid_experiment", "This cannot be tried", errors=errors)
    if campaign.status is not CampaignStatus.PLANNED:
        title = "What is tried is approved with the campaign, so it is planned before"
        raise Problem(409, "not_planned", title, pointer="/campaign_id")
    made = Experiment(tx.ids.new(), body, author, tx.now)
    if not dry_run and not await repository.add(tx, made):
        title = "There is an experiment of this name, or on this campaign"
        raise Problem(409, "experiment_exists", title)
    return answers.experiment(made)


async def _faults(
    tx: Tx, campaign: Campaign, body: api.ExperimentRequest
) -> list[ProblemError]:  # fmt: skip
    planned, found = campaign.plan, list[ProblemError]()
    script = await texts.script(tx, campaign)
    names = [arm.name for arm in body.arms]
    if body.method is api.ArmMethod.BANDIT and body.floor * len(names) > 1:
        found.append(_wrong("/floor", "too_large", "all floors together are more than everybody"))
    for place, arm in enumerate(body.arms):
        here = f"/arms/{place}"
        if arm.name in names[:place]:
            found.append(_wrong(f"{here}/name", "repeated", "this arm is named before"))
        if arm.channel is not None and arm.channel not in planned.channels:
            found.append(_wrong(f"{here}/channel", "not_planned", "the plan has no such channel"))
        points = isinstance(arm.offer or planned.offer, PointsOffer)
        if arm.offer is not None and (points or isinstance(planned.offer, PointsOffer)):
            detail = "points come out of a budget of their own, so coupons are tried only"
            found.append(_wrong(f"{here}/offer", "no_coupon", detail))
        elif arm.offer is not None and _dearer(arm.offer, planned.offer):
            detail = "may cost more than what the plan offers, which the budget is made for"
            found.append(_wrong(f"{here}/offer", "dearer_than_planned", detail))
        if arm.texts is not None and arm.variant is not None:
            found.append(_wrong(f"{here}/variant", "two_texts", "texts of one's own have none"))
        elif arm.variant is not None and isinstance(planned.content, OwnTexts):
            found.append(_wrong(f"{here}/variant", "no_template", "the plan has no template"))
        elif arm.texts or arm.offer or arm.variant:
            found += [
                _wrong(f"{here}{fault.pointer}", fault.code, fault.detail)
                for fault in planning.faults(changed(planned, arm), script)
            ]
    return found


def _dearer(offer: Offer, planned: Offer) -> bool:
    """Whether one may cost more; one that nothing bounds, more than any that something does."""
    if isinstance(offer, PercentOffer) and isinstance(planned, PercentOffer):
        return (offer.max_off is None, worst_fen(offer, 1)) > (
            planned.max_off is None, worst_fen(planned, 1),
        )  # fmt: skip
    unbounded = isinstance(offer, PercentOffer) and offer.max_off is None
    return unbounded or worst_fen(offer, 1) > worst_fen(planned, 1)


def _wrong(pointer: str, code: str, detail: str | None) -> ProblemError:
    return ProblemError(pointer=pointer, code=code, detail=detail)


async def show(tx: Tx, experiment_id: UUID) -> api.Experiment:
    """One. Raises Problem 404."""
    return answers.experiment(await _known(tx, experiment_id))


async def listed(tx: Tx, before: int | None, limit: int) -> api.ExperimentPage:
    """A page, newest first."""
    found = await repository.page(tx, before, limit + 1)
    return api.ExperimentPage(
        data=[answers.experiment(one) for _, one in found[:limit]],
        next_cursor=str(found[limit - 1][0]) if len(found) > limit else None,
    )


async def report(tx: Tx, experiment_id: UUID) -> api.ExperimentReport:
    """What came of it so far. Raises Problem 404."""
    one = await _known(tx, experiment_id)
    return answers.report(one, await repository.totals(tx, one), await _compared(tx, one))


async def stop(
    tx: Tx, experiment_id: UUID, actor: str, body: api.StopRequest
) -> api.Experiment:  # fmt: skip
    """The winner is for everybody from now on; members who have an arm keep it.

    Raises Problem 404, 409 `stopped`, 409 `not_decided` while neither a bound is crossed nor the
    planned end reached: whoever stops then for a result deceives himself more often than he thinks.
    """
    one = await _known(tx, experiment_id, lock=True)
    if one.stopped_at is not None:
        raise Problem(409, "stopped", "It was stopped before")
    winner = None
    if not body.give_up:
        decided, winner = answers.best(one, await _compared(tx, one))
        if not decided:
            title = "Nothing is decided yet; it can only be given up, without a winner"
            raise Problem(409, "not_decided", title)
    await repository.stop(tx, experiment_id, tx.now, actor, winner)
    return await show(tx, experiment_id)


async def assign(
    tx: Tx, campaign_id: UUID, members: Collection[UUID], now: datetime
) -> Mapping[UUID, api.ArmRequest]:
    """The arms of a campaign's members, for good; nothing where nothing is tried."""
    one = (await repository.of_campaigns(tx, [campaign_id])).get(campaign_id)
    if one is None or not members:
        return {}
    known = await repository.assigned(tx, one.experiment_id, list(members))
    new = {member: one.assign(member) for member in members if member not in known}
    await repository.assign(tx, one.experiment_id, new, now)
    arms = {arm.name: arm for arm in one.asked.arms}
    return {
        **{member: arms[name] for member, name in known.items()},
        **{member: arms[each.variant] for member, each in new.items()},
    }


async def tried(
    tx: Tx, known: Mapping[UUID, Campaign], messages: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Campaign]:
    """What each (campaign, member) is sent by: the campaign, as the member's arm has it; the same
    object for all of an arm."""
    made = {pair: known[pair[0]] for pair in messages}
    for campaign_id, one in (await repository.of_campaigns(tx, list(known))).items():
        members = [member for campaign, member in messages if campaign == campaign_id]
        arms = {arm.name: _as_tried(known[campaign_id], arm) for arm in one.asked.arms}
        for member, name in (await repository.assigned(tx, one.experiment_id, members)).items():
            made[campaign_id, member] = arms[name]
    return made


def _as_tried(campaign: Campaign, arm: api.ArmRequest) -> Campaign:
    """Coupons that an arm offers instead are not those that the budget at points promises: the
    campaign's own budget, which counts the dearest offer for each contact, bounds them."""
    plan = changed(campaign.plan, arm)
    if plan.offer == campaign.plan.offer:
        return replace(campaign, plan=plan)
    return replace(campaign, plan=plan, reservation=None)


async def learn(tx: Tx, now: datetime) -> None:
    """Bandits get their weights of the day; the same night gives the same ones."""
    for one in await repository.bandits(tx):
        day = local_date(now)
        seen = await repository.rewards(tx, one, now - CLICKS_AFTER)
        digest = hashlib.blake2b(f"{one.experiment_id}{day}".encode(), digest_size=8).digest()
        weights = learnt(seen, int.from_bytes(digest, "big"))
        await repository.weigh(tx, one.experiment_id, day, weights)


async def follow_merges(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Arms go with the person; the one had first counts."""
    await following.follow(tx, repository.TABLES, [event.absorbed_id for event in events])


async def _known(tx: Tx, experiment_id: UUID, *, lock: bool = False) -> Experiment:
    one = await repository.get(tx, experiment_id, lock=lock)
    if one is None:
        raise Problem(404, "unknown_experiment", "There is no such experiment")
    return one


async def _compared(tx: Tx, one: Experiment) -> Comparison:
    rows = frame(await repository.outcomes(tx, one))
    elapsed = min(1.0, max(rows.height, 1) / one.asked.planned_members)
    drawn = comparing.Plan(one.baseline, one.shares, one.asked.looks, elapsed)
    return await asyncio.to_thread(comparing.compare, rows, drawn)
