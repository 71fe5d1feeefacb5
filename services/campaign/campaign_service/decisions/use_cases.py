"""Pick, decide, remember; what was decided leaves through deliveries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from campaign_service import following
from campaign_service.audiences import repository as audiences
from campaign_service.audiences.rules import picking
from campaign_service.campaigns import repository as campaigns
from campaign_service.campaigns.domain import Campaign
from campaign_service.decisions import repository
from campaign_service.decisions.domain import (
    Ask,
    Candidate,
    Decision,
    Policy,
    Terms,
    Verdict,
    decide_all,
)
from campaign_service.decisions.rules import RULES, consent, in_words
from campaign_service.deliveries import repository as deliveries
from chassis.clock import local_date
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import decisions as api
from contracts.campaign.decisions import Outcome
from contracts.events import MembersMerged


@dataclass(frozen=True, slots=True)
class Desk:
    """What deciding needs beside the database; built once, in app.py."""

    policy: Policy


async def due_campaigns(tx: Tx, now: datetime) -> list[UUID]:
    """Campaigns that pick members on the day of `now`."""
    return await campaigns.launched_on(tx, local_date(now))


async def ask(tx: Tx, desk: Desk, campaign_id: UUID, asks: Sequence[Ask]) -> dict[UUID, Outcome]:
    """Contact these members for a campaign, each for its occasion, unless a check speaks against
    it; the only way by which triggers and journeys reach anybody.

    Asking again for the same (member, occasion, step) answers what was decided, unless that was to
    skip: then it is judged anew. Answers the outcome by the member asked for (the last one, where
    it was asked for several times): `skipped` also for who is not of the campaign's audience, or
    not known. Nobody is decided about, and nothing is answered, while the campaign does not run.
    """
    campaign = await campaigns.get_launched(tx, campaign_id)
    if campaign is None or not asks:
        return {}
    await audiences.lock(tx)
    moved = await audiences.aliases(tx, [each.member_id for each in asks])
    now = [replace(each, member_id=moved.get(each.member_id, each.member_id)) for each in asks]
    terms = _terms(campaign, desk.policy, tx.now)
    found = await repository.asked(
        tx, campaign_id, terms.picking, day=_day(desk.policy, tx.now), asks=now
    )
    await _settle(tx, desk, campaign, terms, found, now=tx.now)
    outcomes = await repository.outcomes(tx, campaign_id, now)
    return {
        before.member_id: outcomes.get((each.member_id, each.occasion, each.step), Outcome.SKIPPED)
        for before, each in zip(asks, now, strict=True)
    }


async def entered(
    tx: Tx, desk: Desk, segments: Mapping[UUID, Collection[UUID]], tiers: Collection[UUID] = ()
) -> None:
    """Campaigns that wait for members to enter decide at once about those who did.

    `segments`: who entered each; `tiers`: whose tier changed.
    """
    waiting = await campaigns.waiting_on(tx, local_date(tx.now))
    for campaign in waiting:
        wanted = picking(campaign.audience, tx.now)
        only = {member for each in wanted.inside for member in segments.get(each, ())}
        only |= set(tiers) if wanted.tiers else set()
        if only:
            await run_campaign(tx, campaign.campaign_id, desk, tx.now, only=only)


async def run_campaign(
    tx: Tx,
    campaign_id: UUID,
    desk: Desk,
    now: datetime,
    *,
    only: Collection[UUID] | None = None,
) -> None:
    """One campaign's decisions; a second run finds nothing left to decide. `only`: about these."""
    campaign = await campaigns.get_launched(tx, campaign_id)
    if campaign is None:  # paused or finished since it was listed
        return
    await audiences.lock(tx)
    terms = _terms(campaign, desk.policy, now)
    found = await repository.candidates(
        tx,
        campaign_id,
        terms.picking,
        day=_day(desk.policy, now),
        since=campaign.created_at,
        only=only,
    )
    await _settle(tx, desk, campaign, terms, found, now=now)


async def _settle(
    tx: Tx,
    desk: Desk,
    campaign: Campaign,
    terms: Terms,
    candidates: Sequence[Candidate],
    *,
    now: datetime,
) -> None:
    """Decide about the candidates, remember why, and hold their messages."""
    if not candidates:
        return
    policy, campaign_id = desk.policy, campaign.campaign_id
    spent = await repository.committed_fen(tx, campaign_id)
    decisions = decide_all(candidates, RULES, terms=terms, policy=policy, now=now, spent_fen=spent)
    rows = [(each, _delivery_id(tx, campaign_id, each)) for each in decisions]
    written = await repository.save(tx, campaign_id, now, rows)
    held = [
        (delivery_id, decision)
        for decision, delivery_id in rows
        if delivery_id and (decision.member_id, decision.lapse, decision.step) in written
    ]
    due_at, day = policy.quiet.next_open(now), _day(policy, now)
    await deliveries.hold(
        tx, campaign, held, due_at=due_at, day=day, cost_fen=policy.message_cost_fen
    )


def _terms(campaign: Campaign, policy: Policy, now: datetime) -> Terms:
    return Terms(
        salt=campaign.name,
        picking=picking(campaign.audience, now),
        control_share=campaign.plan.control_share,
        budget_fen=campaign.message_budget_fen(policy.message_cost_fen),
    )


def _day(policy: Policy, now: datetime) -> date:
    return policy.quiet.day(policy.quiet.next_open(now))


def _delivery_id(tx: Tx, campaign_id: UUID, decision: Decision) -> UUID | None:
    if decision.outcome is not Outcome.MESSAGE:
        return None
    parts = (str(campaign_id), str(decision.member_id), str(decision.lapse), decision.step)
    return tx.ids.derive("delivery", *parts)


async def follow_merges(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Decisions go with the person."""
    await following.follow(tx, repository.TABLES, [event.absorbed_id for event in events])


async def explain(
    tx: Tx, member_id: UUID, before: int | None, limit: int
) -> api.ContactDecisionPage:
    """Why a member was contacted or not, in words. Raises Problem 404."""
    current = await audiences.resolve(tx, member_id)
    if current is None:
        raise Problem(404, "unknown_member", "There is no such member")
    found = await repository.page(tx, current, before, limit + 1)
    return api.ContactDecisionPage(
        data=[
            api.ContactDecision(
                campaign_id=decision.campaign_id,
                campaign=decision.campaign,
                decided_at=decision.decided_at,
                outcome=decision.outcome,
                checks=[
                    _check(verdict)
                    for verdict in (
                        *decision.verdicts,
                        consent.verdict(decision.delivery, decision.reason),
                    )
                    if verdict is not None
                ],
            )
            for decision in found[:limit]
        ],
        next_cursor=str(found[limit - 1].seq) if len(found) > limit else None,
    )


def _check(verdict: Verdict) -> api.Check:
    words = in_words(verdict)
    return api.Check(check=verdict.check, passed=verdict.passed, zh=words.zh, en=words.en)
