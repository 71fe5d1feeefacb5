"""Candidates in one query; decisions written set by set."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from campaign_service.audiences.domain import Bound, Member
from campaign_service.decisions.domain import Candidate, Decision, Verdict
from chassis.database import Tx
from contracts.campaign import DeliveryStatus, Outcome


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as it was written, and what became of its message."""

    seq: int
    campaign_id: UUID
    campaign: str
    decided_at: datetime
    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    delivery: DeliveryStatus | None
    reason: str | None


async def candidates(
    tx: Tx, campaign_id: UUID, bounds: Sequence[Bound], day: date
) -> list[Candidate]:
    """Members within the bounds without a final decision in this lapse, oldest members first.

    Who was only skipped is a candidate again. `day` is the one whose messages are counted.
    """
    args: list[object] = [campaign_id, day]
    where = []
    for bound in bounds:
        for value, sign in ((bound.least, ">="), (bound.most, "<=")):
            if value is not None:
                args.append(value)
                where.append(f"m.{bound.column} {sign} ${len(args)}")
    rows = await tx.fetch(
        "SELECT m.*, (SELECT count(*) FROM delivery d WHERE d.member_id = m.member_id"
        " AND d.day = $2 AND d.status <> 'withdrawn') AS messages_that_day,"
        " EXISTS (SELECT FROM objection o LEFT JOIN member_alias a ON a.absorbed_id = o.member_id"
        " WHERE coalesce(a.survivor_id, o.member_id) = m.member_id) AS objects"
        f" FROM member m WHERE {' AND '.join(where) or 'true'} AND m.last_order_at IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM contact_decision c WHERE c.campaign_id = $1"
        " AND c.member_id = m.member_id AND c.lapse = m.last_order_at AND c.outcome <> 'skipped')"
        " ORDER BY m.registered_at, m.member_id",
        *args,
    )
    return [
        Candidate(
            Member(
                row["member_id"],
                row["registered_at"],
                row["language"],
                row["last_order_at"],
                row["orders"],
            ),
            row["messages_that_day"],
            row["objects"],
        )
        for row in rows
    ]


async def committed_fen(tx: Tx, campaign_id: UUID) -> int:
    """What a campaign's messages cost so far, those on their way included."""
    spent: int = await tx.fetchval(
        "SELECT coalesce(sum(cost_fen), 0)::bigint FROM delivery WHERE campaign_id = $1"
        " AND status IN ('held', 'requested', 'sent')",
        campaign_id,
    )
    return spent


async def save(
    tx: Tx, campaign_id: UUID, decided_at: datetime, rows: Sequence[tuple[Decision, UUID | None]]
) -> set[UUID]:
    """Write decisions with the ids of their messages; answers the members written.

    A decision that stands already (the job ran before) is left as it is, unless it was a skip.
    """
    written = await tx.fetch(
        "INSERT INTO contact_decision (campaign_id, decided_at, member_id, original_member_id,"
        " lapse, outcome, checks, delivery_id)"
        " SELECT $1, $2, n.member, n.member, n.lapse, n.outcome, n.checks::jsonb, n.delivery"
        " FROM unnest($3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::uuid[])"
        " AS n (member, lapse, outcome, checks, delivery)"
        " ON CONFLICT (campaign_id, original_member_id, lapse) DO UPDATE"
        " SET decided_at = excluded.decided_at, outcome = excluded.outcome,"
        " checks = excluded.checks, delivery_id = excluded.delivery_id"
        " WHERE contact_decision.outcome = 'skipped'"
        " RETURNING original_member_id",
        campaign_id,
        decided_at,
        [decision.member_id for decision, _ in rows],
        [decision.lapse for decision, _ in rows],
        [decision.outcome for decision, _ in rows],
        [msgspec.json.encode(decision.verdicts).decode() for decision, _ in rows],
        [delivery for _, delivery in rows],
    )
    return {row["original_member_id"] for row in written}


async def follow(tx: Tx, absorbed: Sequence[UUID]) -> None:
    """Decisions about absorbed ids are now about their survivors."""
    await tx.execute(
        "UPDATE contact_decision c SET member_id = a.survivor_id FROM member_alias a"
        " WHERE c.member_id = a.absorbed_id AND a.absorbed_id = ANY($1::uuid[])",
        absorbed,
    )


async def part(tx: Tx, root: UUID, restored: UUID, ids: Sequence[UUID]) -> None:
    """Decisions that were about one of `ids` before a merge are the restored member's again."""
    await tx.execute(
        "UPDATE contact_decision SET member_id = $2 WHERE member_id = $1"
        " AND original_member_id = ANY($3::uuid[])",
        root,
        restored,
        list(ids),
    )


async def page(tx: Tx, member_id: UUID, before: int | None, limit: int) -> list[Recorded]:
    """A member's decisions, newest first."""
    rows = await tx.fetch(
        "SELECT c.seq, c.campaign_id, p.name, c.decided_at, c.outcome, c.checks, d.status, d.reason"
        " FROM contact_decision c JOIN campaign p USING (campaign_id)"
        " LEFT JOIN delivery d USING (delivery_id)"
        " WHERE c.member_id = $1 AND ($2::bigint IS NULL OR c.seq < $2)"
        " ORDER BY c.seq DESC LIMIT $3",
        member_id,
        before,
        limit,
    )
    return [_recorded(row) for row in rows]


def _recorded(row: Any) -> Recorded:
    return Recorded(
        row["seq"],
        row["campaign_id"],
        row["name"],
        row["decided_at"],
        Outcome(row["outcome"]),
        tuple(Verdict(**check) for check in row["checks"]),
        DeliveryStatus(row["status"]) if row["status"] else None,
        row["reason"],
    )
