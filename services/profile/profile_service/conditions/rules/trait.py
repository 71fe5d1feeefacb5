"""What was told about a person: a trait is there, is one of some values, or a number within."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from profile_service.conditions.domain import Ask, Known, Range, Wants, matches
from profile_service.conditions.rules.reading import RANGE, Reader

KEYWORD = "trait"


@dataclass(frozen=True, slots=True)
class Trait:
    """`{"trait": name, "is": one or several}`, `{"trait": name, "at_least": …, "at_most": …}`.

    Of a list any entry will do. Personal values are sealed: of them one can only ask if they are
    there.
    """

    name: str
    values: tuple[Any, ...] = ()
    range: Range | None = None

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {KEYWORD: self.name}
        if self.values:
            document["is"] = list(self.values) if len(self.values) > 1 else self.values[0]
        return document | (self.range.document() if self.range else {})

    def wants(self) -> Wants:
        return Wants(kinds=frozenset({KEYWORD}))

    def holds(self, known: Known, today: date) -> bool:
        value = known.traits.get(self.name)
        if value is None:
            return False
        if not self.values and self.range is None:
            return True
        return any(map(self._passes, value if isinstance(value, list) else [value]))

    def _passes(self, value: Any) -> bool:
        if not isinstance(value, str | int | float):
            return False
        if self.values:
            return matches(self.values, value)
        if isinstance(value, bool | str) or self.range is None:
            return False
        return self.range.holds(Decimal(str(value)))

    def turns(self, known: Known) -> Iterable[date]:
        return ()

    def sql(self, ask: Ask) -> str:
        latest = (
            "(SELECT DISTINCT ON (s.root) s.root, t.value FROM trait AS t"
            f" JOIN subject AS s ON s.id = t.subject_id WHERE t.name = {ask(self.name, 'text')}"
            " ORDER BY s.root, t.source IS NULL DESC, t.occurred_at DESC, t.message_key DESC)"
            " AS latest"
        )
        there = "value IS NOT NULL AND value <> 'null'::jsonb"
        if not self.values and self.range is None:
            return f"p.subject_id IN (SELECT root FROM {latest} WHERE {there})"
        if self.values:
            among = msgspec.json.encode(self.values).decode()
            test = (
                "jsonb_typeof(e) IN ('string', 'number', 'boolean')"
                f" AND {ask(among, 'text')}::jsonb @> e"
            )
        else:
            assert self.range is not None
            number = "CASE jsonb_typeof(e) WHEN 'number' THEN (e #>> '{}')::numeric END"
            test = self.range.sql(number, ask)
        entries = (
            "jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value"
            " ELSE jsonb_build_array(value) END)"
        )
        return (
            f"p.subject_id IN (SELECT root FROM {latest} WHERE {there}"
            f" AND EXISTS (SELECT FROM {entries} AS e WHERE {test}))"
        )


def parse(read: Reader) -> Trait:
    """From a definition."""
    read.only(KEYWORD, "is", *RANGE)
    values, bounds = read.scalars("is"), read.bounds(needed=False)
    if values and bounds:
        read.fault("is", "contradiction", "either values or bounds")
    return Trait(read.text(KEYWORD), values, bounds)
