"""Surveys, invitations and answers, in and out of the database."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from campaign_service.surveys.domain import Invitation, Survey
from chassis.clock import PROGRAM_ZONE
from chassis.database import Tx

TABLES = ("survey_invitation", "survey_answer")  # that name a member
_SURVEY = "seq, survey_id, key, document, touchpoint, open, author, created_at"
_INVITATION = (
    "SELECT i.invitation_id, i.survey_id, i.member_id, coalesce(m.language, 'zh') AS language,"
    " i.store, i.until, EXISTS (SELECT FROM survey_answer a WHERE a.invitation_id ="
    " i.invitation_id) AS answered FROM survey_invitation i LEFT JOIN member m USING (member_id)"
)


async def lock(tx: Tx) -> None:
    """Invitations are written one batch after the other, so that nobody gets two."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('campaign:surveys'))")


async def add(tx: Tx, survey: Survey) -> bool:
    """A new survey; False where the key is taken."""
    added = await tx.fetchval(
        "INSERT INTO survey (survey_id, key, document, touchpoint, author, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING RETURNING seq",
        survey.survey_id, survey.key, dict(survey.document), survey.touchpoint, survey.author,
        survey.created_at,
    )  # fmt: skip
    return added is not None


async def get(tx: Tx, survey_id: UUID) -> Survey | None:
    """One survey."""
    row = await tx.fetchrow(f"SELECT {_SURVEY} FROM survey WHERE survey_id = $1", survey_id)
    return Survey(**row) if row else None


async def page(tx: Tx, before: int | None, limit: int) -> list[Survey]:
    """Newest first."""
    rows = await tx.fetch(
        f"SELECT {_SURVEY} FROM survey WHERE $1::bigint IS NULL OR seq < $1"
        " ORDER BY seq DESC LIMIT $2",
        before, limit,
    )  # fmt: skip
    return [Survey(**row) for row in rows]


async def set_open(tx: Tx, survey_id: UUID, *, is_open: bool) -> None:
    """Open or close."""
    await tx.execute("UPDATE survey SET open = $2 WHERE survey_id = $1", survey_id, is_open)


async def open_at(tx: Tx, touchpoint: str) -> list[Survey]:
    """Open surveys of a touchpoint, oldest first."""
    rows = await tx.fetch(
        f"SELECT {_SURVEY} FROM survey WHERE open AND touchpoint = $1 ORDER BY seq", touchpoint
    )
    return [Survey(**row) for row in rows]


async def invite(tx: Tx, survey: Survey, occasions: Sequence[tuple[UUID, UUID, str | None]]) -> int:
    """Invitations as (id, member, store): one a member, none for who had one within the survey's
    quiet days that reached it; answers how many there are now. The lock is held."""
    plan = survey.document
    due = tx.now + timedelta(hours=plan["delay_hours"])
    written = await tx.fetch(
        "INSERT INTO survey_invitation (invitation_id, survey_id, member_id, original_member_id,"
        " store, invited_at, due_at, until)"
        " SELECT DISTINCT ON (m.member_id) n.id, $4, m.member_id, n.member, n.store, $5, $6, $7"
        " FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n (id, member, store)"
        " LEFT JOIN member_alias a ON a.absorbed_id = n.member"
        " JOIN member m ON m.member_id = coalesce(a.survivor_id, n.member)"
        " WHERE NOT EXISTS (SELECT FROM survey_invitation i WHERE i.member_id = m.member_id"
        " AND i.invited_at > $8 AND i.status NOT IN ('refused', 'failed'))"
        " ORDER BY m.member_id, n.id"
        " ON CONFLICT DO NOTHING RETURNING 1",
        [occasion[0] for occasion in occasions], [occasion[1] for occasion in occasions],
        [occasion[2] for occasion in occasions], survey.survey_id, tx.now, due,
        due + timedelta(days=plan["valid_days"]), tx.now - timedelta(days=plan["quiet_days"]),
    )  # fmt: skip
    return len(written)


async def take_due(tx: Tx, now: datetime, day: date, limit: int) -> list[Any]:
    """Invitations that may leave, locked: (invitation, survey's channel). Who has another message
    on the day waits for the next one."""
    return await tx.fetch(
        f"SELECT * FROM ({_INVITATION} JOIN survey s USING (survey_id)"
        " WHERE i.status = 'waiting' AND i.due_at <= $1 AND i.until > $1 AND s.open"
        " AND NOT EXISTS (SELECT FROM delivery d WHERE d.member_id = i.member_id AND d.day = $2"
        " AND d.status <> 'withdrawn')"
        " ORDER BY i.due_at LIMIT $3 FOR UPDATE OF i SKIP LOCKED) AS due"
        " JOIN (SELECT survey_id, document ->> 'channel' AS channel FROM survey) AS s"
        " USING (survey_id)",
        now, day, limit,
    )  # fmt: skip


async def mark(tx: Tx, answers: Sequence[tuple[UUID, str]]) -> None:
    """Where invitations are, as (id, status); what is known better stays: reports may be late."""
    await tx.execute(
        "UPDATE survey_invitation i SET status = n.status"
        " FROM unnest($1::uuid[], $2::text[]) AS n (id, status) WHERE i.invitation_id = n.id"
        " AND (i.status IN ('waiting', 'requested') OR n.status = 'delivered'"
        " OR n.status IN ('failed', 'unknown') AND i.status IN ('sent', 'unknown'))",
        [answer[0] for answer in answers], [answer[1] for answer in answers],
    )  # fmt: skip


async def invitation(tx: Tx, invitation_id: UUID) -> Invitation | None:
    """One invitation."""
    row = await tx.fetchrow(f"{_INVITATION} WHERE i.invitation_id = $1", invitation_id)
    return Invitation(**row) if row else None


async def waiting_for(tx: Tx, survey_id: UUID, member_id: UUID) -> Invitation | None:
    """A member's newest invitation to a survey."""
    row = await tx.fetchrow(
        f"{_INVITATION} WHERE i.survey_id = $1 AND i.member_id = $2"
        " ORDER BY i.invited_at DESC LIMIT 1",
        survey_id, member_id,
    )  # fmt: skip
    return Invitation(**row) if row else None


async def answer(
    tx: Tx, asked: Invitation, measure: str | None, score: int | None,
    answers: dict[str, list[str]],
) -> bool:  # fmt: skip
    """What was answered; False where it had been answered before."""
    added = await tx.fetchval(
        "INSERT INTO survey_answer (invitation_id, survey_id, member_id, original_member_id,"
        " measure, score, answers, answered_at)"
        " SELECT $1, i.survey_id, i.member_id, i.original_member_id, $2, $3, $4, $5"
        " FROM survey_invitation i WHERE i.invitation_id = $1"
        " ON CONFLICT DO NOTHING RETURNING seq",
        asked.invitation_id, measure, score, answers, tx.now,
    )  # fmt: skip
    return added is not None


async def answers(tx: Tx, survey_id: UUID, before: int | None, limit: int) -> list[Any]:
    """Answers, newest first."""
    return await tx.fetch(
        "SELECT seq, member_id, score, answers, answered_at FROM survey_answer"
        " WHERE survey_id = $1 AND ($2::bigint IS NULL OR seq < $2) ORDER BY seq DESC LIMIT $3",
        survey_id, before, limit,
    )  # fmt: skip


async def counts(tx: Tx, survey_id: UUID) -> Any:
    """(invited, sent, answered) of a survey."""
    return await tx.fetchrow(
        "SELECT count(*) AS invited, count(*) FILTER"
        " (WHERE i.status IN ('sent', 'delivered', 'unknown')) AS sent,"
        " count(a.invitation_id) AS answered FROM survey_invitation i"
        " LEFT JOIN survey_answer a USING (invitation_id) WHERE i.survey_id = $1",
        survey_id,
    )


async def chosen(tx: Tx, survey_id: UUID) -> list[Any]:
    """(question, option, answers) of everything that was chosen."""
    return await tx.fetch(
        "SELECT q.key AS question, o.value AS option, count(*) AS answers"
        " FROM survey_answer a, jsonb_each(a.answers) AS q, jsonb_array_elements_text(q.value)"
        " AS o (value) WHERE a.survey_id = $1 GROUP BY 1, 2 ORDER BY 1, 2",
        survey_id,
    )


_PARTS = {
    "channel": "s.document ->> 'channel'", "store": "i.store",
    "month": f"to_char(i.invited_at AT TIME ZONE '{PROGRAM_ZONE.key}', 'YYYY-MM')",
}  # fmt: skip


async def scores(tx: Tx, since: datetime, by: str | None) -> list[Any]:
    """(measure, touchpoint, part, invited, scores) since a moment, of all surveys."""
    part = _PARTS[by] if by else "NULL::text"
    return await tx.fetch(
        f"SELECT q.measure, s.touchpoint, {part} AS part,"
        " count(DISTINCT i.invitation_id) AS invited,"
        " array_agg(a.score) FILTER (WHERE a.score IS NOT NULL) AS scores"
        " FROM survey s JOIN survey_invitation i USING (survey_id) CROSS JOIN LATERAL"
        " (SELECT e ->> 'kind' AS measure FROM jsonb_array_elements(s.document -> 'questions') e"
        " WHERE e ->> 'kind' IN ('nps', 'csat') LIMIT 1) q"
        " LEFT JOIN survey_answer a ON a.invitation_id = i.invitation_id"
        " WHERE i.invited_at >= $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        since,
    )
