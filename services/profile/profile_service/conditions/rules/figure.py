"""A figure of all purchases, or the days since something, within bounds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from profile_service.conditions.domain import NO_WANTS, Ask, Known, Range, Wants, within
from profile_service.conditions.rules.reading import RANGE, Reader
from profile_service.conditions.sources import DAY

KEYWORD = "figure"


@dataclass(frozen=True, slots=True)
class Figure:
    """How a figure is made. `times`: it is `value / times`, and nothing where that is 0.

    `since` makes it the days since then. `sql` and `sql_times` are over a row of `_FOLD`.
    """

    sql: str
    value: Callable[[Known], int | None] = lambda known: None
    sql_times: str = ""
    times: Callable[[Known], int] = lambda known: 1
    since: Callable[[Known], date | None] | None = None


FIGURES = {
    "orders": Figure("orders", lambda known: known.spending.orders),
    "lines": Figure("lines", lambda known: known.spending.lines),
    "paid_fen": Figure("paid_fen", lambda known: known.spending.paid_fen),
    "refunded_fen": Figure("refunded_fen", lambda known: known.spending.refunded_fen),
    "net_fen": Figure("paid_fen - refunded_fen", lambda known: known.spending.net_fen),
    "coupon_orders": Figure("coupon_orders", lambda known: known.spending.coupon_orders),
    "mean_order_fen": Figure(
        "paid_fen - refunded_fen", lambda known: known.spending.net_fen,
        "orders", lambda known: known.spending.orders,
    ),
    "mean_lines": Figure(
        "lines", lambda known: known.spending.lines,
        "orders", lambda known: known.spending.orders,
    ),
    "coupon_share": Figure(
        "coupon_orders", lambda known: known.spending.coupon_orders,
        "orders", lambda known: known.spending.orders,
    ),
    "refund_share": Figure(
        "refunded_fen", lambda known: known.spending.refunded_fen,
        "paid_fen", lambda known: known.spending.paid_fen,
    ),
    "mean_gap_days": Figure(
        "last_on - first_on",
        lambda known: (
            None if known.first_on is None or known.last_on is None
            else (known.last_on - known.first_on).days
        ),
        "orders - 1", lambda known: known.spending.orders - 1,
    ),
    "days_since_order": Figure("$1::date - last_on", since=lambda known: known.last_on),
    "days_since_first_order": Figure("$1::date - first_on", since=lambda known: known.first_on),
    "days_since_registration": Figure(
        "$1::date - registered_on", since=lambda known: known.registered_on
    ),
}  # fmt: skip

_FOLD = (
    "(SELECT who.root, coalesce(sum(orders), 0) AS orders, coalesce(sum(lines), 0) AS lines,"
    " coalesce(sum(paid_fen), 0) AS paid_fen, coalesce(sum(refunded_fen), 0) AS refunded_fen,"
    f" coalesce(sum(coupon_orders), 0) AS coupon_orders, {DAY.format('min(first_at)')} AS first_on,"
    f" {DAY.format('max(last_at)')} AS last_on,"
    f" {DAY.format('min(registered_at)')} AS registered_on"
    " FROM subject AS who LEFT JOIN spending ON spending.subject_id = who.id"
    " LEFT JOIN member ON member.subject_id = who.id GROUP BY who.root) AS fold"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """`{"figure": name, "at_least": …, "at_most": …}`."""

    name: str
    range: Range

    def document(self) -> dict[str, Any]:
        return {KEYWORD: self.name, **self.range.document()}

    def wants(self) -> Wants:
        return NO_WANTS

    def holds(self, known: Known, today: date) -> bool:
        figure = FIGURES[self.name]
        if figure.since is not None:
            since = figure.since(known)
            return since is not None and self.range.holds((today - since).days)
        value, times = figure.value(known), figure.times(known)
        return value is not None and times > 0 and self.range.holds(value, times)

    def turns(self, known: Known) -> Iterable[date]:
        since = FIGURES[self.name].since
        day = since(known) if since else None
        return self.range.days(day) if day is not None else ()

    def sql(self, ask: Ask) -> str:
        figure = FIGURES[self.name]
        test = self.range.sql(figure.sql, ask, figure.sql_times or "1")
        if figure.sql_times:
            test += f" AND {figure.sql_times} > 0"
        return within("root", _FOLD, test, of_nothing=False)


def parse(read: Reader) -> Measured:
    """From a definition."""
    read.only(KEYWORD, *RANGE)
    return Measured(read.text(KEYWORD, tuple(FIGURES)), read.bounds() or Range())
