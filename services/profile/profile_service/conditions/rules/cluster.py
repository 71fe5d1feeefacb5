"""In which of the clusters that the data shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from profile_service.conditions.domain import Ask, Known, Wants
from profile_service.conditions.rules.reading import Reader

KEYWORD = "cluster"


@dataclass(frozen=True, slots=True)
class Clustered:
    """`{"cluster": number}` or several."""

    numbers: tuple[int, ...]

    def document(self) -> dict[str, Any]:
        return {KEYWORD: list(self.numbers) if len(self.numbers) > 1 else self.numbers[0]}

    def wants(self) -> Wants:
        return Wants(kinds=frozenset({KEYWORD}))

    def holds(self, known: Known, today: date) -> bool:
        return known.cluster in self.numbers

    def turns(self, known: Known) -> Iterable[date]:
        return ()  # whoever is in another one is looked at again

    def sql(self, ask: Ask) -> str:
        numbers = ask(list(self.numbers), "int[]")
        return (
            "p.subject_id IN (SELECT subject_id FROM member_cluster"
            f" WHERE cluster = ANY({numbers}))"
        )


def parse(read: Reader) -> Clustered:
    """From a definition."""
    read.only(KEYWORD)
    values = read.scalars(KEYWORD)
    numbers = {each for each in values if _is_number(each)}
    if not numbers or not all(map(_is_number, values)):
        read.fault(KEYWORD, "number_expected", "a cluster's number or several")
        numbers = {1}
    return Clustered(tuple(sorted(numbers)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31
