"""Pick, decide, remember; what was decided leaves through deliveries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from campaign_service import following
from campaign_service.audiences import repository as audiences
from campaign_service.audiences.rules import picking
from campaign_service.campaigns import repository as campaigns
from campaign_service.campaigns.domain import Campaign, changed
from campaign_service.decisions import repository
from campaign_service.decisions.domain import (
    Ask,
    Bench,
    Candidate,
    Caps,
    Decision,
    Policy,
    Terms,
    Verdict,
)
from campaign_service.decisions.repository import Recorded, Returned, Scope
from campaign_service.decisions.rules import RULES, control_group, in_words, of_the_moment, sending
from campaign_service.deliveries import repository as deliveries
from campaign_service.deliveries import texts
from campaign_service.deliveries.domain import Message
from campaign_service.expectations import use_cases as expectations
from campaign_service.experiments import control
from campaign_service.experiments import use_cases as experiments
from campaign_service.experiments.domain import leaves
from campaign_service.templates.composing import MARKETING
from campaign_service.templates.limits import Sms
from chassis.clock import PROGRAM_ZONE, local_date
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import decisions as api
from contracts.campaign.decisions import Outcome
from contracts.campaign.experiments import ArmRequest
from contracts.campaign.journey_nodes import AS_PLANNED, MessageChange
from contracts.campaign.plans import Plan
from contracts.events import MembersMerged, MessageSent


@dataclass(frozen=True, slots=True)
class Desk:
    """What deciding needs beside the database; built once, in app.py."""

    policy: Policy
    sms: Sms
    margin_percent: float = 22.0  # of what is sold


Contact = tuple[UUID, datetime, str]
"""Which contact of a campaign it is: member, occasion, step."""


async def due_campaigns(tx: Tx, desk: Desk, now: datetime) -> list[UUID]:
    """Campaigns that pick members on the day of `now`: the one of which a contact is expected to be
    worth most comes first, because a member may be written to so often only."""
    due = await campaigns.launched_on(tx, local_date(now))
    costs = desk.policy.costs
    return await expectations.first_things_first(tx, due, desk.margin_percent, costs)


async def ask(
    tx: Tx, desk: Desk, campaign_id: UUID, asks: Sequence[Ask], change: MessageChange = AS_PLANNED
) -> dict[UUID, Outcome]:
    """Contact these members for a campaign, each for its occasion, unless a check speaks against
    it; the only way by which triggers and journeys reach anybody.

    `change`: what these messages say otherwise than the plan.

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
    terms = await _terms(tx, desk, changed(campaign, change), tx.now)
    scope = _scope(desk, campaign, terms, tx.now)
    found = await repository.asked(tx, campaign_id, terms.picking, scope, now)
    await _settle(tx, desk, campaign, terms, found, now=tx.now, change=change)
    outcomes = await repository.outcomes(tx, campaign_id, now)
    return {
        before.member_id: outcomes.get((each.member_id, each.occasion, each.step), Outcome.SKIPPED)
        for before, each in zip(asks, now, strict=True)
    }


async def held_out(tx: Tx, desk: Desk, campaign: Campaign, members: Sequence[UUID]) -> set[UUID]:
    """Those of these members to whom a campaign does nothing, of its own control group and of the
    one that is every campaign's."""
    terms = await _terms(tx, desk, campaign, tx.now)
    return {each for each in members if control_group.held_out(terms, each)}


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
            await _enter(tx, desk, campaign.campaign_id, only)


async def _enter(tx: Tx, desk: Desk, campaign_id: UUID, only: Collection[UUID]) -> None:
    campaign = await campaigns.get_launched(tx, campaign_id)
    if campaign is None:  # paused or finished since it was listed
        return
    await audiences.lock(tx)
    terms = await _terms(tx, desk, campaign, tx.now)
    scope = replace(_scope(desk, campaign, terms, tx.now), only=only)
    found = await repository.candidates(tx, campaign_id, terms.picking, scope)
    await _settle(tx, desk, campaign, terms, found, now=tx.now)


async def run_campaign(tx: Tx, campaign_id: UUID, desk: Desk, now: datetime, limit: int) -> bool:
    """A campaign's decisions of a day, about up to `limit` members; answers whether there are more.

    It goes on where the transaction before ended, so that a crash costs one part and decides about
    nobody twice.
    """
    campaign = await campaigns.get_launched(tx, campaign_id)
    if campaign is None:  # paused or finished since it was listed
        return False
    await audiences.lock(tx)
    day = local_date(now)
    terms = await _terms(tx, desk, campaign, now)
    after = await repository.reached(tx, campaign_id, day)
    scope = replace(_scope(desk, campaign, terms, now), after=after, limit=limit)
    found = await repository.candidates(tx, campaign_id, terms.picking, scope)
    await _settle(tx, desk, campaign, terms, found, now=now)
    if found:
        await repository.mark_reached(tx, campaign_id, day, found[-1].member_id)
    return len(found) == limit


async def fall_back(tx: Tx, desk: Desk, events: Sequence[MessageSent]) -> None:
    """What could not be sent goes by the next channel, or in the morning if it was too late; a
    coupon that was offered with it goes along."""
    refused = [event.delivery_id for event in events if event.status == "refused"]
    if not refused:
        return
    await audiences.lock(tx)
    together: dict[tuple[UUID, tuple[str, ...], str], list[Returned]] = {}
    for one in await repository.returned(tx, refused):
        together.setdefault((one.campaign_id, one.tried, one.change), []).append(one)
    for (campaign_id, tried, said), ones in together.items():
        campaign = await campaigns.get_launched(tx, campaign_id)
        if campaign is None:
            continue
        change = MessageChange.model_validate_json(said)
        terms = await _terms(tx, desk, changed(campaign, change), tx.now)
        left = tuple(channel for channel in terms.channels if channel not in tried)
        scope = replace(_scope(desk, campaign, terms, tx.now), again=True)
        asks = [Ask(each.member_id, each.lapse, each.values, each.step) for each in ones]
        found = await repository.asked(tx, campaign_id, terms.picking, scope, asks)
        before = {(each.member_id, each.lapse, each.step): each for each in ones}
        again = [
            each._replace(moment=before[each.member_id, each.occasion, each.step].moment)
            for each in found
        ]
        codes = {key: each.code for key, each in before.items() if each.code is not None}
        terms = replace(terms, channels=left)
        await _settle(tx, desk, campaign, terms, again, now=tx.now, codes=codes, change=change)


async def _settle(
    tx: Tx,
    desk: Desk,
    campaign: Campaign,
    terms: Terms,
    candidates: Sequence[Candidate],
    *,
    now: datetime,
    codes: Mapping[Contact, str] | None = None,
    change: MessageChange = AS_PLANNED,
) -> None:
    """Decide about the candidates, remember why, and hold their messages.

    With `codes` (coupons that were offered already) they had a message that could not be sent: only
    what can be sent otherwise is news.
    """
    if not candidates:
        return
    policy, campaign_id = desk.policy, campaign.campaign_id
    arms = await experiments.assign(tx, campaign_id, {c.member_id for c in candidates}, now)
    terms, candidates = _tried(terms, candidates, arms)
    spent = await repository.committed_fen(tx, campaign_id, terms.offer_fen)
    bench = Bench(terms, policy, RULES, now, spent)
    decisions = list(bench.all(candidates, partial(control_group.held_out, terms)))
    numbers = await repository.verdict_sets(tx, {each.ruling for each in decisions})
    rows = [
        (each, numbers[each.ruling], tx.ids.new() if each.ruling.channel else None)
        for each in decisions
        if (
            each.candidate.previous is None  # else: skipped for the same reasons as before
            or each.ruling.outcome is not Outcome.SKIPPED
            or numbers[each.ruling] != each.candidate.skipped
            if codes is None
            else each.ruling.channel
        )
    ]
    await repository.save(tx, campaign_id, now, rows)
    if codes:
        await deliveries.give_up_codes(tx, list(codes.values()))
    messages = [
        _message(terms, policy, each, number, now=now, codes=codes)
        for each, _, number in rows
        if number
    ]
    for due_at, some in _hours(messages, arms, policy.quiet.next_open(now)).items():
        await deliveries.hold(
            tx,
            campaign_id,
            some,
            due_at=due_at,
            day=policy.quiet.day(due_at),
            purpose="transactional" if terms.transactional else MARKETING,
            change=change,
        )


def _tried(
    terms: Terms, candidates: Sequence[Candidate], arms: Mapping[UUID, ArmRequest]
) -> tuple[Terms, Sequence[Candidate]]:
    """Where channels are tried, a member's arm says which one comes first."""
    first = {member: arm.channel for member, arm in arms.items() if arm.channel is not None}
    if not first:
        return terms, candidates
    own = terms.members_own
    made = [
        one._replace(prefers=first.get(one.member_id, one.prefers if own else None))
        for one in candidates
    ]
    return replace(terms, members_own=True), made


def _hours(
    messages: Sequence[Message], arms: Mapping[UUID, ArmRequest], due_at: datetime
) -> dict[datetime, list[Message]]:
    """Messages by when they are due: at once, or at the hour that the member's arm tries."""
    found: dict[datetime, list[Message]] = {}
    for each in messages:
        arm = arms.get(each.member_id)
        hour = arm.send_hour if arm else None
        due = due_at if hour is None else leaves(due_at, hour, PROGRAM_ZONE)
        found.setdefault(due, []).append(each)
    return found


def _message(
    terms: Terms, policy: Policy, decision: Decision, delivery_id: UUID, *,
    now: datetime, codes: Mapping[Contact, str] | None,
) -> Message:  # fmt: skip
    one, channel = decision.candidate, decision.ruling.channel or ""
    since = one.occasion if one.moment == "asked" else now
    return Message(
        delivery_id,
        one.member_id,
        one.language,
        one.step,
        one.values,
        channel,
        policy.costs.get(channel, 0),
        since + terms.stale_after if terms.stale_after is not None else None,
        codes.get((one.member_id, one.occasion, one.step)) if codes else None,
    )


async def _terms(tx: Tx, desk: Desk, campaign: Campaign, now: datetime) -> Terms:
    script = await texts.script(tx, campaign)
    left_alone = await control.group(tx)
    after = campaign.plan.of_use_minutes
    return Terms(
        salt=campaign.name,
        picking=picking(campaign.audience, now),
        control_share=campaign.plan.control_share,
        budget_fen=campaign.plan.budget.amount,
        offer_fen=campaign.offer_fen,
        channels=tuple(campaign.plan.channels),
        transactional=script is not None and script.purpose != MARKETING,
        members_own=campaign.plan.prefer_members_own,
        caps=desk.policy.caps.stricter(_caps(campaign.plan)),
        fault=texts.speaking(campaign, script, desk.sms),
        stale_after=timedelta(minutes=after) if after is not None else None,
        left_alone=left_alone,
        left_alone_salt=left_alone.salt_of(local_date(now)),
    )


def _caps(plan: Plan) -> Caps:
    """What the plan says; where it says nothing, the programme's own are the stricter ones."""
    caps = plan.caps
    none = 10**6
    return Caps(
        caps.per_day or none,
        caps.per_week or none,
        {str(channel): most for channel, most in caps.per_channel.items()},
        caps.per_member,
    )


def _scope(desk: Desk, campaign: Campaign, terms: Terms, now: datetime) -> Scope:
    quiet = desk.policy.quiet
    ever = terms.caps.of_campaign is not None
    return Scope(quiet.day(quiet.next_open(now)), campaign.created_at, ever=ever)


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
                    _check(verdict, decision)
                    for verdict in (
                        *decision.verdicts,
                        sending.verdict(decision.delivery, decision.reason),
                    )
                    if verdict is not None
                ],
            )
            for decision in found[:limit]
        ],
        next_cursor=str(found[limit - 1].seq) if len(found) > limit else None,
    )


def _check(verdict: Verdict, decision: Recorded) -> api.Check:
    moment = of_the_moment(verdict, decision.occasion, decision.decided_at, PROGRAM_ZONE)
    words = in_words(verdict, moment)
    zh, en = words.zh, words.en
    if verdict.check == "caps" and not verdict.passed and decision.before:
        zh += f"；“{decision.before}”在先：预期价值高的活动先联系"
        en += f"; “{decision.before}” went first: whichever is expected to be worth more does"
    return api.Check(check=verdict.check, passed=verdict.passed, zh=zh, en=en)
