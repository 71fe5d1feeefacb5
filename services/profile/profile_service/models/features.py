"""What is known of a member at a day, by SQL over the lake.

The SQL is what DuckDB and Spark both speak, over whole numbers and doubles only, so the same
text runs on one machine or on many (ADR 37). Money and counts of windows are rates per day of
the window or of the history there was, whichever is shorter: a cut with 80 days behind it and one
with 300 speak the same language.
"""

from __future__ import annotations

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from profile_service.models.shopping import Shopping

WINDOWS = (7, 14, 28, 56, 92, 184, 364)
HALF_LIVES = (10, 30, 90)

# One row an order and day; an order is a purchase if something in it was not a return.
ORDERS = """
SELECT member, order_no, day, MIN(hour) AS hour, SUM(amount) AS amount,
       SUM(CASE WHEN amount < 0 OR quantity < 0 THEN 0 ELSE 1 END) AS items,
       SUM(CASE WHEN amount < 0 THEN amount ELSE 0 END) AS returned,
       MAX(CASE WHEN amount < 0 OR quantity < 0 THEN 0 ELSE 1 END) AS bought,
       MIN(store) AS store
FROM line GROUP BY member, order_no, day
"""


def windows(horizon: int) -> list[int]:
    """Lengths of windows in days: the usual ones, and what the baseline of a horizon needs."""
    return sorted({*WINDOWS, horizon, 2 * horizon})


def sql(cut: int, first_day: int, horizon: int) -> str:
    """Features of everybody who bought before `cut` (days since 1970), over table `orders`."""
    history = max(cut - first_day, 1)
    columns = [
        f"{_rate(f'SUM(CASE WHEN age <= {days} THEN {what} ELSE 0 END)', days, history)}"
        f" AS {name}_{days}"
        for days in windows(horizon)
        for name, what in (("spend", "amount"), ("visits", "bought"), ("items", "items"))
    ]  # fmt: skip
    columns += [
        f"SUM({what} * POWER(0.5, age / {days}.0E0)) AS {name}_half_{days}"
        for days in HALF_LIVES for name, what in (("spend", "amount"), ("visits", "bought"))
    ]  # fmt: skip
    return f"""
WITH seen AS (
    SELECT *, {cut} - day AS age, (day + 3) % 7 AS weekday FROM orders WHERE day < {cut}
), visit AS (
    SELECT member, day, LAG(day) OVER (PARTITION BY member ORDER BY day) AS before
    FROM (SELECT DISTINCT member, day FROM seen WHERE bought = 1) AS once
), gap AS (
    SELECT member, COUNT(*) AS days_bought, MIN(day) AS first_day, MAX(day) AS last_day,
           AVG(CAST(day - before AS DOUBLE)) AS gap_mean,
           STDDEV_SAMP(CAST(day - before AS DOUBLE)) AS gap_deviation,
           MAX(day - before) AS gap_longest,
           MAX(CASE WHEN day >= {cut} - 92 THEN day - before END) AS gap_longest_92
    FROM visit GROUP BY member
), worth AS (
    SELECT member, COUNT(DISTINCT store) AS stores, SUM(bought) AS orders, SUM(amount) AS spend,
           SUM(returned) AS returned, SUM(items) AS items,
           MAX(amount) AS largest, STDDEV_SAMP(amount) AS spend_deviation,
           AVG(CASE WHEN weekday >= 5 THEN 1.0E0 ELSE 0.0E0 END) AS weekend,
           AVG(CASE WHEN hour >= 17 THEN 1.0E0 ELSE 0.0E0 END) AS evening,
           AVG(CAST(hour AS DOUBLE)) AS hour,
           SUM(CASE WHEN age > 28 AND age <= 56 THEN amount ELSE 0 END) AS spend_month_before,
           {", ".join(columns)}
    FROM seen GROUP BY member
)
SELECT worth.*, {cut} - last_day AS recency, {cut} - first_day AS tenure,
       last_day - first_day AS span,
       days_bought, gap_mean, gap_deviation, gap_longest, gap_longest_92,
       spend / orders AS basket, items / (1.0E0 * orders) AS basket_items,
       ({cut} - last_day) / gap_mean AS recency_gaps,
       ({cut} - last_day) / (1.0E0 * gap_longest) AS recency_longest
FROM worth JOIN gap ON gap.member = worth.member
ORDER BY worth.member
"""


def _rate(total: str, days: int, history: int) -> str:
    return f"{total} / {min(days, history)}.0E0"


class Features:
    """Features and outcomes of one history, by DuckDB."""

    def __init__(self, shopping: Shopping, threads: int = 2) -> None:
        self.shopping = shopping
        self._database = duckdb.connect(config={"threads": threads})
        self._database.register("line", shopping.lines.to_arrow())
        self._database.execute(f"CREATE TABLE orders AS {ORDERS}")

    def at(self, cut: int, horizon: int) -> pl.DataFrame:
        """Features at a day, one row a member that bought before it, in order of member."""
        return self._ask(sql(cut, self.shopping.first_day, horizon))

    def buyers(self, cut: int) -> int:
        """How many members had bought before a day."""
        query = f"SELECT COUNT(DISTINCT member) AS n FROM orders WHERE bought = 1 AND day < {cut}"
        return int(self._ask(query)["n"][0])

    def outcome(self, cut: int, horizon: int) -> pl.DataFrame:
        """member, spend (fen), orders of the `horizon` days from `cut`; only who came is in it."""
        return self._ask(
            "SELECT member, SUM(amount) AS spend, SUM(bought) AS orders FROM orders"
            f" WHERE day >= {cut} AND day < {cut + horizon} GROUP BY member ORDER BY member"
        )

    def _ask(self, query: str) -> pl.DataFrame:
        answer = pl.from_arrow(self._database.sql(query).to_arrow_table())
        assert isinstance(answer, pl.DataFrame)
        return answer


def aligned(features: pl.DataFrame, outcome: pl.DataFrame, name: str) -> NDArray[np.float64]:
    """One outcome a row of `features`, 0 where nothing happened."""
    joined = features.select("member").join(outcome, on="member", how="left", maintain_order="left")
    return joined[name].fill_null(0).cast(pl.Float64).to_numpy()
