"""Release what is due, note what became of it, show it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from campaign_service import following
from campaign_service.audiences import repository as audiences
from campaign_service.campaigns import offering, offers
from campaign_service.campaigns import repository as campaigns
from campaign_service.campaigns.domain import Campaign, changed
from campaign_service.campaigns.offering import Given
from campaign_service.campaigns.offers import AnyOffer
from campaign_service.decisions.domain import Policy
from campaign_service.deliveries import domain, repository, texts
from campaign_service.deliveries.domain import Held, Plan
from campaign_service.deliveries.texts import Text
from campaign_service.experiments import use_cases as experiments
from campaign_service.links.domain import Linker, Tracked
from campaign_service.links.use_cases import links_for
from campaign_service.templates.composing import Script
from campaign_service.templates.limits import Sms
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import deliveries as api
from contracts.events import MembersMerged, MessageRequested, MessageSent
from contracts.gateway_events import MessageReported


@dataclass(frozen=True, slots=True)
class Out:
    """What messages leave with beside the database; built once, in app.py."""

    policy: Policy
    linker: Linker
    sms: Sms


async def release(tx: Tx, out: Out, now: datetime, limit: int) -> bool:
    """Send off up to `limit` due messages, coupon first; answers whether more may be due."""
    quiet = out.policy.quiet
    await audiences.lock(tx)
    due = await repository.take_due(tx, now, limit)
    if not due:
        return False
    day = quiet.day(quiet.next_open(now))
    taken = await repository.taken(tx, day, due)
    plan = domain.plan(due, quiet, now, taken, out.policy.caps.a_day)
    for reason, messages in plan.withdrawn.items():
        await repository.withdraw(tx, messages, reason)
    if plan.due_at > now:
        await repository.postpone(tx, plan)
    else:
        await _leave(tx, out, plan, now)
    return len(due) == limit


async def record_answers(tx: Tx, events: Sequence[MessageSent]) -> None:
    """The gateway sent or refused."""
    await audiences.lock(tx)
    answers = [(event.delivery_id, event.status, event.reason, event.sent_at) for event in events]
    await repository.record_answers(tx, answers)


async def record_reports(tx: Tx, events: Sequence[MessageReported]) -> None:
    """What became of messages later."""
    await audiences.lock(tx)
    reports = [(e.delivery_id, e.status, e.reason, e.reported_at) for e in events]
    await repository.record_reports(tx, reports)


async def follow_merges(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Messages go with the person."""
    await following.follow(tx, repository.TABLES, [event.absorbed_id for event in events])


async def listed(tx: Tx, member_id: UUID, before: int | None, limit: int) -> api.DeliveryPage:
    """Messages to a member. Raises Problem 404."""
    current = await audiences.resolve(tx, member_id)
    if current is None:
        raise Problem(404, "unknown_member", "There is no such member")
    rows = await repository.page(tx, current, before, limit + 1)
    fields = [name for name in api.Delivery.model_fields]
    return api.DeliveryPage(
        data=[api.Delivery(**{name: row[name] for name in fields}) for row in rows[:limit]],
        next_cursor=str(rows[limit - 1]["seq"]) if len(rows) > limit else None,
    )


def _whom(held: Held) -> tuple[UUID, UUID]:
    return held.campaign_id, held.member_id


def _tracked(held: Held) -> Tracked:
    """A link that came with the values is where it leads."""
    target = held.values.get("link")
    return Tracked(held.delivery_id, held.campaign_id, held.member_id, held.channel, target)


async def _leave(tx: Tx, out: Out, plan: Plan, now: datetime) -> None:
    """What can be said leaves, each with its offer; what cannot is withdrawn and says why."""
    known = await campaigns.by_id(tx, {held.campaign_id for held in plan.going})
    tried = await experiments.tried(tx, known, [_whom(held) for held in plan.going])
    said = await _said(tx, [(held, tried[_whom(held)]) for held in plan.going])
    links = await links_for(tx, out.linker, [_tracked(held) for held in plan.going], now)
    going: list[tuple[Held, str | None, Text]] = []
    faults: dict[str, list[Held]] = {}
    for held in plan.going:
        campaign, script = said[held.delivery_id]
        code = held.code or _code(campaign.plan.offer)
        text = texts.written(
            held, campaign, script, out.sms, code=code or "", link=links[held.delivery_id]
        )
        if text.fault is None:
            going.append((held, code, text))
        else:
            faults.setdefault(text.fault, []).append(held)
    for reason, messages in faults.items():
        await repository.withdraw(tx, messages, reason)
    sent = replace(plan, going=[held for held, _, _ in going])
    await repository.mark_requested(tx, sent, [code for _, code, _ in going], now)
    given: dict[int, tuple[Campaign, list[Given]]] = {}
    for held, code, _ in going:
        if held.code is not None:  # it was given with a message that could not be sent
            continue
        campaign, _ = said[held.delivery_id]
        mine = given.setdefault(id(campaign), (campaign, []))[1]
        mine.append(Given(held.delivery_id, held.member_id, code))
    for campaign, mine in given.values():
        offering.tell(tx, campaign, mine, now)
    for held, _, text in going:
        tx.publish(
            MessageRequested(
                delivery_id=held.delivery_id,
                member_id=held.member_id,
                campaign_id=held.campaign_id,
                channel=held.channel,
                purpose=held.purpose,
                text=text.text,
                requested_at=now,
                title=text.title,
                template=text.template,
                fields=text.fields,
                link=links[held.delivery_id],
                until=out.policy.quiet.next_closed(now),
            )
        )


async def _said(
    tx: Tx, whose: Sequence[tuple[Held, Campaign]]
) -> dict[UUID, tuple[Campaign, Script | None]]:
    """What each message says, by its id: the campaign as it has it, and the template's script; the
    same objects for all messages that say the same."""
    made: dict[tuple[int, str], tuple[Campaign, Script | None]] = {}
    found = {}
    for held, campaign in whose:
        key = id(campaign), held.change.model_dump_json()
        if key not in made:  # few, however many messages leave
            one = changed(campaign, held.change)
            made[key] = one, await texts.script(tx, one)
        found[held.delivery_id] = made[key]
    return found


def _code(offer: AnyOffer) -> str | None:
    return domain.coupon_code(secrets.randbits(64)) if offers.is_coupon(offer) else None
