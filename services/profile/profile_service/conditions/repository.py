"""What conditions look at, for some people; and who of everybody a tree is true of."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from chassis.clock import local_date
from chassis.database import Tx
from chassis.joint import Joint
from profile_service.conditions.domain import (
    ORDER,
    Ask,
    Done,
    Known,
    Tree,
    Wants,
    Window,
    as_sql,
)
from profile_service.conditions.sources import source
from profile_service.purchases import repository as purchase_rows
from profile_service.purchases.domain import NOTHING, Spending, by_subject
from profile_service.rfm import repository as rfm_rows
from profile_service.rfm.domain import Bounds
from profile_service.subjects import repository as subject_rows
from profile_service.subjects.domain import Attributes

Found = TypeVar("Found")
FEW = 20  # subjects: what is known of them is asked for in one statement

Tags = Mapping[str, tuple[str | None, float]]


@dataclass(frozen=True, slots=True)
class People:
    """Some registered people, by root: their subjects, and what all rules look at."""

    leaves: Mapping[int, int]
    attributes: Mapping[int, Attributes]
    spending: Mapping[int, Spending]
    bounds: Bounds | None


async def people_of(tx: Tx, roots: Sequence[int]) -> People:
    """Those of these people who have registered."""
    return await people_with(tx, await subject_rows.leaves_of(tx, roots))


async def people_with(tx: Tx, leaves: Mapping[int, int]) -> People:
    """The same of these subjects, by root."""
    joint = Joint(tx, together=len(leaves) <= FEW)
    attributes = joint.add(subject_rows.attributes(joint.tx, leaves))
    folds = joint.add(purchase_rows.spending(joint.tx, leaves))
    bounds = joint.add(rfm_rows.latest_bounds(joint.tx))
    await joint.ask()
    spending = by_subject((leaves[subject], fold) for subject, fold in folds.found)
    return People(leaves, attributes.found, spending, bounds.found)


@dataclass(frozen=True, slots=True)
class Parts:
    """What conditions look at besides `People`, by root."""

    days: Mapping[int, Mapping[str, Sequence[Done]]]
    traits: Mapping[int, Mapping[str, Any]]
    tiers: Mapping[int, str]
    consents: Mapping[int, Mapping[tuple[str, str], bool]]
    lists: Mapping[int, Collection[UUID]]
    worth: Mapping[int, tuple[str, bool]]
    clusters: Mapping[int, int]


async def parts_of(
    tx: Tx, leaves: Mapping[int, int], roots: Sequence[int], wants: Wants, today: date
) -> Parts:
    """As much as conditions want that look at so much."""
    joint = Joint(tx, together=len(leaves) <= FEW)
    ask, kinds = joint.tx, wants.kinds
    traits = joint.add(_if("trait" in kinds, lambda: _traits(ask, leaves)))
    tiers = joint.add(_if("tier" in kinds, lambda: _tiers(ask, roots)))
    consents = joint.add(_if("consent" in kinds, lambda: _consents(ask, roots)))
    lists = joint.add(_if("list" in kinds, lambda: _lists(ask, leaves)))
    worth = joint.add(_if("clv" in kinds, lambda: _worth(ask, roots)))
    clusters = joint.add(_if("cluster" in kinds, lambda: _clusters(ask, roots)))
    days = joint.add(_days(ask, leaves, wants, today))
    await joint.ask()
    return Parts(
        days.found, traits.found, tiers.found, consents.found, lists.found, worth.found,
        clusters.found,
    )  # fmt: skip


async def _if(wanted: bool, read: Callable[[], Awaitable[dict[int, Found]]]) -> dict[int, Found]:
    return await read() if wanted else {}


async def known(
    tx: Tx, people: People, tags: Mapping[int, Tags], wants: Wants, today: date
) -> dict[int, Known]:
    """What conditions that want so much look at, by root."""
    parts = await parts_of(tx, people.leaves, list(people.attributes), wants, today)
    return known_from(people, tags, parts)


def known_from(people: People, tags: Mapping[int, Tags], parts: Parts) -> dict[int, Known]:
    """The same from its parts."""
    found = {}
    for root, attributes in people.attributes.items():
        spending = people.spending.get(root, NOTHING)
        found[root] = Known(
            attributes=attributes,
            registered_on=local_date(attributes.registered_at),
            spending=spending,
            first_on=local_date(spending.first_at) if spending.first_at else None,
            last_on=local_date(spending.last_at) if spending.last_at else None,
            bounds=people.bounds,
            traits=parts.traits.get(root, {}),
            tags=tags.get(root, {}),
            tier=parts.tiers.get(root),
            consents=parts.consents.get(root, {}),
            days=parts.days.get(root, {}),
            lists=frozenset(parts.lists.get(root, ())),
            worth=parts.worth.get(root),
            cluster=parts.clusters.get(root),
        )
    return found


async def _days(
    tx: Tx, leaves: Mapping[int, int], wants: Wants, today: date
) -> dict[int, dict[str, list[Done]]]:
    found: dict[int, dict[str, list[Done]]] = defaultdict(lambda: defaultdict(list))
    summed = {name for name, window in wants.events.items() if window.sums or name == ORDER}
    joint = Joint(tx, together=len(leaves) <= FEW)
    counts = joint.add(
        _counted(joint.tx, leaves, wants, sorted(wants.events.keys() - summed), today)
    )
    sums = {
        event: joint.add(_summed(joint.tx, leaves, event, wants.events[event], today))
        for event in sorted(summed)
    }
    await joint.ask()
    for subject, day, channel, n, last_at, event in counts.found:
        found[leaves[subject]][event].append(Done(day, channel, n, last_at))
    for event, answer in sums.items():
        names = sorted(wants.events[event].sums)
        for subject, day, channel, n, last_at, *amounts in answer.found:
            done = Done(day, channel, n, last_at, dict(zip(names, amounts, strict=True)))
            found[leaves[subject]][event].append(done)
    return found


async def _counted(
    tx: Tx, leaves: Mapping[int, int], wants: Wants, events: Sequence[str], today: date
) -> list[Any]:
    if not events:
        return []
    return await tx.fetch(
        "SELECT subject_id, day, channel, n, last_at, event FROM activity_day"
        " JOIN unnest($2::text[], $3::int[]) AS wanted (event, days) USING (event)"
        " WHERE subject_id = ANY($1::bigint[])"
        " AND (wanted.days IS NULL OR day > $4::date - wanted.days)",
        list(leaves), events, [wants.events[name].days for name in events], today,
    )  # fmt: skip


async def _summed(
    tx: Tx, leaves: Mapping[int, int], event: str, window: Window, today: date
) -> list[Any]:
    ask, sums = Ask(today), sorted(window.sums)
    after = "" if window.days is None else f"$1::date - {ask(window.days, 'int')}"
    rows = source(event, sums, lambda text: ask(text, "text"), after)
    amounts = "".join(f", sum(sum_{n}) AS sum_{n}" for n in range(len(sums)))
    return await tx.fetch(
        f"SELECT subject_id, day, channel, sum(n)::bigint AS n, max(last_at) AS last_at{amounts}"
        f" FROM {rows} AS happened WHERE subject_id = ANY({ask(list(leaves), 'bigint[]')})"
        " AND $1::date IS NOT NULL GROUP BY subject_id, day, channel",
        *ask.args,
    )


async def _traits(tx: Tx, leaves: Mapping[int, int]) -> dict[int, dict[str, Any]]:
    rows = await tx.fetch(
        "SELECT subject_id, name, value FROM trait WHERE subject_id = ANY($1::bigint[])"
        " ORDER BY source IS NULL, occurred_at, message_key",
        list(leaves),
    )
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for subject, name, value in rows:
        found[leaves[subject]][name] = value
    return found


async def _tiers(tx: Tx, roots: Sequence[int]) -> dict[int, str]:
    rows = await tx.fetch(
        "SELECT subject_id, tier FROM member_tier WHERE subject_id = ANY($1::bigint[])", roots
    )
    return dict(map(tuple, rows))


async def _consents(tx: Tx, roots: Sequence[int]) -> dict[int, dict[tuple[str, str], bool]]:
    rows = await tx.fetch(
        "SELECT subject_id, purpose, channel, granted FROM member_consent"
        " WHERE subject_id = ANY($1::bigint[])",
        roots,
    )
    found: dict[int, dict[tuple[str, str], bool]] = defaultdict(dict)
    for subject, purpose, channel, granted in rows:
        found[subject][purpose, channel] = granted
    return found


async def _worth(tx: Tx, roots: Sequence[int]) -> dict[int, tuple[str, bool]]:
    rows = await tx.fetch(
        "SELECT subject_id, band, falling FROM member_worth WHERE subject_id = ANY($1::bigint[])",
        roots,
    )
    return {subject: (band, falling) for subject, band, falling in rows}


async def _clusters(tx: Tx, roots: Sequence[int]) -> dict[int, int]:
    rows = await tx.fetch(
        "SELECT subject_id, cluster FROM member_cluster WHERE subject_id = ANY($1::bigint[])",
        roots,
    )
    return dict(map(tuple, rows))


async def _lists(tx: Tx, leaves: Mapping[int, int]) -> dict[int, list[UUID]]:
    rows = await tx.fetch(
        "SELECT subject_id, segment_id FROM segment_list WHERE subject_id = ANY($1::bigint[])",
        list(leaves),
    )
    found: dict[int, list[UUID]] = defaultdict(list)
    for subject, segment_id in rows:
        found[leaves[subject]].append(segment_id)
    return found


async def true_of_everybody(
    tx: Tx, tree: Tree, today: date, trees: Mapping[UUID, Tree] | None = None
) -> list[int]:
    """Ordinals of all people that a tree is true of, by SQL over everything there is.

    `trees` are those of the segments that it needs.
    """
    ask = Ask(today)
    where = as_sql(tree, ask, (trees or {}).__getitem__)
    rows = await tx.fetch(
        f"SELECT ordinal FROM standing AS p WHERE {where} AND $1::date IS NOT NULL", *ask.args
    )
    return [row["ordinal"] for row in rows]
