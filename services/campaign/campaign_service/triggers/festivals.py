"""When festivals are, by the lunar calendar and the common one; and what they are called. Pure.

Lunar months and solar terms are worked out by `lunar_python`; days are those of Beijing time.
"""

from calendar import monthcalendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from lunar_python import Lunar, Solar


@dataclass(frozen=True, slots=True)
class Festival:
    """`on`: its day in a year (of a lunar festival: in the lunar year that begins in it)."""

    zh: str
    en: str
    on: Callable[[int], date]


def _lunar(month: int, day: int) -> Callable[[int], date]:
    return lambda year: _common(Lunar.fromYmd(year, month, day).getSolar())


def _fixed(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


def _term(name: str) -> Callable[[int], date]:
    """A solar term; the middle of the year has the table with all of that year's."""
    return lambda year: _common(Solar.fromYmd(year, 7, 1).getLunar().getJieQiTable()[name])


def _sunday(month: int, nth: int) -> Callable[[int], date]:
    def on(year: int) -> date:
        sundays = [week[6] for week in monthcalendar(year, month) if week[6]]
        return date(year, month, sundays[nth - 1])

    return on


def _eve(year: int) -> date:
    """The last day of a lunar year, which may be its month's 29th or 30th."""
    return _lunar(1, 1)(year + 1) - timedelta(days=1)


def _common(day: Solar) -> date:
    return date(day.getYear(), day.getMonth(), day.getDay())


FESTIVALS: Mapping[str, Festival] = {
    "spring_festival": Festival("春节", "Chinese New Year", _lunar(1, 1)),
    "lantern": Festival("元宵节", "the Lantern Festival", _lunar(1, 15)),
    "dragon_boat": Festival("端午节", "the Dragon Boat Festival", _lunar(5, 5)),
    "qixi": Festival("七夕", "Qixi", _lunar(7, 7)),
    "ghost": Festival("中元节", "the Zhongyuan Festival", _lunar(7, 15)),
    "mid_autumn": Festival("中秋节", "the Mid-Autumn Festival", _lunar(8, 15)),
    "double_ninth": Festival("重阳节", "the Double Ninth Festival", _lunar(9, 9)),
    "laba": Festival("腊八节", "Laba", _lunar(12, 8)),
    "little_new_year": Festival("小年", "Little New Year", _lunar(12, 23)),
    "new_year_eve": Festival("除夕", "Chinese New Year's Eve", _eve),
    "qingming": Festival("清明节", "Qingming", _term("清明")),
    "winter_solstice": Festival("冬至", "the Winter Solstice", _term("DONG_ZHI")),
    "new_year": Festival("元旦", "New Year", _fixed(1, 1)),
    "valentines": Festival("情人节", "Valentine's Day", _fixed(2, 14)),
    "womens_day": Festival("妇女节", "Women's Day", _fixed(3, 8)),
    "labour_day": Festival("劳动节", "Labour Day", _fixed(5, 1)),
    "childrens_day": Festival("儿童节", "Children's Day", _fixed(6, 1)),
    "national_day": Festival("国庆节", "National Day", _fixed(10, 1)),
    "singles_day": Festival("双十一", "Singles' Day", _fixed(11, 11)),
    "christmas": Festival("圣诞节", "Christmas", _fixed(12, 25)),
    "mothers_day": Festival("母亲节", "Mother's Day", _sunday(5, 2)),
    "fathers_day": Festival("父亲节", "Father's Day", _sunday(6, 3)),
}


@cache
def days(festival: str, year: int) -> frozenset[date]:
    """Its days in a common year: a lunar year ends in the common year after the one it begins in,
    so a year may have two, or none."""
    on = FESTIVALS[festival].on
    return frozenset(day for day in map(on, (year - 1, year)) if day.year == year)


def is_on(festival: str, day: date) -> bool:
    """Whether a day is the festival's."""
    return day in days(festival, day.year)


def following(festival: str, day: date) -> date:
    """Its next day, from `day` on."""
    years = range(day.year, day.year + 3)
    return min(each for year in years for each in days(festival, year) if each >= day)
