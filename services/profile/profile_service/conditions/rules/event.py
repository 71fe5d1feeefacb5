"""Did something so often, or for so much, within so many days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from profile_service.conditions.domain import (
    ORDER,
    Ask,
    Done,
    Known,
    Range,
    Swept,
    Wants,
    Window,
    later,
    within,
)
from profile_service.conditions.rules.reading import MOST_DAYS, RANGE, Reader
from profile_service.conditions.sources import ORDER_SUMS, source

KEYWORD = "event"
ONCE = Range(Decimal(1))
_NONE = Decimal()


@dataclass(frozen=True, slots=True)
class Event(Swept):
    """`{"event": name, "days": 30, "channel": "app", "count": {"at_least": 3}}`, or a `sum`:
    `{"of": "revenue", "at_least": 100}`.

    The last `days` programme days, today's included; ever if left out. Without bounds: at least
    once. Purchases are the event "Order"; its sums are of paid_fen, lines or quantity.
    """

    name: str
    days: int | None = None
    channel: str | None = None
    count: Range | None = None
    of: str | None = None
    sum: Range | None = None

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {KEYWORD: self.name}
        if self.days is not None:
            document["days"] = self.days
        if self.channel is not None:
            document["channel"] = self.channel
        if self.count is not None and (self.count != ONCE or self.sum is not None):
            document["count"] = self.count.document()
        if self.sum is not None:
            document["sum"] = {"of": self.of, **self.sum.document()}
        return document

    def wants(self) -> Wants:
        sums = frozenset({self.of}) if self.of else frozenset[str]()
        return Wants({self.name: Window(self.days, sums)})

    def _in(self, known: Known, today: date) -> list[Done]:
        since = date.min if self.days is None else today - timedelta(days=self.days)
        return [
            done
            for done in known.days.get(self.name, ())
            if since < done.day <= today and self.channel in (None, done.channel)
        ]

    def holds(self, known: Known, today: date) -> bool:
        seen = self._in(known, today)
        amounts = (done.sums[self.of] for done in seen) if self.of else ()
        return self._passes(sum(done.n for done in seen), sum(amounts, _NONE))

    def _passes(self, n: int, amount: Decimal) -> bool:
        if self.count is not None and not self.count.holds(n):
            return False
        return self.sum is None or self.sum.holds(amount)

    def answer(self, known: Known, today: date) -> tuple[bool, date | None]:
        n, amount = 0, _NONE
        if self.name not in known.days:
            return self._passes(n, amount), None
        changes: dict[date, list[Done]] = {}  # from this day on these count as well, or no more
        for done in known.days.get(self.name, ()):
            if self.channel not in (None, done.channel):
                continue
            ends = later(done.day, self.days) if self.days is not None else date.max
            if done.day > today:  # a clock ahead of ours
                changes.setdefault(done.day, []).append(done)
            elif ends > today:
                n, amount = n + done.n, amount + self._amount(done)
            if ends > today and self.days is not None:
                changes.setdefault(ends, []).append(done)
        now = self._passes(n, amount)
        for day in sorted(changes):
            for done in changes[day]:
                sign = 1 if done.day == day else -1
                n, amount = n + sign * done.n, amount + sign * self._amount(done)
            if self._passes(n, amount) != now:
                return now, day
        return now, None

    def _amount(self, done: Done) -> Decimal:
        return done.sums[self.of] if self.of is not None else _NONE

    def times(self, known: Known, today: date) -> int:
        """How often it happened."""
        return sum(done.n for done in self._in(known, today))

    def turns(self, known: Known) -> Iterable[date]:
        for done in known.days.get(self.name, ()):
            yield done.day  # a clock ahead of ours
            if self.days is not None:
                yield later(done.day, self.days)

    def sql(self, ask: Ask) -> str:
        after = "" if self.days is None else f"$1::date - {ask(self.days, 'int')}"
        sums = [self.of] if self.of else []
        rows = source(self.name, sums, lambda text: ask(text, "text"), after)
        tests = ["day <= $1::date"]
        if self.channel is not None:
            tests.append(f"channel = {ask(self.channel, 'text')}")
        amount = ", sum(sum_0) AS total" if self.of else ""
        grouped = (
            f"(SELECT s.root, sum(n) AS n{amount} FROM {rows} AS happened"
            f" JOIN subject AS s ON s.id = happened.subject_id WHERE {' AND '.join(tests)}"
            " GROUP BY s.root) AS seen"
        )
        asked = [self.count.sql("n", ask)] if self.count is not None else []
        asked += [self.sum.sql("total", ask)] if self.sum is not None else []
        of_nothing = all(each.holds(0) for each in (self.count, self.sum) if each is not None)
        return within("root", grouped, " AND ".join(asked), of_nothing=of_nothing)


def parse(read: Reader) -> Event:
    """From a definition."""
    read.only(KEYWORD, "days", "channel", "count", "sum")
    name = read.text(KEYWORD)
    count = total = of = None
    if "count" in read.body and (inner := read.inner("count")):
        inner.only(*RANGE)
        count = inner.bounds()
    if "sum" in read.body and (inner := read.inner("sum")):
        inner.only("of", *RANGE)
        of = inner.text("of", ORDER_SUMS if name == ORDER else ())
        total = inner.bounds()
    days = read.maybe_whole("days", 1, MOST_DAYS)
    if count is None and total is None:
        count = ONCE
    return Event(name, days, read.maybe_text("channel"), count, of, total)
