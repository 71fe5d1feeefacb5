"""Days of birth without years. Pure but for the key."""

import hmac
from calendar import isleap
from collections.abc import Callable
from datetime import date, timedelta

INDEX_BYTES = 16
AHEAD = timedelta(days=1)  # told the day before, so that the day begins with everybody known

Index = Callable[[str], bytes]


def indexed_by(key: Callable[[], bytes]) -> Index:
    """The blind index of "MM-DD" under a key of its own; nobody finds the day without the key."""
    return lambda month_day: hmac.digest(key(), month_day.encode(), "sha256")[:INDEX_BYTES]


def month_day(birthday: str) -> str:
    """Of an ISO date."""
    return birthday[5:10]


def celebrated(day: date) -> list[str]:
    """The days of birth whose birthday it is; 29 February is kept on the 28th in common years."""
    found = [f"{day:%m-%d}"]
    if found == ["02-28"] and not isleap(day.year):
        found.append("02-29")
    return found


def near(today: date) -> tuple[date, date]:
    """The days that have been announced already: whoever becomes known now is told at once."""
    return today, today + AHEAD
