"""Everybody, in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.daily_figures import FigureRow

if TYPE_CHECKING:
    from datetime import datetime

    from chassis.database import Tx

# $1 the moment from which on whoever bought is not lost, $2 the chance that is a high risk,
# $3 tags that are enough
_FIGURES = """
WITH bought AS (
    SELECT DISTINCT ON (root) root, max(last_at) OVER (PARTITION BY root) AS last_at, main.channel
    FROM spending JOIN subject ON subject.id = subject_id
    LEFT JOIN LATERAL (SELECT key AS channel, value::bigint AS n
        FROM jsonb_each_text(parts->'channel') ORDER BY n DESC, channel LIMIT 1) AS main ON true
    ORDER BY root, main.n DESC NULLS LAST, main.channel
), risk AS (
    SELECT root, max(value) AS chance FROM forecast JOIN subject ON subject.id = subject_id
    WHERE name = 'churn' GROUP BY root
), person AS MATERIALIZED (
    SELECT subject.id, channel, segments, coalesce(last_at < $1, false) AS lost,
        coalesce(chance >= $2, false) AS risky, value_fen,
        coalesce((SELECT count(*) FROM jsonb_object_keys(tags)) >= $3, false) AS tagged
    FROM subject LEFT JOIN bought ON bought.root = subject.id
    LEFT JOIN risk ON risk.root = subject.id
    LEFT JOIN member_worth ON member_worth.subject_id = subject.id
    LEFT JOIN member_tags ON member_tags.subject_id = subject.id
    LEFT JOIN standing ON standing.subject_id = subject.id
    WHERE subject.root = subject.id AND member_id IS NOT NULL
), belongs AS (
    SELECT 'all' AS by, '' AS key, NULL AS name, * FROM person
    UNION ALL SELECT 'channel', channel, NULL, * FROM person WHERE channel IS NOT NULL
    UNION ALL SELECT 'segment', segment_id::text, segment_version.name, person.*
        FROM person CROSS JOIN LATERAL unnest(segments) AS own (number)
        JOIN segment USING (number) JOIN segment_version USING (segment_id, version)
)
SELECT by, key, count(*) AS members, count(*) FILTER (WHERE risky AND NOT lost) AS high_risk,
    count(*) FILTER (WHERE lost) AS lost, count(value_fen) AS valued,
    coalesce(sum(value_fen), 0)::bigint AS value_fen, count(*) FILTER (WHERE tagged) AS tagged,
    min(name) AS name
FROM belongs GROUP BY by, key ORDER BY by, key
"""


async def figures(tx: Tx, bought_since: datetime, risk: float, tags: int) -> list[FigureRow]:
    """Of all members, by main channel, and by segment; nothing of groups that are empty."""
    return [FigureRow(**row) for row in await tx.fetch(_FIGURES, bought_since, risk, tags)]
