"""What is waited for, who did what, and who wanted goods that are there again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from profile_service.watches.domain import Happened, Place

_CONSENT = "personalised_recommendation"
# Who said yes, last and under whichever id, and does not object: of nobody else is anything told.
_AGREES = (
    "top.member_id IS NOT NULL AND (SELECT c.granted FROM subject AS leaf JOIN member_consent AS c"
    " ON c.subject_id = leaf.id WHERE leaf.root = top.id AND c.purpose = '" + _CONSENT + "'"
    " ORDER BY c.changed_at DESC LIMIT 1) AND NOT EXISTS (SELECT FROM subject AS leaf"
    " JOIN objection ON objection.subject_id = leaf.id WHERE leaf.root = top.id)"
)


async def version(tx: Tx) -> int:
    """Of what is waited for, as of now."""
    current: int = await tx.fetchval("SELECT version FROM watching")
    return current


async def watches(tx: Tx) -> dict[str, int]:
    """Minutes by name of event."""
    rows = await tx.fetch("SELECT name, within_minutes FROM watch")
    return {row["name"]: row["within_minutes"] for row in rows}


async def set_watches(tx: Tx, number: int, wanted: Mapping[str, int]) -> None:
    """These and no others, unless something later is known."""
    newer = await tx.fetchval(
        "UPDATE watching SET version = $1 WHERE version < $1 RETURNING version", number
    )
    if newer is None:
        return
    await tx.execute("DELETE FROM watch")
    await tx.execute(
        "INSERT INTO watch (name, within_minutes) SELECT * FROM unnest($1::text[], $2::int[])",
        list(wanted), list(wanted.values()),
    )  # fmt: skip


async def people(tx: Tx, subjects: Iterable[int]) -> dict[int, UUID]:
    """The member whose each subject is; without visitors nobody knows and who did not agree.

    The subjects are held until the end: whoever finds out meanwhile whose one is sees, after that,
    what it did.
    """
    rows = await tx.fetch(
        "SELECT id, root FROM subject WHERE id = ANY($1::bigint[]) ORDER BY id FOR SHARE",
        sorted(set(subjects)),
    )
    tops = await tx.fetch(
        f"SELECT top.id, top.member_id FROM subject AS top WHERE top.id = ANY($1::bigint[])"
        f" AND {_AGREES}",
        list({row["root"] for row in rows}),
    )
    members = {row["id"]: row["member_id"] for row in tops}
    return {row["id"]: members[row["root"]] for row in rows if row["root"] in members}


async def done_since(
    tx: Tx, subjects: Sequence[int], names: Collection[str], since: datetime
) -> list[Happened]:
    """What these did of late, of some names."""
    rows = await tx.fetch(
        "SELECT subject_id, event, occurred_at, channel, properties FROM activity"
        " WHERE subject_id = ANY($1::bigint[]) AND occurred_at >= $2 AND event = ANY($3::text[])",
        subjects, since, list(names),
    )  # fmt: skip
    return [Happened(*row) for row in rows]


async def goods(tx: Tx, skus: Collection[str]) -> dict[str, dict[str, str | None]]:
    """What the catalogue says of these."""
    if not skus:
        return {}
    rows = await tx.fetch(
        "SELECT sku, name, category, department, brand FROM product WHERE sku = ANY($1::text[])",
        list(skus),
    )
    words = ("name", "category", "department", "brand")
    return {row["sku"]: {word: row[word] for word in words} for row in rows}


async def stores(tx: Tx, ids: Collection[str], nearby: int) -> dict[str, Place]:
    """What is known of these, with the names of up to so many others near each."""
    if not ids:
        return {}
    rows = await tx.fetch(
        "SELECT s.store_id, s.name, s.city, s.mall, ARRAY(SELECT o.name FROM store AS o"
        " WHERE o.store_id <> s.store_id AND o.name IS NOT NULL AND CASE WHEN s.mall IS NULL"
        " THEN o.city = s.city ELSE o.mall = s.mall END ORDER BY o.store_id LIMIT $2) AS nearby"
        " FROM store AS s WHERE s.store_id = ANY($1::text[])",
        list(ids), nearby,
    )  # fmt: skip
    return {row["store_id"]: Place(*list(row.values())[1:]) for row in rows}


async def remember_restock(tx: Tx, skus: Collection[str]) -> None:
    """These are there again; who wanted them is looked up in the background."""
    await tx.execute(
        "INSERT INTO restock (sku, back_at) SELECT unnest($1::text[]), $2"
        " ON CONFLICT (sku) DO UPDATE SET back_at = excluded.back_at",
        list(skus), tx.now,
    )  # fmt: skip


async def take_restocks(tx: Tx, limit: int) -> dict[str, datetime]:
    """Some of those that nobody has been told of, the longest waiting first; told from now on."""
    rows = await tx.fetch(
        "DELETE FROM restock WHERE sku IN (SELECT sku FROM restock ORDER BY back_at, sku LIMIT $1"
        " FOR UPDATE SKIP LOCKED) RETURNING sku, back_at",
        limit,
    )
    return {row["sku"]: row["back_at"] for row in rows}


async def interested(
    tx: Tx, skus: Collection[str], names: Collection[str], *, viewed: datetime, bought: datetime
) -> list[Any]:
    """Rows of sku, member_id, viewed, bought: who looked at a good (an event of these names since
    `viewed`) or bought it (since `bought`), and agreed to be told.

    Reads what was done in those times: a background job's work, not a request's.
    """
    return await tx.fetch(
        "WITH wanting AS (SELECT coalesce(properties->>'sku', properties->>'product_id') AS sku,"
        " subject_id, true AS viewed, false AS bought FROM activity WHERE occurred_at >= $3"
        " AND event = ANY($2::text[]) AND subject_id IS NOT NULL"
        " AND coalesce(properties->>'sku', properties->>'product_id') = ANY($1::text[])"
        " UNION ALL SELECT sku, subject_id, false, true FROM purchase_line WHERE paid_at >= $4"
        " AND sku = ANY($1::text[])),"
        " people AS (SELECT w.sku, s.root, bool_or(w.viewed) AS viewed, bool_or(w.bought) AS bought"
        " FROM wanting AS w JOIN subject AS s ON s.id = w.subject_id GROUP BY 1, 2)"
        " SELECT p.sku, top.member_id, p.viewed, p.bought FROM people AS p"
        f" JOIN subject AS top ON top.id = p.root WHERE {_AGREES} ORDER BY p.sku, top.member_id",
        list(skus), list(names), viewed, bought,
    )  # fmt: skip
