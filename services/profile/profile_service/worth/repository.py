"""Values of members in the database: reckoned for everybody in one statement."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Tx
from contracts.worth import ClvTerms, ClvTermsBody
from profile_service.worth.domain import HIGH, LOW, MONTHS, SHOWN_MONTHS, Worth, months_before

# $1 margin, $2 margins by department, $3 service, $4 acquisition, $5 that by channel, $6 years
_REASONED = f"""
WITH said AS (
    SELECT root, sum(value * coalesce((detail->'ahead'->>0)::float8, 365.0 / horizon_days)) AS year,
        sum(value * coalesce((detail->'ahead'->>($6::int - 1))::float8, 365.0 / horizon_days))
            AS years
    FROM forecast JOIN subject ON subject.id = subject_id
    WHERE name = 'clv' AND value IS NOT NULL AND root NOT IN (
        SELECT root FROM subject JOIN objection ON objection.subject_id = subject.id
        UNION SELECT root FROM subject JOIN refusal ON refusal.subject_id = subject.id
    ) GROUP BY root
), mixed AS (
    SELECT root, sum(fen::float8 * coalesce(($2::jsonb->>name)::float8, $1))
        / sum(fen::float8) / 100 AS margin
    FROM spending JOIN subject ON subject.id = subject_id,
        jsonb_each_text(parts->'department') AS part (name, fen)
    WHERE fen::float8 > 0 AND $2::jsonb <> '{{}}' GROUP BY root
), won AS (
    SELECT DISTINCT ON (root) root, coalesce(($5::jsonb->>channel)::bigint, $4) AS cost
    FROM member JOIN subject ON subject.id = subject_id ORDER BY root, registered_at, subject_id
), yearly AS (
    SELECT root, year, coalesce(margin, $1 / 100) AS margin, coalesce(cost, $4) AS cost,
        year * coalesce(margin, $1 / 100) - $3 AS profit, coalesce(years / nullif(year, 0), 1) AS n
    FROM said LEFT JOIN mixed USING (root) LEFT JOIN won USING (root)
), ranked AS (
    SELECT *, profit * n - cost AS worth,
        row_number() OVER (ORDER BY profit * n - cost, root)::float8 / count(*) OVER () AS place
    FROM yearly
), gone AS (
    DELETE FROM member_worth WHERE subject_id NOT IN (SELECT root FROM ranked) RETURNING subject_id
), saved AS (
    INSERT INTO member_worth SELECT root, round(year), margin, round(profit), n, round(worth),
        CASE WHEN place > {HIGH} THEN 'high' WHEN place > {LOW} THEN 'middle' ELSE 'low' END, false
    FROM ranked
    ON CONFLICT (subject_id) DO UPDATE SET yearly_spend_fen = excluded.yearly_spend_fen,
        margin = excluded.margin, yearly_profit_fen = excluded.yearly_profit_fen,
        expected_years = excluded.expected_years, value_fen = excluded.value_fen,
        band = excluded.band
    RETURNING subject_id, band
)
SELECT subject_id FROM gone UNION ALL SELECT saved.subject_id FROM saved
LEFT JOIN member_worth AS before USING (subject_id) WHERE before.band IS DISTINCT FROM saved.band
"""
_FELL = """
WITH history AS (
    SELECT root, month, sum(value_fen)::bigint AS fen
    FROM clv_month JOIN subject ON subject.id = subject_id
    WHERE month = ANY($1::date[]) GROUP BY root, month
), fell AS (
    SELECT root, fen AS now, lag(fen, 3) OVER months AS past,
        fen < lag(fen) OVER months AND lag(fen) OVER months < lag(fen, 2) OVER months
        AND lag(fen, 2) OVER months < lag(fen, 3) OVER months AS falling, month
    FROM history WINDOW months AS (PARTITION BY root ORDER BY month)
), moved AS (
    UPDATE member_worth SET falling = coalesce(fell.falling, false)
    FROM subject LEFT JOIN fell ON fell.root = subject.id AND month = $2
    WHERE subject.id = subject_id AND member_worth.falling <> coalesce(fell.falling, false)
    RETURNING subject_id, member_id, past, now, member_worth.falling
)
SELECT * FROM moved ORDER BY subject_id
"""


async def terms(tx: Tx) -> ClvTerms:
    """Those in force."""
    row = await tx.fetchrow("SELECT * FROM clv_terms")
    return ClvTerms(
        **(row["document"] or {}),
        changed_by=row["changed_by"],
        changed_at=row["changed_at"],
        reckoned_at=row["reckoned_at"],
        waiting=row["waiting"],
    )


async def save_terms(tx: Tx, body: ClvTermsBody, by: str) -> None:
    """Write them; values follow."""
    await tx.execute(
        "UPDATE clv_terms SET document = $1, changed_by = $2, changed_at = $3, waiting = true",
        body.model_dump(), by, tx.now,
    )  # fmt: skip


async def wait(tx: Tx) -> None:
    """Values are to be reckoned again."""
    await tx.execute("UPDATE clv_terms SET waiting = true WHERE NOT waiting")


async def take_turn(tx: Tx) -> bool:
    """Nobody else reckons until the end of the transaction; whether values are to be reckoned."""
    return bool(await tx.fetchval("SELECT waiting FROM clv_terms FOR UPDATE"))


async def reckon(tx: Tx, terms: ClvTermsBody) -> list[int]:
    """Write everybody's value; answers the people whose band is another one. Only in turn."""
    rows = await tx.fetch(
        _REASONED, terms.margin_percent, terms.department_margins, terms.service_cost_fen,
        terms.acquisition_cost_fen, terms.channel_acquisition_costs, terms.years_ahead,
    )  # fmt: skip
    await tx.execute("UPDATE clv_terms SET waiting = false, reckoned_at = $1", tx.now)
    return [row["subject_id"] for row in rows]


async def keep_month(tx: Tx, month: date) -> bool:
    """Keep everybody's value of a first of the month; False if it is kept already."""
    if await tx.fetchval("SELECT EXISTS (SELECT 1 FROM clv_month WHERE month = $1)", month):
        return False
    await tx.execute(
        "INSERT INTO clv_month SELECT subject_id, $1, value_fen FROM member_worth", month
    )
    return True


async def falling(tx: Tx, month: date) -> list[tuple[int, UUID, int, int, bool]]:
    """Whose value fell three months in a row, and did not by the month before, or the other way.

    Rows of subject, member, fen three months ago, fen now, and whether it falls.
    """
    rows = await tx.fetch(_FELL, months_before(month, MONTHS), month)
    return [tuple(row) for row in rows]


async def of_person(tx: Tx, root: int, leaves: Sequence[int]) -> Worth | None:
    """What a person is worth, and was by month."""
    row: Any = await tx.fetchrow(
        "SELECT yearly_spend_fen, margin, yearly_profit_fen, expected_years, value_fen, band,"
        " falling, (SELECT coalesce(jsonb_agg(jsonb_build_array(month, fen) ORDER BY month), '[]')"
        " FROM (SELECT month, sum(value_fen) AS fen FROM clv_month"
        " WHERE subject_id = ANY($2::bigint[]) GROUP BY month ORDER BY month DESC LIMIT $3) AS m)"
        " AS months"
        " FROM member_worth WHERE subject_id = $1",
        root, list(leaves), SHOWN_MONTHS,
    )  # fmt: skip
    if row is None:
        return None
    *figures, months = row
    figures.append([(date.fromisoformat(month), fen) for month, fen in months])
    return Worth(*figures)


async def forget_since(tx: Tx, survivors: Sequence[tuple[int, date]]) -> None:
    """Months of these subjects from these days on."""
    await tx.execute(
        "DELETE FROM clv_month USING unnest($1::bigint[], $2::date[]) AS one (id, since)"
        " WHERE subject_id = one.id AND month >= since",
        [subject for subject, _ in survivors],
        [since for _, since in survivors],
    )
