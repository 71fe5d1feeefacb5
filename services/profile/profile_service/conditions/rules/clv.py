"""In which band of value, and whether that has been falling."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from profile_service.conditions.domain import Ask, Known, Wants
from profile_service.conditions.rules.reading import Reader

KEYWORD = "clv"
BANDS = ("high", "middle", "low")


@dataclass(frozen=True, slots=True)
class Worth:
    """`{"clv": {"band": one or several, "falling": true or false}}`; what is left out may be
    anything. Nobody whose value is not known."""

    bands: tuple[str, ...] = ()
    falling: bool | None = None

    def document(self) -> dict[str, Any]:
        inner: dict[str, Any] = {}
        if self.bands:
            inner["band"] = list(self.bands) if len(self.bands) > 1 else self.bands[0]
        if self.falling is not None:
            inner["falling"] = self.falling
        return {KEYWORD: inner}

    def wants(self) -> Wants:
        return Wants(kinds=frozenset({KEYWORD}))

    def holds(self, known: Known, today: date) -> bool:
        if known.worth is None:
            return False
        band, falling = known.worth
        return (not self.bands or band in self.bands) and self.falling in (None, falling)

    def turns(self, known: Known) -> Iterable[date]:
        return ()  # a new value makes the person be looked at again

    def sql(self, ask: Ask) -> str:
        tests = ["true"]
        if self.bands:
            tests.append(f"band = ANY({ask(list(self.bands), 'text[]')})")
        if self.falling is not None:
            tests.append(f"falling = {ask(self.falling, 'bool')}")
        return f"p.subject_id IN (SELECT subject_id FROM member_worth WHERE {' AND '.join(tests)})"


def parse(read: Reader) -> Worth:
    """From a definition."""
    read.only(KEYWORD)
    inner = read.inner(KEYWORD)
    if inner is None:
        return Worth()
    inner.only("band", "falling")
    bands = inner.texts("band")
    if not set(bands) <= set(BANDS):
        inner.fault("band", "unknown_value", f"one of {', '.join(BANDS)}")
    falling = inner.body.get("falling")
    if falling is not None and not isinstance(falling, bool):
        inner.fault("falling", "truth_expected", "true or false")
        falling = None
    if not bands and falling is None and not inner.faults:
        inner.fault("", "values_expected", "a band, falling or both")
    return Worth(bands, falling)
