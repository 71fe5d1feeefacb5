"""The timeline in the database.

Purchases, refunds and activities stand where they are, once; what else happens has a table. Each
subject's rows come by its index, newest first, and no further than a page: the cost does not grow
with the history. `at <= $2` repeats what the row comparison says, for the index.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from chassis.database import Tx
from profile_service.timeline.domain import Entry, Part
from profile_service.timeline.happenings import Happening

_NOTHING = {
    "channel": "NULL::text", "order_no": "NULL::text", "store_id": "NULL::text",
    "lines": "NULL::int", "fen": "NULL::bigint", "sku": "NULL::text", "points": "NULL::int",
    "facts": "NULL::jsonb",
}  # fmt: skip


def _branch(
    kind: str, table: str, at: str, key: str, *, name: str, where: str = "true", **columns: str
) -> str:
    shown = ", ".join(f"{columns.get(each, none)} AS {each}" for each, none in _NOTHING.items())
    return (
        f"(SELECT rows.* FROM unnest($1::bigint[]) AS leaf (id), LATERAL (SELECT {at} AS at,"
        f" {kind} AS kind, {key} AS key, {name} AS name, {shown} FROM {table}"
        f" WHERE subject_id = leaf.id AND {at} <= $2 AND {at} >= $6 AND {where}"
        f" AND ({at}, {kind}, {key}) < ($2::timestamptz, $3::text, $4::text)"
        f" ORDER BY at DESC, kind DESC, key DESC LIMIT $5) AS rows)"
    )


_REFUND = "order_no || '/' || refund_no"
_ORDER = {"channel": "channel", "order_no": "order_no", "store_id": "store_id"}
_BRANCHES = {
    "activity": [
        _branch("'activity'", "activity", "occurred_at", "message_key::text", name="event",
                channel="channel", sku="coalesce(properties->>'sku', properties->>'product_id')"),
    ],
    "purchase": [
        _branch("'purchase'", "purchase", "paid_at", "order_no", name="'Order'", **_ORDER,
                lines="cardinality(skus)", fen="paid_fen"),
    ],
    "refund": [
        _branch("'refund'", "refund", "refunded_at", _REFUND, name="'Refund'",
                order_no="order_no", fen="refund_fen"),
    ],
    "points": [
        _branch("'points'", "purchase", "paid_at", "order_no", name="'earned'",
                where="purchase.points > 0", order_no="order_no", points="purchase.points"),
        _branch("'points'", "refund", "refunded_at", _REFUND, name="'reversed'",
                where="refund.points > 0", order_no="order_no", points="-refund.points"),
    ],
}  # fmt: skip


def _happened(kinds: Collection[str]) -> str:
    names = ", ".join(f"'{kind}'" for kind in sorted(kinds))
    return _branch(
        "kind", "happening", "at", "key", name="name", where=f"kind IN ({names})", facts="facts",
        channel="facts->>'channel'", order_no="facts->>'order_no'",
        points="(facts->>'points')::int",
    )  # fmt: skip


def _query(kinds: Collection[str]) -> str:
    others = [kind for kind in kinds if kind not in _BRANCHES or kind == "points"]
    branches = [branch for kind in _BRANCHES if kind in kinds for branch in _BRANCHES[kind]]
    if others:
        branches.append(_happened(others))
    return (
        "SELECT entries.*, product.name AS goods, store.name AS store FROM (SELECT * FROM ("
        f"{' UNION ALL '.join(branches)}) AS every ORDER BY at DESC, kind DESC, key DESC LIMIT $5)"
        " AS entries LEFT JOIN product USING (sku) LEFT JOIN store USING (store_id)"
        " ORDER BY at DESC, kind DESC, key DESC"
    )


async def entries(tx: Tx, leaves: Sequence[int], part: Part, limit: int) -> list[Entry]:
    """The first of a part, newest first."""
    place = part.before.at, part.before.kind, part.before.key
    rows = await tx.fetch(_query(part.kinds), leaves, *place, limit, part.since)
    return [Entry(**{**dict(row), "facts": row["facts"] or {}}) for row in rows]


async def add(tx: Tx, happenings: Sequence[Happening], ids: Mapping[Any, int]) -> None:
    """Keep what happened; what is kept already is not kept twice."""
    await tx.execute(
        "INSERT INTO happening (subject_id, at, kind, name, key, facts)"
        " SELECT subject, at, kind, name, coalesce(key, nextval('happening_key')::text),"
        " facts::jsonb FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[],"
        " $5::text[], $6::text[]) AS new (subject, at, kind, name, key, facts)"
        " ON CONFLICT DO NOTHING",
        [ids[each.member_id] for each in happenings],
        [each.at for each in happenings],
        [each.kind for each in happenings],
        [each.name for each in happenings],
        [each.key for each in happenings],
        [msgspec.json.encode(each.facts).decode() for each in happenings],
    )
