"""Who is due, and tags as decided."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from chassis.database import Tx
from profile_service.tags.domain import Decision


async def take_turn(tx: Tx) -> None:
    """Only one transaction at a time decides tags; facts go on arriving meanwhile."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('profile:tags'))")


async def take_due(tx: Tx, today: date, limit: int) -> list[int]:
    """Roots of people whose facts have changed or whose day has come; they are off the list."""
    await tx.execute(
        "DELETE FROM member_tags USING subject WHERE subject.id = member_tags.subject_id"
        " AND subject.root <> subject.id AND review_on <= $1",
        today,
    )
    rows = await tx.fetch(
        "WITH picked AS (DELETE FROM touched WHERE id IN"
        " (SELECT id FROM touched ORDER BY id LIMIT $2) RETURNING subject_id),"
        " due AS (SELECT subject_id FROM member_tags WHERE review_on <= $1 LIMIT $2)"
        " SELECT DISTINCT root FROM subject"
        " WHERE id IN (SELECT subject_id FROM picked UNION SELECT subject_id FROM due)",
        today,
        limit,
    )
    return [row["root"] for row in rows]


async def save(tx: Tx, decisions: Mapping[int, Decision]) -> None:
    """Write what has changed."""
    await tx.execute(
        "INSERT INTO member_tags (subject_id, tags, review_on)"
        " SELECT * FROM unnest($1::bigint[], $2::jsonb[], $3::date[])"
        " ON CONFLICT (subject_id) DO UPDATE SET tags = excluded.tags,"
        " review_on = excluded.review_on WHERE (member_tags.tags, member_tags.review_on)"
        " IS DISTINCT FROM (excluded.tags, excluded.review_on)",
        list(decisions),
        [decision.tags for decision in decisions.values()],
        [decision.review_on for decision in decisions.values()],
    )


async def counts(tx: Tx) -> Sequence[Any]:
    """Rows of tag, value and members, most frequent first."""
    return await tx.fetch(
        "SELECT key AS tag, tag.value->>'value' AS value, count(*) AS members"
        " FROM member_tags JOIN subject ON subject.id = subject_id AND root = subject.id,"
        " jsonb_each(tags) AS tag (key, value)"
        " GROUP BY 1, 2 ORDER BY members DESC, tag, value"
    )
