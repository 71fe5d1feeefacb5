"""Who is due, and tags as decided."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Tx
from contracts.campaign.journey_events import MembersTagged
from contracts.tag_watches import TagWatch
from profile_service.tags.domain import Decision, Verdict, told
from profile_service.tags.watches import Flip

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
        " SELECT member_id, nextval('tags_version') AS version, told FROM"
        " (SELECT member_id, saved.told FROM saved LEFT JOIN before USING (subject_id)"
        " JOIN subject ON subject.id = subject_id WHERE saved.told IS DISTINCT FROM before.told"
        " AND member_id IS NOT NULL ORDER BY subject_id) AS changed",
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
        "SELECT subject_id, tag, value, confidence, until, rule FROM tag_pin"
        " WHERE subject_id = ANY($1::bigint[]) AND until > $2",
        roots,
        today,
    )
    found: dict[int, dict[str, Verdict]] = {}
    for root, tag, value, confidence, until, rule in rows:
        found.setdefault(root, {})[tag] = Verdict(True, value, confidence, until, rule)
    return found


async def rules(tx: Tx) -> list[tuple[int, dict[str, Any]]]:
    """(version, document) of the tags that were added, as they are now."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (tag) version, document FROM tag_rule ORDER BY tag, version DESC"
    )
    return [(version, document) for version, document in rows]


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


async def add_flips(tx: Tx, flips: Sequence[tuple[int, Flip]], decided_since: datetime) -> None:
    """Note changes; those that come too often go to review, one a member and tag at a time. Nothing
    about which staff decided since then."""
    await tx.execute(
        "WITH new AS (SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[],"
        " $5::text[], $6::float8[], $7::int[], $8::timestamptz[])"
        " AS n (id, root, tag, before, after, confidence, times, since)),"
        " noted AS (INSERT INTO tag_flip (subject_id, tag, before, after, flipped_at)"
        " SELECT root, tag, before, after, $9 FROM new)"
        " INSERT INTO tag_review"
        " (review_id, subject_id, tag, before, after, confidence, flipped_at)"
        " SELECT id, root, tag, before, after, confidence, $9 FROM new WHERE times <= 1 +"
        " (SELECT count(*) FROM tag_flip AS f JOIN subject ON subject.id = f.subject_id"
        " WHERE subject.root = new.root AND f.tag = new.tag AND f.flipped_at > since)"
        " AND NOT EXISTS (SELECT 1 FROM tag_review AS r JOIN subject ON subject.id = r.subject_id"
        " WHERE subject.root = new.root AND r.tag = new.tag AND r.decided_at > $10)"
        " ON CONFLICT DO NOTHING",
        [tx.ids.new() for _ in flips],
        [root for root, _ in flips],
        [flip.tag for _, flip in flips],
        [flip.before for _, flip in flips],
        [flip.after for _, flip in flips],
        [flip.confidence for _, flip in flips],
        [flip.times for _, flip in flips],
        [flip.since for _, flip in flips],
        tx.now,
        decided_since,
    )


async def watches(tx: Tx) -> dict[str, TagWatch]:
    """Watches of the shop's own, by tag."""
    rows = await tx.fetch("SELECT tag, document, changed_by, changed_at FROM tag_watch")
    return {
        row["tag"]: TagWatch(
            tag=row["tag"], changed_by=row["changed_by"], changed_at=row["changed_at"],
            **row["document"],
        )
        for row in rows
    }  # fmt: skip


async def save_watch(tx: Tx, tag: str, document: Mapping[str, Any], by: str) -> None:
    """Write a tag's watch over what there was."""
    await tx.execute(
        "INSERT INTO tag_watch VALUES ($1, $2, $3, $4) ON CONFLICT (tag) DO UPDATE SET"
        " document = excluded.document, changed_by = excluded.changed_by,"
        " changed_at = excluded.changed_at",
        tag, document, by, tx.now,
    )  # fmt: skip


async def reviews(tx: Tx, after: tuple[datetime, UUID] | None, limit: int) -> list[Any]:
    """Open ones, the oldest first."""
    at, review_id = after or (None, None)
    return await tx.fetch(
        "SELECT review_id, top.member_id, tag, before, after, confidence, flipped_at"
        " FROM tag_review"
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
        "INSERT INTO tag_pin VALUES ($1, $2, $3, $4, $5, 'review') ON CONFLICT (subject_id, tag)"
        " DO UPDATE SET value = excluded.value, confidence = excluded.confidence,"
        " until = excluded.until, rule = excluded.rule",
        root, row["tag"], row["before"], row["confidence"], until,
    )  # fmt: skip


async def pin_all(tx: Tx, event: MembersTagged) -> list[int]:
    """Keep a tag of several members, until the later day if it is kept already; answers whose
    people's tags that may change, by root."""
    rows = await tx.fetch(
        "INSERT INTO tag_pin (subject_id, tag, value, confidence, until, rule)"
        " SELECT DISTINCT s.root, $2, $3::text, 1, $4::date, 'journey' FROM subject s"
        " WHERE s.member_id = ANY($1::uuid[]) ON CONFLICT (subject_id, tag) DO UPDATE SET"
        " value = excluded.value, confidence = 1, rule = excluded.rule,"
        " until = greatest(tag_pin.until, excluded.until) RETURNING subject_id",
        event.members, event.tag, event.value, event.until,
    )  # fmt: skip
    return [row["subject_id"] for row in rows]
