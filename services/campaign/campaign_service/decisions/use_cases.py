"""Pick, decide, remember; what was decided leaves through deliveries."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from campaign_service import following
from campaign_service.audiences import repository as audiences
from campaign_service.audiences.rules import picking
from campaign_service.campaigns import repository as campaigns
from campaign_service.decisions import repository
from campaign_service.decisions.domain import Policy, Terms, Verdict, decide_all
from campaign_service.decisions.rules import RULES, consent, in_words
from campaign_service.deliveries import repository as deliveries
from chassis.clock import local_date
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import decisions as api
from contracts.campaign.decisions import Outcome
from contracts.events import MembersMerged


async def due_campaigns(tx: Tx, now: datetime) -> list[UUID]:
    """Campaigns that pick members on the day of `now`."""
    return await campaigns.launched_on(tx, local_date(now))


async def entered(
    tx: Tx, policy: Policy, segments: Mapping[UUID, Collection[UUID]], tiers: Collection[UUID] = ()
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
            await run_campaign(tx, campaign.campaign_id, policy, tx.now, only=only)


async def run_campaign(
    tx: Tx,
    campaign_id: UUID,
    policy: Policy,
    now: datetime,
    *,
    only: Collection[UUID] | None = None,
) -> None:
    """One campaign's decisions; a second run finds nothing left to decide. `only`: about these."""
    campaign = await campaigns.get_launched(tx, campaign_id)
    if campaign is None:  # paused or finished since it was listed
        return
    await audiences.lock(tx)
    terms = Terms(
        salt=campaign.name,
        picking=picking(campaign.audience, now),
        control_share=campaign.control_share,
        budget_fen=campaign.budget_fen,
    )
    day = policy.quiet.day(policy.quiet.next_open(now))
    candidates = await repository.candidates(
        tx, campaign_id, terms.picking, day=day, since=campaign.created_at, only=only
    )
    if not candidates:
        return
    spent = await repository.committed_fen(tx, campaign_id)
    decisions = decide_all(candidates, RULES, terms=terms, policy=policy, now=now, spent_fen=spent)
    ids = [
        tx.ids.derive("delivery", str(campaign_id), str(decision.member_id), str(decision.lapse))
        if decision.outcome is Outcome.MESSAGE
        else None
        for decision in decisions
    ]
    rows = list(zip(decisions, ids, strict=True))
    written = await repository.save(tx, campaign_id, now, rows)
    held = [
        (delivery_id, decision.member_id, decision.language)
        for decision, delivery_id in rows
        if delivery_id is not None and decision.member_id in written
    ]
    due_at = policy.quiet.next_open(now)
    await deliveries.hold(
        tx, campaign, held, due_at=due_at, day=day, cost_fen=policy.message_cost_fen
    )


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
