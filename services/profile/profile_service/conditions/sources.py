"""Where behaviour stands in the database, one row a subject, day and channel or finer. SQL text."""

from collections.abc import Callable

from profile_service.conditions.domain import ORDER

_MIDNIGHT = "({} + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'"
DAY = "({} AT TIME ZONE 'Asia/Shanghai')::date"
_AMOUNTS = {
    "paid_fen": "paid_fen",
    "lines": "cardinality(skus)",
    "quantity": "(SELECT sum(q) FROM unnest(quantities) AS q)",
}
ORDER_SUMS = tuple(_AMOUNTS)

Name = Callable[[str], str]  # a text as a placeholder


def source(event: str, sums: list[str], text: Name, after: str = "") -> str:
    """Rows of subject_id, day, channel, n, last_at and sum_0, sum_1, … of an event.

    `after`: only those of later days, as SQL; partitions of earlier ones are not looked at. Counts
    come from the daily fold; only sums need the activities themselves.
    """
    if event == ORDER:
        amounts = "".join(f", {_AMOUNTS[of]}::numeric AS sum_{n}" for n, of in enumerate(sums))
        return (
            f"(SELECT subject_id, {DAY.format('paid_at')} AS day, channel, 1 AS n,"
            f" paid_at AS last_at{amounts} FROM purchase{_since('WHERE paid_at', after)})"
        )
    if not sums:
        return (
            "(SELECT subject_id, day, channel, n, last_at FROM activity_day"
            f" WHERE event = {text(event)}{f' AND day > {after}' if after else ''})"
        )
    amounts = ""
    for n, of in enumerate(sums):
        place = text(of)
        amounts += (
            f", CASE WHEN jsonb_typeof(properties -> {place}) = 'number'"
            f" THEN (properties ->> {place})::numeric ELSE 0 END AS sum_{n}"
        )
    return (
        f"(SELECT subject_id, {DAY.format('occurred_at')} AS day, coalesce(channel, '') AS channel,"
        f" 1 AS n, occurred_at AS last_at{amounts} FROM activity"
        f" WHERE event = {text(event)} AND subject_id IS NOT NULL"
        f"{_since('AND occurred_at', after)})"
    )


def _since(column: str, after: str) -> str:
    return f" {column} >= {_MIDNIGHT.format(after)}" if after else ""
