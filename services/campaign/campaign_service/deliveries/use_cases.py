"""Release what is due, note what became of it, show it."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from campaign_service import following
from campaign_service.audiences import repository as audiences
from campaign_service.campaigns import offering, offers
from campaign_service.campaigns import repository as campaigns
from campaign_service.campaigns.offering import Given
from campaign_service.campaigns.offers import AnyOffer
from campaign_service.decisions.domain import QuietHours
from campaign_service.deliveries import domain, repository
from campaign_service.deliveries.domain import Held
from campaign_service.links.domain import Linker, Tracked
from campaign_service.links.use_cases import links_for
from campaign_service.templates import domain as templates
from chassis.database import Tx
from chassis.problem import Problem
from contracts.campaign import deliveries as api
from contracts.campaign.plans import OwnTexts
from contracts.campaign.plans import Plan as CampaignPlan
from contracts.events import MembersMerged, MessageRequested, MessageSent
from contracts.gateway_events import MessageReported


async def release(tx: Tx, quiet: QuietHours, linker: Linker, now: datetime, limit: int) -> bool:
    """Send off up to `limit` due messages, coupon first; answers whether more may be due."""
    await audiences.lock(tx)
    due = await repository.take_due(tx, now, limit)
    if not due:
        return False
    day = quiet.day(quiet.next_open(now))
    plan = domain.plan(due, quiet, now, await repository.taken(tx, day, due))
    await repository.withdraw(tx, plan.withdrawn, "daily_cap")
    if plan.due_at > now:
        await repository.postpone(tx, plan)
    else:
        known = await campaigns.by_id(tx, {held.campaign_id for held in plan.going})
        codes = [_code(known[held.campaign_id].plan.offer) for held in plan.going]
        await repository.mark_requested(tx, plan, codes, now)
        links = await links_for(tx, linker, [_tracked(held) for held in plan.going], now)
        until = quiet.next_closed(now)
        given: dict[UUID, list[Given]] = {}
        for held, code in zip(plan.going, codes, strict=True):
            mine = given.setdefault(held.campaign_id, [])
            mine.append(Given(held.delivery_id, held.member_id, code))
        for campaign_id, mine in given.items():
            offering.tell(tx, known[campaign_id], mine, now)
        for held, code in zip(plan.going, codes, strict=True):
            said, link = known[held.campaign_id].plan, links[held.delivery_id]
            tx.publish(_message(held, said, code, link=link, now=now, until=until))
    return len(due) == limit


async def record_answers(tx: Tx, events: Sequence[MessageSent]) -> None:
    """The gateway sent or refused."""
    answers = [(event.delivery_id, event.status, event.reason, event.sent_at) for event in events]
    await repository.record_answers(tx, answers)


async def record_reports(tx: Tx, events: Sequence[MessageReported]) -> None:
    """What became of messages later."""
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


def _tracked(held: Held) -> Tracked:
    return Tracked(held.delivery_id, held.campaign_id, held.member_id, held.channel)


def _code(offer: AnyOffer) -> str | None:
    return domain.coupon_code(secrets.randbits(64)) if offers.is_coupon(offer) else None


def _message(
    held: Held,
    plan: CampaignPlan,
    code: str | None,
    *,
    link: str,
    now: datetime,
    until: datetime | None,
) -> MessageRequested:
    assert isinstance(plan.content, OwnTexts), "no plan has anything else"
    text = plan.content.texts.en if held.language == "en" else plan.content.texts.zh
    filling = offers.values(plan.offer, held.language) | {"code": code}
    return MessageRequested(
        delivery_id=held.delivery_id,
        member_id=held.member_id,
        campaign_id=held.campaign_id,
        channel=held.channel,
        purpose="marketing",
        text=templates.render(text, filling),
        requested_at=now,
        link=link,
        until=until,
    )
