"""From what happened to asking for contacts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from prometheus_client import Counter

from campaign_service import following
from campaign_service.decisions import use_cases as decisions
from campaign_service.decisions.domain import Ask
from campaign_service.decisions.use_cases import Desk
from campaign_service.triggers import festivals, repository
from campaign_service.triggers.domain import Armed, Fired
from campaign_service.triggers.rules import RULES
from chassis.clock import local_date, midnight
from chassis.database import Tx
from contracts.behaviour import ZONE_ENTERED, ZONE_LEFT, BehaviourSeen
from contracts.campaign.triggers import FestivalTrigger
from contracts.events import MembersMerged

ASKED = Counter("huiyuan_triggers_total", "contacts that triggers asked for", ["kind"])
WAITING = ("zone_dwell", "birthday")  # kinds that ask later
CHUNK = 5_000

Asks = dict[UUID, list[Ask]]  # by campaign


async def happened(tx: Tx, desk: Desk, events: Sequence[Any]) -> None:
    """Events of one type: whomever a running campaign's trigger means is asked about, or waited
    for. Told twice, asked once: the occasion is what happened. That it was too long ago is for the
    decision to say."""
    heard = type(events[0])
    kinds = [rule.kind for rule in RULES.values() if rule.hears is heard]
    named = _by_name(events)
    names = named.keys() if heard is BehaviourSeen else None
    armed = await repository.armed(tx, kinds, local_date(tx.now), names)
    if not armed:
        return
    fired = [(each, one) for each in armed for one in _fired(each, named)]
    moves = [each for name in (ZONE_ENTERED, ZONE_LEFT) for each in named.get(name, ())]
    if moves := [each for each in moves if "zone" in each.properties]:
        await repository.add_moves(tx, moves)
    waits = [(each.campaign_id, one) for each, one in fired if one.waits(tx.now)]
    if waits:
        await repository.add_waits(tx, waits)
    asks: Asks = defaultdict(list)
    for each, one in fired:
        if not one.waits(tx.now):
            asks[each.campaign_id].append(Ask(one.member_id, one.occasion, one.values))
            ASKED.labels(each.trigger.kind).inc()
    await _ask(tx, desk, asks)


async def follow_merges(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Who is waited for, and in which zones somebody was, goes with the person."""
    await following.follow(tx, repository.TABLES, [event.absorbed_id for event in events])


async def waited(tx: Tx, desk: Desk, now: datetime, limit: int) -> bool:
    """Ask about up to `limit` members whose wait is over and was not ended; whether more may be
    due. What fell due while nothing ran is asked for late, and may be too old by now."""
    due = await repository.take_due(tx, now, limit)
    if not due:
        return False
    armed = {
        each.campaign_id: each for each in await repository.armed(tx, WAITING, local_date(now))
    }
    asks: Asks = defaultdict(list)
    for each in due:
        trigger = armed.get(each.campaign_id)
        if trigger is None or not each.stayed:
            continue
        asks[each.campaign_id].append(Ask(each.member_id, each.occasion, each.values))
        ASKED.labels(trigger.trigger.kind).inc()
    await _ask(tx, desk, asks)
    return len(due) == limit


async def festive(tx: Tx, now: datetime) -> list[tuple[UUID, Ask]]:
    """Campaigns whose festival is near enough on the day of `now`, each with what to ask about
    everybody (the member is left open)."""
    today = local_date(now)
    found = []
    for each in await repository.armed(tx, ["festival"], today):
        trigger = each.trigger
        assert isinstance(trigger, FestivalTrigger)
        day = festivals.following(trigger.festival, today)
        if (away := (day - today).days) <= trigger.days_before:
            values = {"festival": trigger.festival, "days": away, "expires_on": str(day)}
            found.append((each.campaign_id, Ask(repository.FIRST, midnight(day), values)))
    return found


async def ask_some(tx: Tx, desk: Desk, campaign_id: UUID, ask: Ask, after: UUID) -> UUID | None:
    """Ask about the members that come after one, by id; the last of them, None: all are done. Who
    was asked about on this occasion is not again, so it may begin anew after a crash."""
    members = await repository.some_members(tx, after, CHUNK)
    if not members:
        return None
    asks = [Ask(member, ask.occasion, ask.values) for member in members]
    await decisions.ask(tx, desk, campaign_id, asks)
    return members[-1]


def _by_name(events: Sequence[Any]) -> Mapping[str, list[Any]]:
    """What happened, by what it is called; what is no collected event has no name."""
    found: dict[str, list[Any]] = defaultdict(list)
    for event in events:
        if isinstance(event, BehaviourSeen):
            for seen in event.seen:
                found[seen.name].append(seen)
        else:
            found[""].append(event)
    return found


def _fired(armed: Armed, named: Mapping[str, list[Any]]) -> list[Fired]:
    rule = RULES[armed.trigger.kind]
    names = rule.watches(armed.trigger) if rule.hears is BehaviourSeen else [""]
    return [
        fired
        for name in names
        for each in named.get(name, ())
        for fired in rule.match(armed.trigger, each, midnight)
    ]


async def _ask(tx: Tx, desk: Desk, asks: Asks) -> None:
    for campaign_id, wanted in asks.items():
        await decisions.ask(tx, desk, campaign_id, wanted)
