"""Did one thing and then, for so many days, not another."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from profile_service.conditions.domain import Ask, Known, Wants, Window, later
from profile_service.conditions.rules.reading import MOST_DAYS, Reader
from profile_service.conditions.sources import source

KEYWORD = "sequence"


@dataclass(frozen=True, slots=True)
class Sequence:
    """`{"sequence": {"first": A, "then_not": B, "days": 2, "within": 30}}`.

    True if A happened within so many days, the `days` programme days after it are over, and from
    that A until their end there was no B. Of several A on a day the last one counts: it has the
    fewest B behind it.
    """

    first: str
    then_not: str
    days: int
    within: int

    def document(self) -> dict[str, Any]:
        return {
            KEYWORD: {
                "first": self.first,
                "then_not": self.then_not,
                "days": self.days,
                "within": self.within,
            }
        }

    def wants(self) -> Wants:
        window = Window(self.within + 1)
        return Wants({self.first: window, self.then_not: window})

    def holds(self, known: Known, today: date) -> bool:
        since, until = today - timedelta(days=self.within), today - timedelta(days=self.days)
        lasts: dict[date, datetime] = {}
        for done in known.days.get(self.first, ()):
            if since < done.day < until:
                lasts[done.day] = max(lasts.get(done.day, done.last_at), done.last_at)
        others = known.days.get(self.then_not, ())
        return any(
            not any(other.day <= later(day, self.days) and other.last_at > last for other in others)
            for day, last in lasts.items()
        )

    def turns(self, known: Known) -> Iterable[date]:
        for done in known.days.get(self.first, ()):
            yield later(done.day, self.days + 1)
            yield later(done.day, self.within)

    def sql(self, ask: Ask) -> str:
        def lasts(event: str, where: str) -> str:
            rows = source(event, [], lambda text: ask(text, "text"))
            return (
                f"(SELECT s.root, day, max(last_at) AS last_at FROM {rows} AS happened"
                f" JOIN subject AS s ON s.id = happened.subject_id WHERE {where}"
                " GROUP BY s.root, day)"
            )

        days = ask(self.days, "int")
        since = f"$1::date - {ask(self.within, 'int')}"
        first = lasts(self.first, f"day > {since} AND day < $1::date - {days}")
        other = lasts(self.then_not, f"day > {since}")
        return (
            f"p.subject_id IN (SELECT a.root FROM {first} AS a WHERE NOT EXISTS (SELECT"
            f" FROM {other} AS b WHERE b.root = a.root AND b.day <= a.day + {days}"
            " AND b.last_at > a.last_at))"
        )


def parse(read: Reader) -> Sequence:
    """From a definition."""
    read.only(KEYWORD)
    inner = read.inner(KEYWORD)
    if inner is None:
        return Sequence("", "", 1, 2)
    inner.only("first", "then_not", "days", "within")
    days = inner.whole("days", 0, MOST_DAYS)
    within = inner.whole("within", 1, MOST_DAYS)
    if within <= days:
        inner.fault("within", "empty_range", "more than days")
    return Sequence(inner.text("first"), inner.text("then_not"), days, within)
