"""What was sold in two spans of days, by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.database import Tx
from profile_service.insight.domain import Figures, Group, Labels

# Nothing known is '' in here: nulls are not joined by hashing.
_SEGMENT = """(SELECT name FROM segment JOIN segment_version USING (segment_id, version)
    WHERE number = ANY (standing.segments) ORDER BY number LIMIT 1)"""
_LABELS = {
    "category": "product.department", "store": "sold.store_id", "segment": "person.segment",
    "tier": "person.tier", "channel": "sold.channel",
}  # fmt: skip
DIMENSIONS = tuple(_LABELS)


Moments = tuple[datetime, datetime, datetime, datetime]  # two spans


@dataclass(frozen=True, slots=True)
class Cut:
    """How groups are made: by `by`, the `limit` that moved most one by one, and none of them with
    fewer than `smallest` members in a span in which it has any."""

    by: Sequence[str]
    limit: int
    smallest: int


async def groups(tx: Tx, moments: Moments, cut: Cut) -> dict[Labels, Group]:
    """Groups by labels; those together that the cut does not list are the last one's rest."""
    rows = await tx.fetch(_query(cut.by), *moments, cut.limit, cut.smallest)
    found: dict[tuple[Labels, bool], dict[bool, Figures]] = {}
    for after, rest, *labels, members, orders, lines, fen in rows:
        key = tuple(label or None for label in labels[: len(cut.by)])
        found.setdefault((key, rest), {})[after] = Figures(members, orders, lines, fen)
    return {
        (*labels, "rest") if rest else labels: Group(
            labels, spans_of.get(False, Figures()), spans_of.get(True, Figures()), rest
        )
        for (labels, rest), spans_of in found.items()
    }


def _query(by: Sequence[str]) -> str:
    named = [(f"d{place}", _LABELS[name]) for place, name in enumerate(by)] or [("d0", "''")]
    dims = ", ".join(name for name, _ in named)
    labels = ", ".join(f"coalesce({label}, '') AS {name}" for name, label in named)
    same = " AND ".join(f"cell.{name} = line.{name}" for name, _ in named)
    shown = ", ".join(
        f"CASE WHEN alone THEN line.{name} ELSE '' END AS {name}" for name, _ in named
    )
    segment = _SEGMENT if "segment" in by else "NULL"
    return f"""
WITH sold AS (
    SELECT false AS after, * FROM purchase WHERE paid_at >= $1 AND paid_at < $2
    UNION ALL SELECT true, * FROM purchase WHERE paid_at >= $3 AND paid_at < $4
), person AS (
    SELECT buyer.root, {segment} AS segment, tier FROM
        (SELECT DISTINCT root FROM sold JOIN subject ON subject.id = subject_id) AS buyer
    LEFT JOIN standing ON standing.subject_id = buyer.root
    LEFT JOIN member_tier ON member_tier.subject_id = buyer.root
), line AS MATERIALIZED (
    SELECT after, subject.root, order_no, {labels}, count(*) AS lines, sum(fen)::bigint AS fen
    FROM sold JOIN subject ON subject.id = subject_id JOIN person ON person.root = subject.root
    CROSS JOIN LATERAL unnest(skus, amounts_fen) AS item (sku, fen)
    LEFT JOIN product ON product.sku = item.sku
    GROUP BY after, subject.root, order_no, {", ".join(str(n + 4) for n in range(len(named)))}
), buyer AS (
    SELECT after, {dims}, root, sum(fen) AS fen FROM line GROUP BY after, {dims}, root
), cell AS (
    SELECT {dims}, row_number() OVER (ORDER BY
            NOT {_enough("count(*) FILTER (WHERE after)")},
            NOT {_enough("count(*) FILTER (WHERE NOT after)")},
            abs(sum(CASE WHEN after THEN fen ELSE -fen END)) DESC, {dims}) <= $5
        AND {_enough("count(*) FILTER (WHERE after)")}
        AND {_enough("count(*) FILTER (WHERE NOT after)")} AS alone
    FROM buyer GROUP BY {dims}
), shown AS (
    SELECT after, NOT alone AS rest, {shown}, root, order_no, sum(lines) AS lines, sum(fen) AS fen
    FROM line JOIN cell ON {same} GROUP BY 1, 2, {", ".join(str(n + 3) for n in range(len(named)))},
        root, order_no
), each AS (
    SELECT after, rest, {dims}, root, count(*) AS orders, sum(lines) AS lines, sum(fen) AS fen
    FROM shown GROUP BY after, rest, {dims}, root
)
SELECT after, rest, {dims}, count(*) AS members, sum(orders)::bigint AS orders,
    sum(lines)::bigint AS lines, sum(fen)::bigint AS fen
FROM each GROUP BY after, rest, {dims}
"""


def _enough(members: str) -> str:
    return f"({members} = 0 OR {members} >= $6)"
