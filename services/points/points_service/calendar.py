"""The programme's calendar: its days and months begin in its own zone."""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


def day_of(moment: datetime) -> date:
    """The programme day a moment falls on."""
    return moment.astimezone(ZONE).date()


def month_of(moment: datetime) -> date:
    """The first day of the programme month a moment falls in."""
    return day_of(moment).replace(day=1)


@lru_cache(maxsize=1024)
def start_of(day: date) -> datetime:
    """The first moment of a programme day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)


@lru_cache(maxsize=1024)
def months_later(day: date, months: int) -> date:
    """The same day of a later (or, below 0, earlier) month, or the 1st after one that is short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return months_later(day.replace(day=1), months + 1)
