"""Who is due, and tags as decided."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Tx
from profile_service.tags.domain import Decision, told


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


async def save(tx: Tx, decisions: Mapping[int, Decision]) -> list[tuple[UUID, int, list[str]]]:
    """Write what has changed; answers the members of whom others have to be told, by version."""
    rows = await tx.fetch(
        "WITH before AS (SELECT subject_id, told FROM member_tags"
        " WHERE subject_id = ANY($1::bigint[])),"
        " saved AS (INSERT INTO member_tags (subject_id, tags, review_on, told)"
        " SELECT subject, tags, day, told::jsonb"
        " FROM unnest($1::bigint[], $2::jsonb[], $3::date[], $4::text[])"
        " AS n (subject, tags, day, told)"
        " ON CONFLICT (subject_id) DO UPDATE SET tags = excluded.tags,"
        " review_on = excluded.review_on, told = excluded.told"
        " WHERE (member_tags.tags, member_tags.review_on, member_tags.told)"
        " IS DISTINCT FROM (excluded.tags, excluded.review_on, excluded.told)"
        " RETURNING subject_id, told)"
        " SELECT member_id, nextval('tags_version') AS version, saved.told"
        " FROM saved LEFT JOIN before USING (subject_id) JOIN subject ON subject.id = subject_id"
        " WHERE saved.told IS DISTINCT FROM before.told AND member_id IS NOT NULL",
        list(decisions),
        [decision.tags for decision in decisions.values()],
        [decision.review_on for decision in decisions.values()],
        [msgspec.json.encode(told(decision)).decode() for decision in decisions.values()],
    )
    return [(row["member_id"], row["version"], row["told"]) for row in rows]


async def counts(tx: Tx) -> Sequence[Any]:
    """Rows of tag, value and members, most frequent first."""
    return await tx.fetch(
        "SELECT key AS tag, tag.value->>'value' AS value, count(*) AS members"
        " FROM member_tags JOIN subject ON subject.id = subject_id AND root = subject.id,"
        " jsonb_each(tags) AS tag (key, value)"
        " GROUP BY 1, 2 ORDER BY members DESC, tag, value"
    )
