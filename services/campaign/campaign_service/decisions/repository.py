"""Candidates in one query; decisions written set by set."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from campaign_service.audiences.domain import Member, Picking
from campaign_service.decisions.domain import Ask, Candidate, Decision, Verdict
from chassis.database import Tx
from contracts.campaign.decisions import Outcome
from contracts.campaign.deliveries import DeliveryStatus

TABLES = ("contact_decision",)  # that follow their member

_MEMBER = [field.name for field in fields(Member)]


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


class _Args(list[object]):
    """Arguments of a query as it is written; each call answers a placeholder."""

    def __call__(self, value: object) -> str:
        self.append(value)
        return f"${len(self)}"


async def candidates(
    tx: Tx,
    campaign_id: UUID,
    picking: Picking,
    *,
    day: date,
    since: datetime,
    only: Collection[UUID] | None = None,
) -> list[Candidate]:
    """Members of the audience without a final decision on this occasion, oldest members first.

    Who was only skipped is a candidate again. `day` is the one whose messages are counted; `since`
    is the occasion where the audience has none of its own; `only`: look at these alone.
    """
    args = _Args()
    source, where = _audience(picking, args)
    columns = [f"m.{moment}" if moment != "entered_at" else moment for moment in picking.moments]
    occasion = f"greatest({', '.join(columns)})" if columns else f"{args(since)}::timestamptz"
    if only is not None:
        where.append(f"m.member_id = ANY({args(list(only))}::uuid[])")
    chosen = (
        f"SELECT m.*, entered_at, {occasion} AS occasion, '' AS step, NULL::jsonb AS values"
        f" FROM {source} WHERE {' AND '.join(where) or 'true'}"
    )
    return await _standing(tx, chosen, args, campaign_id, day)


async def asked(
    tx: Tx, campaign_id: UUID, picking: Picking, *, day: date, asks: Sequence[Ask]
) -> list[Candidate]:
    """Those asked for who are in the audience and about whom nothing final is decided."""
    args = _Args()
    source, where = _audience(picking, args)
    wanted = [args([getattr(ask, name) for ask in asks]) for name in ("member_id", "occasion")]
    wanted.append(args([ask.step for ask in asks]))
    wanted.append(args([msgspec.json.encode(ask.values).decode() for ask in asks]))
    ids, occasions, steps, values = wanted
    chosen = (
        f"SELECT m.*, entered_at, a.occasion, a.step, a.values FROM {source}"
        f" JOIN (SELECT DISTINCT ON (member, occasion, step) n.member, n.occasion, n.step,"
        f" n.values::jsonb AS values FROM unnest({ids}::uuid[], {occasions}::timestamptz[],"
        f" {steps}::text[], {values}::text[]) AS n (member, occasion, step, values)) a"
        f" ON a.member = m.member_id WHERE {' AND '.join(where) or 'true'}"
    )
    return await _standing(tx, chosen, args, campaign_id, day)


async def _standing(
    tx: Tx, chosen: str, args: _Args, campaign_id: UUID, day: date
) -> list[Candidate]:
    campaign = args(campaign_id)
    rows = await tx.fetch(
        "SELECT c.*, (SELECT count(*) FROM delivery d WHERE d.member_id = c.member_id"
        f" AND d.day = {args(day)} AND d.status <> 'withdrawn') AS messages_that_day,"
        " EXISTS (SELECT FROM objection o LEFT JOIN member_alias a ON a.absorbed_id = o.member_id"
        " WHERE coalesce(a.survivor_id, o.member_id) = c.member_id) AS objects"
        f" FROM ({chosen}) c WHERE c.occasion IS NOT NULL"
        f" AND NOT EXISTS (SELECT FROM contact_decision p WHERE p.campaign_id = {campaign}"
        " AND p.member_id = c.member_id AND p.lapse = c.occasion AND p.step = c.step"
        " AND p.outcome <> 'skipped') ORDER BY c.registered_at, c.member_id, c.occasion",
        *args,
    )
    return [
        Candidate(
            Member(**{name: row[name] for name in _MEMBER}),
            row["occasion"],
            row["messages_that_day"],
            row["objects"],
            row["step"],
            row["values"] or {},
        )
        for row in rows
    ]


def _audience(picking: Picking, arg: _Args) -> tuple[str, list[str]]:
    """FROM and WHERE of an audience; `arg` takes a value and answers its placeholder."""
    source = "member m CROSS JOIN (VALUES (NULL::timestamptz)) AS s (entered_at)"
    if picking.inside:
        segments = arg(list(picking.inside))
        source = (
            "(SELECT member_id, max(entered_at) AS entered_at FROM segment_member"
            f" WHERE segment_id = ANY({segments}::uuid[]) GROUP BY member_id"
            f" HAVING count(*) = {len(set(picking.inside))}) AS s JOIN member m USING (member_id)"
        )
    where = [
        f"m.{bound.column} {sign} {arg(value)}"
        for bound in picking.bounds
        for value, sign in ((bound.least, ">="), (bound.most, "<="))
        if value is not None
    ]
    if picking.tiers:
        where.append(f"m.tier = ANY({arg(list(picking.tiers))}::text[])")
    if picking.outside:
        where.append(
            "NOT EXISTS (SELECT FROM segment_member o WHERE o.member_id = m.member_id"
            f" AND o.segment_id = ANY({arg(list(picking.outside))}::uuid[]))"
        )
    return source, where


async def committed_fen(tx: Tx, campaign_id: UUID) -> int:
    """What a campaign's messages cost so far, those on their way included."""
    spent: int = await tx.fetchval(
        "SELECT coalesce(sum(cost_fen), 0)::bigint FROM delivery WHERE campaign_id = $1"
        " AND (status IN ('held', 'requested', 'sent', 'delivered', 'unknown')"
        " OR (status = 'failed' AND sent_at IS NOT NULL))",
        campaign_id,
    )
    return spent


async def save(
    tx: Tx, campaign_id: UUID, decided_at: datetime, rows: Sequence[tuple[Decision, UUID | None]]
) -> set[tuple[UUID, datetime, str]]:
    """Write decisions with the ids of their messages; answers (member, occasion, step) of those
    written.

    A decision that stands already (the job ran before) is left as it is, unless it was a skip.
    """
    written = await tx.fetch(
        "INSERT INTO contact_decision (campaign_id, decided_at, member_id, original_member_id,"
        " lapse, step, outcome, checks, delivery_id)"
        " SELECT $1, $2, n.member, n.member, n.lapse, n.step, n.outcome, n.checks::jsonb,"
        " n.delivery FROM unnest($3::uuid[], $4::timestamptz[], $5::text[], $6::text[],"
        " $7::uuid[], $8::text[]) AS n (member, lapse, outcome, checks, delivery, step)"
        " ON CONFLICT (campaign_id, original_member_id, lapse, step) DO UPDATE"
        " SET decided_at = excluded.decided_at, outcome = excluded.outcome,"
        " checks = excluded.checks, delivery_id = excluded.delivery_id"
        " WHERE contact_decision.outcome = 'skipped'"
        " RETURNING original_member_id, lapse, step",
        campaign_id,
        decided_at,
        [decision.member_id for decision, _ in rows],
        [decision.lapse for decision, _ in rows],
        [decision.outcome for decision, _ in rows],
        [msgspec.json.encode(decision.verdicts).decode() for decision, _ in rows],
        [delivery for _, delivery in rows],
        [decision.step for decision, _ in rows],
    )
    return {(row["original_member_id"], row["lapse"], row["step"]) for row in written}


async def outcomes(
    tx: Tx, campaign_id: UUID, asks: Sequence[Ask]
) -> dict[tuple[UUID, datetime, str], Outcome]:
    """What stands about (member, occasion, step), however long ago it was decided."""
    rows = await tx.fetch(
        "SELECT c.member_id, c.lapse, c.step, c.outcome FROM unnest($2::uuid[],"
        " $3::timestamptz[], $4::text[]) AS n (member, lapse, step) JOIN contact_decision c"
        " ON c.campaign_id = $1 AND c.member_id = n.member AND c.lapse = n.lapse"
        " AND c.step = n.step",
        campaign_id,
        [ask.member_id for ask in asks],
        [ask.occasion for ask in asks],
        [ask.step for ask in asks],
    )
    return {(r["member_id"], r["lapse"], r["step"]): Outcome(r["outcome"]) for r in rows}


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
