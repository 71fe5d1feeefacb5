"""Who is due, and tags as decided."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Tx
from profile_service.tags.domain import Decision, Flip, Verdict, told

_tags_of = msgspec.json.Decoder(dict[str, Verdict]).decode


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


async def before(tx: Tx, roots: Sequence[int]) -> dict[int, Decision]:
    """What was decided last, by root. Not of those who have tags that were never told."""
    rows = await tx.fetch(
        "SELECT subject_id, tags::text, review_on FROM member_tags"
        " WHERE subject_id = ANY($1::bigint[]) AND (told <> '[]' OR tags = '{}')",
        roots,
    )
    return {subject: Decision(_tags_of(tags), review_on) for subject, tags, review_on in rows}


async def pins(tx: Tx, roots: Sequence[int], today: date) -> dict[int, dict[str, Verdict]]:
    """Tags that are kept by decision, by root."""
    rows = await tx.fetch(
        "SELECT subject_id, tag, value, confidence, until FROM tag_pin"
        " WHERE subject_id = ANY($1::bigint[]) AND until > $2",
        roots,
        today,
    )
    found: dict[int, dict[str, Verdict]] = {}
    for root, tag, value, confidence, until in rows:
        found.setdefault(root, {})[tag] = Verdict(True, value, confidence, until, "review")
    return found


async def rules(tx: Tx) -> list[tuple[int, dict[str, Any]]]:
    """(version, document) of the tags that were added, as they are now."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (tag) version, document FROM tag_rule ORDER BY tag, version DESC"
    )
    return [(row["version"], row["document"]) for row in rows]


async def rule(tx: Tx, tag: str) -> Any:
    """The newest row of a tag, None for one never added."""
    return await tx.fetchrow(
        "SELECT * FROM tag_rule WHERE tag = $1 ORDER BY version DESC LIMIT 1", tag
    )


async def add_rule(tx: Tx, tag: str, version: int, document: Mapping[str, Any], by: str) -> None:
    """A tag's next version; what another version had not finished is not gone on with."""
    await tx.execute("UPDATE tag_rule SET finished_at = $2 WHERE tag = $1 AND finished_at IS NULL",
                     tag, tx.now)  # fmt: skip
    await tx.execute(
        "INSERT INTO tag_rule (tag, version, document, changed_by, changed_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        tag, version, document, by, tx.now,
    )  # fmt: skip


async def unfinished(tx: Tx) -> Any:
    """A rule that not everybody was decided by yet, and the next members; None if there is none."""
    return await tx.fetchrow(
        "SELECT tag, version, ARRAY(SELECT subject_id FROM member WHERE subject_id > upto"
        " ORDER BY subject_id LIMIT 1000) AS members"
        " FROM tag_rule WHERE finished_at IS NULL ORDER BY changed_at LIMIT 1"
    )


async def progress(tx: Tx, tag: str, version: int, members: Sequence[int]) -> None:
    """These were decided; none left means that it is done."""
    await tx.execute(
        "UPDATE tag_rule SET upto = greatest(upto, $3), done = done + $4,"
        " finished_at = CASE WHEN $4 = 0 THEN $5::timestamptz END WHERE (tag, version) = ($1, $2)",
        tag, version, max(members, default=0), len(members), tx.now,
    )  # fmt: skip


async def add_reviews(tx: Tx, flips: Sequence[tuple[int, Flip]]) -> None:
    """Somebody should look at these; one a member and tag at a time."""
    await tx.execute(
        "INSERT INTO tag_review (review_id, subject_id, tag, before, confidence, flipped_at)"
        " SELECT *, $6 FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[],"
        " $5::float8[]) ON CONFLICT DO NOTHING",
        [tx.ids.new() for _ in flips],
        [root for root, _ in flips],
        [flip.tag for _, flip in flips],
        [flip.before for _, flip in flips],
        [flip.confidence for _, flip in flips],
        tx.now,
    )


async def reviews(tx: Tx, after: tuple[datetime, UUID] | None, limit: int) -> list[Any]:
    """Open ones, the oldest first."""
    at, review_id = after or (None, None)
    return await tx.fetch(
        "SELECT review_id, top.member_id, tag, before, confidence, flipped_at FROM tag_review"
        " JOIN subject ON subject.id = subject_id JOIN subject AS top ON top.id = subject.root"
        " WHERE decision IS NULL"
        " AND ($1::timestamptz IS NULL OR (flipped_at, review_id) > ($1, $2::uuid))"
        " ORDER BY flipped_at, review_id LIMIT $3",
        at,
        review_id,
        limit,
    )


async def decide_review(tx: Tx, review_id: UUID, decision: str, by: str) -> Any:
    """Close an open review; answers its row with the person's root, None if there is none."""
    return await tx.fetchrow(
        "UPDATE tag_review SET decision = $2, decided_by = $3, decided_at = $4 FROM subject"
        " WHERE review_id = $1 AND decision IS NULL AND subject.id = subject_id"
        " RETURNING root, tag, before, confidence",
        review_id, decision, by, tx.now,
    )  # fmt: skip


async def pin(tx: Tx, root: int, row: Any, until: date) -> None:
    """Keep what a review is about until a day."""
    await tx.execute(
        "INSERT INTO tag_pin VALUES ($1, $2, $3, $4, $5) ON CONFLICT (subject_id, tag)"
        " DO UPDATE SET value = excluded.value, confidence = excluded.confidence,"
        " until = excluded.until",
        root, row["tag"], row["before"], row["confidence"], until,
    )  # fmt: skip
