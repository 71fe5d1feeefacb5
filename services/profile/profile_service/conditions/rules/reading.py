"""Reading a part of a definition: what is wrong is noted with its place, and reading goes on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from profile_service.conditions.domain import Range

MOST_VALUES, LONGEST, MOST_DAYS = 100, 200, 1_096
UNIT = 10**12  # greater numbers mean nothing here
RANGE = ("at_least", "at_most")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a JSON pointer; never repeats what was sent."""

    pointer: str
    code: str
    detail: str


@dataclass
class Reader:
    """A JSON object at a place, and what is wrong with it."""

    body: Mapping[str, Any]
    pointer: str
    faults: list[Fault] = field(default_factory=list)

    def fault(self, name: str, code: str, detail: str) -> None:
        """Note one; `name` "" means the object itself."""
        place = name.replace("~", "~0").replace("/", "~1")
        self.faults.append(Fault(f"{self.pointer}/{place}" if name else self.pointer, code, detail))

    def only(self, *names: str) -> None:
        """Nothing else may be there."""
        for name in self.body:
            if name not in names:
                self.fault(name, "unknown_field", "field is not known")

    def text(self, name: str, among: Collection[str] = ()) -> str:
        """A text that must be there, "" if it is not."""
        value = self.body.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST or "\0" in value:
            self.fault(name, "text_expected", f"a text of 1 to {LONGEST} characters")
            return ""
        if among and value not in among:
            self.fault(name, "unknown_value", f"one of {', '.join(among)}")
        return value

    def maybe_text(self, name: str, among: Collection[str] = ()) -> str | None:
        """A text that may be there."""
        return self.text(name, among) if self.body.get(name) is not None else None

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number that must be there, `low` if it is not."""
        value = self.body.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.fault(name, "number_expected", f"a whole number from {low} to {high}")
            return low
        return value

    def maybe_whole(self, name: str, low: int, high: int) -> int | None:
        """A whole number that may be there."""
        return self.whole(name, low, high) if self.body.get(name) is not None else None

    def number(self, name: str) -> Decimal | None:
        """A number that may be there."""
        value = self.body.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > UNIT:
            self.fault(name, "number_expected", "a number")
            return None
        return Decimal(str(value))

    def scalars(self, name: str) -> tuple[Any, ...]:
        """One or several texts, numbers or truth values, none if the name is not there."""
        value = self.body.get(name)
        if value is None:
            return ()
        values = value if isinstance(value, list) else [value]
        good = all(isinstance(each, str | int | float) for each in values)
        if not good or not 0 < len(values) <= MOST_VALUES:
            self.fault(name, "values_expected", f"a value or up to {MOST_VALUES} of them")
            return ()
        texts = [each for each in values if isinstance(each, str)]
        if not all(0 < len(each) <= LONGEST and "\0" not in each for each in texts):
            self.fault(name, "values_expected", f"texts of 1 to {LONGEST} characters")
            return ()
        return tuple(values)

    def texts(self, name: str) -> tuple[str, ...]:
        """Like `scalars`, texts only, sorted."""
        values = self.scalars(name)
        if not all(isinstance(each, str) for each in values):
            self.fault(name, "text_expected", "a text or several")
            return ()
        return tuple(sorted(set(values)))

    def bounds(self, *, needed: bool = True) -> Range | None:
        """`at_least` and `at_most` of this very object."""
        low, high = self.number("at_least"), self.number("at_most")
        if low is None and high is None:
            if needed:
                self.fault("at_least", "bound_expected", "at_least, at_most or both")
            return None
        if low is not None and high is not None and low > high:
            self.fault("at_most", "empty_range", "not below at_least")
        return Range(low, high)

    def inner(self, name: str) -> "Reader | None":
        """The object under a name, None (and a fault) where there is none."""
        value = self.body.get(name)
        if not isinstance(value, dict):
            self.fault(name, "object_expected", "an object")
            return None
        return Reader(value, f"{self.pointer}/{name}", self.faults)
