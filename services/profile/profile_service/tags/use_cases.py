"""Tags follow the facts: whoever was touched, or whose day has come, is looked at again."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from chassis.clock import local_date, midnight
from chassis.database import Database, Tx
from contracts.points_events import TagsChanged
from contracts.profile import Tag, TagCount, TagCounts, TagDefinition, TagDefinitions
from profile_service.collect import repository as activity_rows
from profile_service.purchases import repository as purchase_rows
from profile_service.purchases.domain import NOTHING, Spending, by_subject
from profile_service.rfm import repository as rfm_rows
from profile_service.rfm import use_cases as rfm
from profile_service.subjects import repository as subject_rows
from profile_service.tags import repository
from profile_service.tags.domain import NO_TAGS, Decision, Facts, decide
from profile_service.tags.rules import RULES

AT_ONCE = 1_000
ROUNDS_A_TICK = 20  # so that a flood of activities is not held up by its tags
ROUNDS_A_READ = 5


async def facts_of(tx: Tx, roots: Sequence[int], today: date) -> dict[int, Facts]:
    """What rules want to know about these people; those never registered are left out."""
    leaves = await subject_rows.leaves_of(tx, roots)
    attributes = await subject_rows.attributes(tx, leaves)
    folds = await purchase_rows.spending(tx, leaves)
    spending = by_subject((leaves[subject], fold) for subject, fold in folds)
    behaviour = await activity_rows.behaviour(tx, leaves)
    bounds = await rfm_rows.latest_bounds(tx)
    found = {}
    for root, known in attributes.items():
        bought: Spending = spending.get(root, NOTHING)
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
            high_value_fen=bounds.high_value if bounds else None,
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
    facts = await facts_of(tx, roots, today) if roots else {}
    if facts:
        objecting = await subject_rows.objecting(tx, list(facts))
        await _save(
            tx,
            {
                root: NO_TAGS if root in objecting else decide(f, RULES)
                for root, f in sorted(facts.items())
            },
        )
    return len(roots)


async def drop(tx: Tx, roots: Sequence[int]) -> None:
    """These people have no tags any more."""
    await repository.take_turn(tx)
    await _save(tx, dict.fromkeys(sorted(roots), NO_TAGS))


async def _save(tx: Tx, decisions: Mapping[int, Decision]) -> None:
    if changed := await repository.save(tx, decisions):
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


def definitions() -> TagDefinitions:
    """Every tag there is."""
    return TagDefinitions(
        data=[
            TagDefinition(
                tag=rule.name,
                family=rule.family,
                summary=rule.summary,
                values=list(rule.values) if rule.values else None,
            )
            for rule in RULES
        ]
    )


def shown(decision: Decision) -> list[Tag]:
    """A member's tags as the API has them."""
    return [
        Tag(
            tag=rule.name,
            family=rule.family,
            value=tag.value,
            confidence=tag.confidence,
            source=rule.source,
            expires_at=midnight(tag.until) if tag.until else None,
        )
        for rule in RULES
        if (tag := decision.tags.get(rule.name))
    ]
