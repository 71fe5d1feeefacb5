"""Candidates in one query; decisions written set by set."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from campaign_service.audiences.domain import Picking
from campaign_service.decisions.domain import (
    Ask,
    Candidate,
    Decision,
    Moment,
    Ruling,
    Verdict,
)
from chassis.database import Tx
from contracts.campaign.decisions import Outcome
from contracts.campaign.deliveries import DeliveryStatus

TABLES = ("contact_decision",)  # that follow their member

_MOMENTS = {
    "entered_at": ("s.entered_at", "entered"),
    "last_order_at": ("m.last_order_at", "ordered"),
    "registered_at": ("m.registered_at", "joined"),
    "tier_at": ("m.tier_at", "tier"),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as it was written, and what became of its message; `before`: the campaign whose
    message of the day a skipped one came after."""

    seq: int
    campaign_id: UUID
    campaign: str
    occasion: datetime
    decided_at: datetime
    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    delivery: DeliveryStatus | None
    reason: str | None
    before: str | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a query is about: `only` these, or the next `limit` behind the member `after`. `day` is
    the one whose messages are counted; `since` the occasion where the audience has none of its own;
    `ever`: messages of the campaign are counted as well; `again`: who was to get a message is
    looked at once more."""

    day: date
    since: datetime
    only: Collection[UUID] | None = None
    after: UUID | None = None
    limit: int | None = None
    ever: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """A message that the gateway would not send, with what it was for. `tried`: the channels that
    do not lead to the member."""

    campaign_id: UUID
    member_id: UUID
    lapse: datetime
    step: str
    values: Mapping[str, Any]
    code: str | None
    moment: Moment
    tried: tuple[str, ...]
    change: str  # JSON of a `MessageChange`


class Args(list[object]):
    """Arguments of a query as it is written; each call answers a placeholder."""

    def __call__(self, value: object) -> str:
        self.append(value)
        return f"${len(self)}"


async def candidates(
    tx: Tx, campaign_id: UUID, picking: Picking, scope: Scope
) -> list[Candidate]:  # fmt: skip
    """Members of the audience without a final decision on this occasion, by id.

    Who was only skipped is a candidate again.
    """
    args = Args()
    source, where = audience(picking, args)
    columns = [_MOMENTS[moment] for moment in picking.moments]
    if columns:
        occasion = f"greatest({', '.join(column for column, _ in columns)})"
        cases = " ".join(f"WHEN {column} THEN '{name}'" for column, name in columns)
        moment = f"CASE {occasion} {cases} END"
    else:
        occasion, moment = f"{args(scope.since)}::timestamptz", "''"
    if scope.only is not None:
        where.append(f"m.member_id = ANY({args(list(scope.only))}::uuid[])")
    if scope.after is not None:
        where.append(f"m.member_id > {args(scope.after)}::uuid")
    where.append(f"{occasion} IS NOT NULL")
    chosen = (
        f"SELECT m.member_id, m.language, {occasion} AS occasion, {moment} AS moment, m.tier,"
        f" '' AS step, NULL::jsonb AS values FROM {source} WHERE {' AND '.join(where)}"
    )
    return await _standing(tx, chosen, args, campaign_id, scope)


async def asked(
    tx: Tx, campaign_id: UUID, picking: Picking, scope: Scope, asks: Sequence[Ask]
) -> list[Candidate]:
    """Those asked for who are in the audience and about whom nothing final is decided (`again`:
    also those who were to get a message)."""
    args = Args()
    source, where = audience(picking, args)
    wanted = [args([getattr(ask, name) for ask in asks]) for name in ("member_id", "occasion")]
    wanted.append(args([ask.step for ask in asks]))
    wanted.append(args([msgspec.json.encode(ask.values).decode() for ask in asks]))
    ids, occasions, steps, values = wanted
    chosen = (
        "SELECT m.member_id, m.language, a.occasion, 'asked' AS moment, m.tier, a.step, a.values"
        f" FROM {source} JOIN (SELECT DISTINCT ON (member, occasion, step) n.member, n.occasion,"
        f" n.step, n.values::jsonb AS values FROM unnest({ids}::uuid[],"
        f" {occasions}::timestamptz[], {steps}::text[], {values}::text[])"
        " AS n (member, occasion, step, values)) a ON a.member = m.member_id"
        f" WHERE {' AND '.join(where) or 'true'}"
    )
    return await _standing(tx, chosen, args, campaign_id, scope)


async def _standing(
    tx: Tx, chosen: str, args: Args, campaign_id: UUID, scope: Scope
) -> list[Candidate]:
    """What is known of those chosen. What was told of ids that are one member counts together, but
    for consents: of these the gateway tells how the survivor stands."""
    campaign, day = args(campaign_id), args(scope.day)
    counted = "d.purpose = 'marketing' AND d.status NOT IN ('withdrawn', 'refused')"
    ever = (
        "(SELECT count(*) FROM delivery d WHERE d.member_id = c.member_id"
        f" AND d.campaign_id = {campaign} AND {counted})"
        if scope.ever
        else "0"
    )
    more = ", 'message'" if scope.again else ""
    limit = f" LIMIT {args(scope.limit)}" if scope.limit is not None else ""
    rows = await tx.fetch(
        "SELECT c.member_id, c.language, c.occasion, c.moment, c.tier, c.step, c.values,"
        " f.objects OR EXISTS (SELECT FROM objection o WHERE o.member_id = c.member_id),"
        " coalesce(r.agreed, 0), coalesce(r.reach, 0) | f.reach,"
        " coalesce(r.suppressed, 0) | f.suppressed, coalesce(r.barred, 0) | f.barred,"
        f" coalesce(r.prefers, f.prefers), w.today, w.week, {ever}, p.seq, p.verdict_set"
        f" FROM ({chosen}) c LEFT JOIN contactable r ON r.member_id = c.member_id"
        " CROSS JOIN LATERAL (SELECT coalesce(bit_or(x.reach), 0) AS reach,"
        " coalesce(bit_or(x.suppressed), 0) AS suppressed, coalesce(bit_or(x.barred), 0) AS barred,"
        " min(x.prefers) AS prefers, coalesce(bool_or(o.member_id IS NOT NULL), false) AS objects"
        " FROM member_alias a LEFT JOIN contactable x ON x.member_id = a.absorbed_id"
        " LEFT JOIN objection o ON o.member_id = a.absorbed_id WHERE a.survivor_id = c.member_id) f"
        f" CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.day = {day}) AS today,"
        " array_agg(d.channel ORDER BY d.channel) AS week FROM delivery d"
        f" WHERE d.member_id = c.member_id AND d.day BETWEEN {day}::date - 6 AND {day}::date"
        f" AND {counted}) w LEFT JOIN LATERAL (SELECT p.seq, p.outcome, p.verdict_set"
        f" FROM contact_decision p WHERE p.campaign_id = {campaign} AND p.member_id = c.member_id"
        " AND p.lapse = c.occasion AND p.step = c.step ORDER BY p.outcome = 'skipped' LIMIT 1) p"
        f" ON true WHERE p.seq IS NULL OR p.outcome IN ('skipped'{more})"
        f" ORDER BY c.member_id, c.occasion{limit}",
        *args,
    )
    return [_candidate(row) for row in rows]


def _candidate(row: Any) -> Candidate:
    columns = list(row)
    columns[6] = columns[6] or {}
    columns[14] = tuple(columns[14] or ())
    return Candidate(*columns)


def audience(picking: Picking, arg: Args) -> tuple[str, list[str]]:
    """FROM and WHERE of an audience; `arg` takes a value and answers its placeholder."""
    source = "member m CROSS JOIN (VALUES (NULL::timestamptz)) AS s (entered_at)"
    where: list[str] = []
    if picking.inside:  # each by its own key, so that a part of the members is read as such
        names = [f"s{n}" for n, _ in enumerate(dict.fromkeys(picking.inside))]
        entered = ", ".join(f"{name}.entered_at" for name in names)
        source = "member m " + " ".join(
            f"JOIN segment_member {name} ON {name}.segment_id = {arg(segment)}"
            f" AND {name}.member_id = m.member_id"
            for name, segment in zip(names, dict.fromkeys(picking.inside), strict=True)
        )
        source += f" CROSS JOIN LATERAL (SELECT greatest({entered}) AS entered_at) s"
    where += [
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


async def committed_fen(tx: Tx, campaign_id: UUID, offer_fen: int) -> int:
    """What a campaign's messages cost so far with the offers in them, those on their way included;
    kept by a trigger."""
    spent: int | None = await tx.fetchval(
        "SELECT committed_fen + messages * $2::bigint FROM campaign_spend WHERE campaign_id = $1"
        " FOR UPDATE",
        campaign_id,
        offer_fen,
    )
    return spent or 0


async def verdict_sets(tx: Tx, rulings: Iterable[Ruling]) -> dict[Ruling, int]:
    """The number under which each ruling's verdicts are kept; alike ones are kept once."""
    found = {each: msgspec.json.encode(each.verdicts) for each in rulings}
    digests = {raw: hashlib.sha256(raw).digest() for raw in found.values()}
    rows = await tx.fetch(
        "WITH n AS (SELECT * FROM unnest($1::bytea[], $2::text[]) AS n (digest, checks)),"
        " new AS (INSERT INTO verdict_set (digest, checks) SELECT digest, checks::jsonb FROM n"
        " ORDER BY digest ON CONFLICT (digest) DO NOTHING RETURNING verdict_set, digest)"
        " SELECT * FROM new UNION ALL"
        " SELECT v.verdict_set, v.digest FROM verdict_set v JOIN n USING (digest)",
        list(digests.values()),
        [raw.decode() for raw in digests],
    )
    numbers = {row["digest"]: row["verdict_set"] for row in rows}
    return {each: numbers[digests[raw]] for each, raw in found.items()}


_COLUMNS = (
    "SELECT n.member, n.lapse, n.step, n.outcome, n.arm, n.eligible, n.channel, n.verdicts,"
    " n.delivery, n.previous FROM unnest($3::uuid[], $4::timestamptz[], $5::text[], $6::text[],"
    " $7::text[], $8::bool[], $9::text[], $10::bigint[], $11::uuid[], $12::bigint[])"
    " AS n (member, lapse, step, outcome, arm, eligible, channel, verdicts, delivery, previous)"
)


async def save(
    tx: Tx, campaign_id: UUID, decided_at: datetime,
    rows: Sequence[tuple[Decision, int, UUID | None]],
) -> None:  # fmt: skip
    """Write decisions, each with its verdicts' number and the id of its message.

    Those that stood as skipped are written over; one that is there already is an error: whoever
    decides holds the lock on members and has looked.
    """
    ones = [one for one, _, _ in rows]
    values = (
        campaign_id,
        decided_at,
        [one.candidate.member_id for one in ones],
        [one.candidate.occasion for one in ones],
        [one.candidate.step for one in ones],
        [one.ruling.outcome for one in ones],
        [one.arm for one in ones],
        [one.ruling.eligible for one in ones],
        [one.ruling.channel for one in ones],
        [number for _, number, _ in rows],
        [delivery for _, _, delivery in rows],
        [one.candidate.previous for one in ones],
    )
    await tx.execute(
        f"WITH n AS ({_COLUMNS}), again AS (UPDATE contact_decision c SET decided_at = $2,"
        " outcome = n.outcome, arm = n.arm, eligible = n.eligible, channel = n.channel,"
        " verdict_set = n.verdicts, delivery_id = n.delivery, measured_at = NULL, orders = 0,"
        " revenue_fen = 0, before_fen = NULL, store_id = NULL FROM n WHERE c.seq = n.previous)"
        " INSERT INTO contact_decision (campaign_id, decided_at, member_id, original_member_id,"
        " lapse, step, outcome, arm, eligible, channel, verdict_set, delivery_id)"
        " SELECT $1, $2, member, member, lapse, step, outcome, arm, eligible, channel, verdicts,"
        " delivery FROM n WHERE previous IS NULL",
        *values,
    )


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


async def returned(tx: Tx, deliveries: Sequence[UUID]) -> list[Returned]:
    """Those of these messages that were refused for what another channel or hour can mend."""
    rows = await tx.fetch(
        "SELECT c.campaign_id, c.member_id, c.lapse, c.step, d.values, d.coupon_code AS code,"
        " coalesce(v.checks -> 0 -> 'facts' ->> 'moment', '') AS moment, ARRAY(SELECT DISTINCT"
        " o.channel FROM delivery o WHERE o.member_id = c.member_id AND o.step = d.step"
        " AND o.campaign_id = c.campaign_id AND o.status = 'refused'"
        " AND o.reason IN ('no_address', 'suppressed')) AS tried, d.change::text AS change"
        " FROM delivery d JOIN contact_decision c USING (delivery_id)"
        " JOIN verdict_set v USING (verdict_set) WHERE d.delivery_id = ANY($1::uuid[])"
        " AND d.status = 'refused' AND d.reason IN ('no_address', 'suppressed', 'expired')"
        " ORDER BY d.seq",
        list(deliveries),
    )
    return [Returned(**{**row, "tried": tuple(row["tried"])}) for row in rows]


async def reached(tx: Tx, campaign_id: UUID, day: date) -> UUID | None:
    """The last member decided about on a day; None where the day has not begun."""
    after: UUID | None = await tx.fetchval(
        "SELECT after FROM decision_progress WHERE campaign_id = $1 AND day = $2", campaign_id, day
    )
    return after


async def mark_reached(tx: Tx, campaign_id: UUID, day: date, after: UUID) -> None:
    """The day goes on behind this member, also after a crash."""
    await tx.execute(
        "INSERT INTO decision_progress VALUES ($1, $2, $3) ON CONFLICT (campaign_id)"
        " DO UPDATE SET day = excluded.day, after = excluded.after",
        campaign_id, day, after,
    )  # fmt: skip


async def page(tx: Tx, member_id: UUID, before: int | None, limit: int) -> list[Recorded]:
    """A member's decisions, newest first."""
    rows = await tx.fetch(
        "SELECT c.seq, c.campaign_id, p.name, c.lapse, c.decided_at, c.outcome, v.checks,"
        " d.status, d.reason, CASE WHEN c.outcome = 'skipped' THEN (SELECT o.name FROM delivery x"
        " JOIN campaign o USING (campaign_id) WHERE x.member_id = c.member_id"
        " AND x.campaign_id <> c.campaign_id AND x.status <> 'withdrawn'"
        " AND x.day - (c.decided_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN 0 AND 1"
        " ORDER BY x.seq LIMIT 1) END AS before"
        " FROM contact_decision c JOIN campaign p USING (campaign_id)"
        " JOIN verdict_set v USING (verdict_set) LEFT JOIN delivery d USING (delivery_id)"
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
        row["lapse"],
        row["decided_at"],
        Outcome(row["outcome"]),
        tuple(Verdict(**check) for check in row["checks"]),
        DeliveryStatus(row["status"]) if row["status"] else None,
        row["reason"],
        row["before"],
    )
