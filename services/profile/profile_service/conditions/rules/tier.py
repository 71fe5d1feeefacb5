"""Which tier points last told."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from profile_service.conditions.domain import UNTOLD, Ask, Known, Wants
from profile_service.conditions.rules.reading import Reader

KEYWORD = "tier"


@dataclass(frozen=True, slots=True)
class Tier:
    """`{"tier": "gold"}` or several; `untold` are those who never changed theirs."""

    values: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        return {KEYWORD: list(self.values) if len(self.values) > 1 else self.values[0]}

    def wants(self) -> Wants:
        return Wants(kinds=frozenset({KEYWORD}))

    def holds(self, known: Known, today: date) -> bool:
        return (known.tier or UNTOLD) in self.values

    def turns(self, known: Known) -> Iterable[date]:
        return ()

    def sql(self, ask: Ask) -> str:
        tier = "(SELECT tier FROM member_tier AS t WHERE t.subject_id = p.subject_id)"
        return f"coalesce({tier}, '{UNTOLD}') = ANY({ask(list(self.values), 'text[]')})"


def parse(read: Reader) -> Tier:
    """From a definition."""
    read.only(KEYWORD)
    values = read.texts(KEYWORD)
    if not values:
        read.fault(KEYWORD, "values_expected", "a tier or several")
    return Tier(values or (UNTOLD,))
