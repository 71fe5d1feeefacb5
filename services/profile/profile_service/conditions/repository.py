"""What conditions look at, for some people; and who of everybody a tree is true of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from chassis.clock import local_date
from chassis.database import Tx
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
    leaves = await subject_rows.leaves_of(tx, roots)
    attributes = await subject_rows.attributes(tx, leaves)
    folds = await purchase_rows.spending(tx, leaves)
    return People(
        leaves,
        attributes,
        by_subject((leaves[subject], fold) for subject, fold in folds),
        await rfm_rows.latest_bounds(tx),
    )


async def known(
    tx: Tx, people: People, tags: Mapping[int, Tags], wants: Wants, today: date
) -> dict[int, Known]:
    """What conditions that want so much look at, by root."""
    days = await _days(tx, people.leaves, wants, today)
    traits = await _traits(tx, people.leaves) if "trait" in wants.kinds else {}
    tiers = await _tiers(tx, people.attributes) if "tier" in wants.kinds else {}
    consents = await _consents(tx, people.attributes) if "consent" in wants.kinds else {}
    lists = await _lists(tx, people.leaves) if "list" in wants.kinds else {}
    worth = await _worth(tx, people.attributes) if "clv" in wants.kinds else {}
    clusters = await _clusters(tx, people.attributes) if "cluster" in wants.kinds else {}
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
            traits=traits.get(root, {}),
            tags=tags.get(root, {}),
            tier=tiers.get(root),
            consents=consents.get(root, {}),
            days=days.get(root, {}),
            lists=frozenset(lists.get(root, ())),
            worth=worth.get(root),
            cluster=clusters.get(root),
        )
    return found


async def _days(
    tx: Tx, leaves: Mapping[int, int], wants: Wants, today: date
) -> dict[int, dict[str, list[Done]]]:
    found: dict[int, dict[str, list[Done]]] = defaultdict(lambda: defaultdict(list))
    summed = {name for name, window in wants.events.items() if window.sums or name == ORDER}
    if counted := sorted(wants.events.keys() - summed):
        for subject, day, channel, n, last_at, event in await tx.fetch(
            "SELECT subject_id, day, channel, n, last_at, event FROM activity_day"
            " JOIN unnest($2::text[], $3::int[]) AS wanted (event, days) USING (event)"
            " WHERE subject_id = ANY($1::bigint[])"
            " AND (wanted.days IS NULL OR day > $4::date - wanted.days)",
            list(leaves), counted, [wants.events[name].days for name in counted], today,
        ):  # fmt: skip
            found[leaves[subject]][event].append(Done(day, channel, n, last_at))
    for event in sorted(summed):
        names = sorted(wants.events[event].sums)
        for subject, day, channel, n, last_at, *sums in await _summed(
            tx, leaves, event, wants.events[event], today
        ):
            done = Done(day, channel, n, last_at, dict(zip(names, sums, strict=True)))
            found[leaves[subject]][event].append(done)
    return found


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
    for row in rows:
        found[leaves[row["subject_id"]]][row["name"]] = row["value"]
    return found


async def _tiers(tx: Tx, roots: Mapping[int, object]) -> dict[int, str]:
    rows = await tx.fetch(
        "SELECT subject_id, tier FROM member_tier WHERE subject_id = ANY($1::bigint[])", list(roots)
    )
    return {row["subject_id"]: row["tier"] for row in rows}


async def _consents(tx: Tx, roots: Mapping[int, object]) -> dict[int, dict[tuple[str, str], bool]]:
    rows = await tx.fetch(
        "SELECT subject_id, purpose, channel, granted FROM member_consent"
        " WHERE subject_id = ANY($1::bigint[])",
        list(roots),
    )
    found: dict[int, dict[tuple[str, str], bool]] = defaultdict(dict)
    for row in rows:
        found[row["subject_id"]][row["purpose"], row["channel"]] = row["granted"]
    return found


async def _worth(tx: Tx, roots: Mapping[int, object]) -> dict[int, tuple[str, bool]]:
    rows = await tx.fetch(
        "SELECT subject_id, band, falling FROM member_worth WHERE subject_id = ANY($1::bigint[])",
        list(roots),
    )
    return {row["subject_id"]: (row["band"], row["falling"]) for row in rows}


async def _clusters(tx: Tx, roots: Mapping[int, object]) -> dict[int, int]:
    rows = await tx.fetch(
        "SELECT subject_id, cluster FROM member_cluster WHERE subject_id = ANY($1::bigint[])",
        list(roots),
    )
    return {row["subject_id"]: row["cluster"] for row in rows}


async def _lists(tx: Tx, leaves: Mapping[int, int]) -> dict[int, list[UUID]]:
    rows = await tx.fetch(
        "SELECT subject_id, segment_id FROM segment_list WHERE subject_id = ANY($1::bigint[])",
        list(leaves),
    )
    found: dict[int, list[UUID]] = defaultdict(list)
    for row in rows:
        found[leaves[row["subject_id"]]].append(row["segment_id"])
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
