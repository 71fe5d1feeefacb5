"""What registration told: gender, city, region, channel, and what the year of birth says."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from profile_service.conditions.domain import NO_WANTS, Ask, Known, Range, Wants
from profile_service.conditions.rules.reading import RANGE, Reader

KEYWORD = "attribute"
TEXTS = ("gender", "city", "channel", "region")
_CODE = re.compile(r"[1-9]\d{5}")
NUMBERS = ("birth_year", "birth_month", "age")


@dataclass(frozen=True, slots=True)
class Attribute:
    """`{"attribute": "gender", "is": …}`, `{"attribute": "age", "at_least": …}`.

    `age` is reached in the calendar year: the year of birth is all that is known here. Who lives
    in a district lives in its city and province: `region` 330000 is anywhere in 33.
    """

    name: str
    values: tuple[str, ...] = ()
    range: Range | None = None

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {KEYWORD: self.name}
        if self.values:
            document["is"] = list(self.values) if len(self.values) > 1 else self.values[0]
        return document | (self.range.document() if self.range else {})

    def wants(self) -> Wants:
        return NO_WANTS

    def holds(self, known: Known, today: date) -> bool:
        if self.name == "region":
            return (known.attributes.region or "").startswith(self._heads)
        if self.name in TEXTS:
            return getattr(known.attributes, self.name) in self.values
        assert self.range is not None
        if self.name == "birth_month":
            month = known.attributes.birth_month
            return month is not None and self.range.holds(month)
        year = known.attributes.birth_year
        if year is None:
            return False
        return self.range.holds(today.year - year if self.name == "age" else year)

    @property
    def _heads(self) -> tuple[str, ...]:
        """Of regions, what codes within them begin with."""
        return tuple(re.sub(r"(?:00)+$", "", value) for value in self.values)

    def turns(self, known: Known) -> Iterable[date]:
        year = known.attributes.birth_year
        if self.name == "age" and year is not None and self.range is not None:
            for bound in (self.range.at_least, self.range.at_most):
                if bound is not None:
                    for turn in (int(bound), int(bound) + 1):
                        if 1 <= year + turn <= date.max.year:
                            yield date(year + turn, 1, 1)

    def sql(self, ask: Ask) -> str:
        column = "birth_year" if self.name == "age" else self.name
        there = f"nullif(m.{column}, '')" if self.name in TEXTS else f"m.{column}"
        # The survivor's registration comes first, then the oldest: Attributes.filled_from.
        first = (
            f"(SELECT DISTINCT ON (s.root) s.root, m.{column} AS value FROM member AS m"
            f" JOIN subject AS s ON s.id = m.subject_id WHERE {there} IS NOT NULL"
            " ORDER BY s.root, (s.id <> s.root), m.registered_at, s.id) AS first"
        )
        if self.name == "region":
            test = f"value LIKE ANY({ask([f'{head}%' for head in self._heads], 'text[]')})"
        elif self.name in TEXTS:
            test = f"value = ANY({ask(list(self.values), 'text[]')})"
        else:
            assert self.range is not None
            value = "extract(year FROM $1::date) - value" if self.name == "age" else "value"
            test = self.range.sql(value, ask)
        return f"p.subject_id IN (SELECT root FROM {first} WHERE {test})"


def parse(read: Reader) -> Attribute:
    """From a definition."""
    name = read.text(KEYWORD, (*TEXTS, *NUMBERS))
    if name in TEXTS:
        read.only(KEYWORD, "is")
        values = read.texts("is")
        if not values:
            read.fault("is", "values_expected", "a text or several")
        if name == "region" and not all(map(_CODE.fullmatch, values)):
            read.fault("is", "region_expected", "six digits of GB/T 2260")
        return Attribute(name, values)
    read.only(KEYWORD, *RANGE)
    return Attribute(name, (), read.bounds())
