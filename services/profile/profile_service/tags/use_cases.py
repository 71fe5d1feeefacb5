"""Tags follow the facts: whoever was touched, or whose day has come, is looked at again."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from chassis.clock import local_date, midnight
from chassis.database import Database, Tx
from chassis.joint import Joint
from chassis.problem import Problem
from contracts.base import ProblemError
from contracts.campaign.journey_events import MembersTagged
from contracts.points_events import TagsChanged
from contracts.profile import (
    Tag,
    TagCount,
    TagCounts,
    TagDefinition,
    TagDefinitions,
    TagReview,
    TagReviewDecided,
    TagReviews,
    TagRule,
)
from contracts.tag_watches import TagWatch, TagWatchBody, TagWatches
from profile_service.collect import repository as activity_rows
from profile_service.collect.domain import Behaviour
from profile_service.conditions import repository as condition_rows
from profile_service.conditions.domain import NO_WANTS, Known, Wants
from profile_service.conditions.repository import People, people_of
from profile_service.purchases.domain import NOTHING
from profile_service.rfm import use_cases as rfm
from profile_service.segments import standings
from profile_service.subjects import repository as subject_rows
from profile_service.tags import repository
from profile_service.tags.documents import DataRule, Rules, parse, rules_of
from profile_service.tags.domain import (
    NO_TAGS,
    Decision,
    Facts,
    Rule,
    Said,
    Verdict,
    decide,
)
from profile_service.tags.rules import RULES
from profile_service.tags.watches import flips
from profile_service.tags.watches import shipped as shipped_watches

AT_ONCE = 1_000
LET_OTHERS = 50  # people decided before whatever else this process has to do goes first
ROUNDS_A_TICK = 20  # so that a flood of activities is not held up by its tags
ROUNDS_A_READ = 5
KEPT_FOR = timedelta(days=90)
_CODED = [(rule.name, rule.decide, rule.ref) for rule in RULES]


def facts_of(people: People, behaviour: Mapping[int, Behaviour], today: date) -> dict[int, Facts]:
    """What rules want to know about these people, by root."""
    found = {}
    for root, known in people.attributes.items():
        bought = people.spending.get(root, NOTHING)
        acts = behaviour.get(root)
        found[root] = Facts(
            today=today,
            registered_on=local_date(known.registered_at),
            birth_year=known.birth_year,
            birth_month=known.birth_month,
            spending=bought,
            first_on=_day(bought.first_at),
            last_on=_day(bought.last_at),
            previous_on=_day(bought.previous_at),
            events=acts.events if acts else {},
            seen_on=_day(acts.last_at) if acts else None,
            high_value_fen=people.bounds.high_value if people.bounds else None,
        )
    return found


def _day(moment: datetime | None) -> date | None:
    return local_date(moment) if moment is not None else None


async def review(tx: Tx) -> int:
    """Decide the tags of some of those who are due, and tell whose are others than before.

    Answers how many were due, 0 at the end.
    """
    await repository.take_turn(tx)
    today = local_date(tx.now)
    roots = await repository.take_due(tx, today, AT_ONCE)
    if roots:
        await _decide(tx, await people_of(tx, roots), today)
    return len(roots)


@dataclass(frozen=True)
class Decided:
    """What was decided of some people, by root, from what, what they had before, and by which data
    rules."""

    decisions: Mapping[int, Decision]
    facts: Mapping[int, Facts]
    known: Mapping[int, Known]
    before: Mapping[int, Decision]
    rules: Rules


@dataclass(frozen=True, slots=True)
class Seen:
    """What decisions about some people rest on besides what they are and have bought, by root."""

    behaviour: Mapping[int, Behaviour]
    parts: condition_rows.Parts
    objecting: Collection[int]
    before: Mapping[int, Decision]
    pins: Mapping[int, Mapping[str, Verdict]]


async def rules_now(tx: Tx) -> Rules:
    """The data rules as they are now."""
    return rules_of(await repository.rules(tx))


async def seen_of(
    tx: Tx, leaves: Mapping[int, int], roots: Sequence[int], wants: Wants, today: date
) -> Seen:
    """What has been seen of registered people by now. `wants`: what has to be known of them."""
    joint = Joint(tx, together=len(leaves) <= condition_rows.FEW)
    behaviour = joint.add(activity_rows.behaviour(joint.tx, leaves))
    parts = joint.add(condition_rows.parts_of(joint.tx, leaves, roots, wants, today))
    objecting = joint.add(subject_rows.objecting(joint.tx, roots))
    before = joint.add(repository.before(joint.tx, roots))
    pins = joint.add(repository.pins(joint.tx, roots, today))
    await joint.ask()
    return Seen(behaviour.found, parts.found, objecting.found, before.found, pins.found)


async def decided(tx: Tx, people: People, today: date, wants: Wants = NO_WANTS) -> Decided:
    """Ask every rule; who objects is left out. `wants`: what else has to be known."""
    rules = await rules_now(tx)
    roots = list(people.attributes)
    seen = await seen_of(tx, people.leaves, roots, rules.wants | wants, today)
    return await decided_from(people, seen, rules, tx.now)


async def decided_from(people: People, seen: Seen, rules: Rules, now: datetime) -> Decided:
    """The same from what was seen."""
    today = local_date(now)
    facts = facts_of(people, seen.behaviour, today)
    known = condition_rows.known_from(people, {}, seen.parts)
    decisions = {}
    for number, root in enumerate(sorted(facts.keys() - seen.objecting)):
        said = _said(facts[root], known[root], rules, seen.pins.get(root, {}))
        decisions[root] = decide(said, seen.before.get(root, NO_TAGS).tags, now)
        if number % LET_OTHERS == LET_OTHERS - 1:
            await asyncio.sleep(0)
    return Decided(decisions, facts, known, seen.before, rules)


def _said(facts: Facts, known: Known, rules: Rules, pins: Mapping[str, Verdict]) -> Iterator[Said]:
    seen = {"orders": facts.spending.orders, "events": sum(facts.events.values())}
    today = facts.today
    for name, decides, ref in _CODED:
        yield Said(name, decides(facts), ref, lambda: seen)
    for data, ref in rules.refs:
        verdict = data.decide(known, today)
        evidence = partial(data.evidence, known, today) if verdict.given else dict
        yield Said(data.name, verdict, ref, evidence)
    for name, pin in pins.items():
        yield Said(name, pin, pin.rule)


async def _decide(tx: Tx, people: People, today: date) -> None:
    shelf = await standings.shelf(tx)
    found = await decided(tx, people, today, shelf.wants)
    decisions = dict(found.decisions)
    untils = await standings.follow(tx, shelf, decisions, found.known, people.leaves)
    for root, until in untils.items():
        decisions[root] = decisions[root].reviewed(until)
    watched = await watches(tx)
    flipped = [
        (root, flip)
        for root, decision in decisions.items()
        for flip in flips(decision, found.before.get(root, NO_TAGS).tags, watched, tx.now)
    ]
    if flipped:
        await repository.add_flips(tx, flipped, tx.now - KEPT_FOR)
    objecting = sorted(found.facts.keys() - decisions.keys())
    await _save(tx, decisions | dict.fromkeys(objecting, NO_TAGS), found.before)


async def add(tx: Tx, document: Mapping[str, Any], by: str) -> TagRule:
    """A tag as data, or the next version of one; everybody is decided by it from now on.

    The same document again changes nothing. Raises Problem 409 for a tag in code, 422 with faults.
    """
    await repository.take_turn(tx)
    row = await repository.rule(tx, str(document.get("tag")))
    if row is not None and row["document"] == document:
        return _rule(row)
    version = row["version"] + 1 if row is not None else 1
    rule, faults = parse(document, version)
    if faults:
        errors = [ProblemError(pointer=f.pointer, code=f.code, detail=f.detail) for f in faults]
        raise Problem(422, "invalid_rule", "The rule cannot be worked out", errors=errors)
    if any(rule.name == each.name for each in RULES):
        raise Problem(409, "tag_in_code", "That tag is decided by code", pointer="/tag")
    await repository.add_rule(tx, rule.name, version, document, by)
    return await definition_of(tx, rule.name)


async def definition_of(tx: Tx, tag: str) -> TagRule:
    """A tag that was added, and how far it is. Raises Problem 404."""
    row = await repository.rule(tx, tag)
    if row is None:
        raise Problem(404, "unknown_tag", "No such tag was added")
    return _rule(row)


def _rule(row: Any) -> TagRule:
    return TagRule(
        tag=row["tag"],
        version=row["version"],
        document=row["document"],
        changed_by=row["changed_by"],
        changed_at=row["changed_at"],
        decided=row["done"],
        finished_at=row["finished_at"],
    )


async def back_fill(db: Database, _now: datetime) -> None:
    """Rules that are new are applied to everybody, a thousand members at a time."""
    for _ in range(ROUNDS_A_TICK):
        async with db.transaction() as tx:
            await repository.take_turn(tx)
            row = await repository.unfinished(tx)
            if row is None:
                return
            roots = sorted(set((await subject_rows.roots_of(tx, row["members"])).values()))
            if roots:
                await _decide(tx, await people_of(tx, roots), local_date(tx.now))
            await repository.progress(tx, row["tag"], row["version"], row["members"])


async def watches(tx: Tx) -> Mapping[str, TagWatch]:
    """Which changes of which tags go to review, by tag."""
    return {**shipped_watches(), **await repository.watches(tx)}


async def all_watches(tx: Tx) -> TagWatches:
    """The same, as a list."""
    return TagWatches(data=[each for _, each in sorted((await watches(tx)).items())])


async def watch(tx: Tx, tag: str, body: TagWatchBody, by: str) -> TagWatch:
    """Watch a tag so from now on. Raises Problem 404."""
    if all(rule.name != tag for rule in _every(await rules_now(tx))):
        raise Problem(404, "unknown_tag", "There is no such tag")
    await repository.save_watch(tx, tag, body.model_dump(), by)
    return TagWatch(tag=tag, changed_by=by, changed_at=tx.now, **body.model_dump())


async def reviews(tx: Tx, limit: int, cursor: str | None) -> TagReviews:
    """Sudden losses that nobody has decided about. Raises Problem 422 for a cursor not ours."""
    rows = await repository.reviews(tx, _place(cursor) if cursor else None, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return TagReviews(
        data=[TagReview.model_validate(dict(row)) for row in rows[:limit]],
        next_cursor=last and f"{last['flipped_at'].isoformat()}~{last['review_id']}",
    )


def _place(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, review_id = cursor.split("~")
        return datetime.fromisoformat(at), UUID(review_id)
    except ValueError:
        title = "The cursor is not one of ours"
        raise Problem(422, "invalid_cursor", title, pointer="#query/cursor") from None


async def decide_review(tx: Tx, review_id: UUID, keep: bool, by: str) -> TagReviewDecided:
    """Accept the loss, or keep the tag for a while. Raises Problem 404 where nothing is open."""
    await repository.take_turn(tx)
    row = await repository.decide_review(tx, review_id, "keep" if keep else "accept", by)
    if row is None:
        raise Problem(404, "unknown_review", "There is no such open review")
    until = local_date(tx.now) + KEPT_FOR if keep else None
    if until is not None:
        await repository.pin(tx, row["root"], row, until)
        await subject_rows.touch(tx, [row["root"]])
    return TagReviewDecided(review_id=review_id, kept_until=until)


async def pin_all(tx: Tx, events: Sequence[MembersTagged]) -> None:
    """Keep tags that journeys gave, up to their days; whoever points at them is looked at again."""
    await repository.take_turn(tx)
    for event in events:
        await subject_rows.touch(tx, await repository.pin_all(tx, event))


async def drop(tx: Tx, roots: Sequence[int]) -> None:
    """These people have no tags any more, and are in no segment."""
    await repository.take_turn(tx)
    await standings.leave(tx, roots)
    await _save(tx, dict.fromkeys(sorted(roots), NO_TAGS), {})


async def take_turn(tx: Tx) -> None:
    """Until the commit nobody else decides tags and segments."""
    await repository.take_turn(tx)


async def _save(tx: Tx, decisions: Mapping[int, Decision], before: Mapping[int, Decision]) -> None:
    other = {root: now for root, now in decisions.items() if now != before.get(root)}
    if other and (changed := await repository.save(tx, other)):
        tx.publish(TagsChanged(changed))


async def review_due(db: Database, _now: datetime) -> None:
    """Decide tags until nobody is due."""
    for _ in range(ROUNDS_A_TICK):
        async with db.transaction() as tx:
            if not await review(tx):
                return


async def measure_population(db: Database, due: datetime) -> None:
    """Measure the bounds that hold for all; everybody's tags are looked at again if they moved."""
    async with db.transaction() as tx:
        if await rfm.measure(tx, due):
            await subject_rows.touch_all_members(tx)


async def counts(tx: Tx) -> TagCounts:
    """Members by tag and value, as of now: whoever is due is decided first."""
    for _ in range(ROUNDS_A_READ):
        if not await review(tx):
            break
    rows = [TagCount.model_validate(dict(row)) for row in await repository.counts(tx)]
    return TagCounts(data=rows)


async def definitions(tx: Tx) -> TagDefinitions:
    """Every tag there is."""
    return TagDefinitions(
        data=[
            TagDefinition(
                tag=rule.name,
                family=rule.family,
                summary=rule.summary,
                values=list(rule.values) if rule.values else None,
            )
            for rule in _every(await rules_now(tx))
        ]
    )


def shown(decision: Decision, rules: Rules) -> list[Tag]:
    """A member's tags as the API has them."""
    return [
        Tag(
            tag=rule.name,
            family=rule.family,
            value=tag.value,
            confidence=tag.confidence,
            source=rule.source,
            expires_at=midnight(tag.until) if tag.until else None,
            rule=tag.rule,
            decided_at=tag.decided_at,
            facts=dict(tag.facts),
        )
        for rule in _every(rules)
        if (tag := decision.tags.get(rule.name))
    ]


def _every(rules: Rules) -> list[Rule | DataRule]:
    return [*RULES, *rules.all]
