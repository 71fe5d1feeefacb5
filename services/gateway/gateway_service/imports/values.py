"""Values as files write them: money, moments, days, numbers, degrees. Pure."""

import re
import unicodedata
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from chassis.clock import PROGRAM_ZONE

_MOST = Decimal(10) ** 12
_MONEY = re.compile(r"^(?:¥|￥|rmb|cny|\$)?\s*([-−]?[\d,]*\.?\d+)\s*元?$", re.IGNORECASE)
_DAY = re.compile(r"^(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?$")
_MOMENT = re.compile(
    r"^(\d{4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?)[T\s]*(\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d+)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?$"
)
_LISTED = re.compile(r"[,;|、，；/]+")
_DEGREES = {
    "高": "high", "high": "high", "h": "high", "强": "high", "a": "high",
    "中": "middle", "middle": "middle", "medium": "middle", "m": "middle", "一般": "middle",
    "b": "middle", "低": "low", "low": "low", "l": "low", "弱": "low", "c": "low",
}  # fmt: skip


class BadRow(ValueError):
    """A row that cannot be taken: why, and by the fault of which field. Names no value."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(reason)
        self.reason, self.field = reason, field


def money(text: str, field: str) -> int:
    """Fen of an amount in yuan. Raises BadRow, for a negative one, too."""
    found = _MONEY.match(unicodedata.normalize("NFKC", text).strip())
    if not found:
        raise BadRow("not an amount", field)
    amount = Decimal(found[1].replace(",", "").replace("−", "-"))
    if amount < 0:
        raise BadRow("an amount is negative", field)
    if amount > _MOST:
        raise BadRow("not an amount", field)
    return int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))


def whole(text: str, field: str, least: int) -> int:
    """A whole number of at least `least`; `3.0` is one. Raises BadRow."""
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise BadRow("not a whole number", field) from None
    if not number.is_finite() or number != number.to_integral_value() or abs(number) > _MOST:
        raise BadRow("not a whole number", field)
    if number < least:
        raise BadRow(f"less than {least}", field)
    return int(number)


def share(text: str, field: str) -> float:
    """`0.8` or `80%`. Raises BadRow."""
    try:
        number = Decimal(text.rstrip("%％").strip())
    except InvalidOperation:
        raise BadRow("not a share", field) from None
    number = number / 100 if text[-1:] in {"%", "％"} else number
    if not 0 <= number <= 1:
        raise BadRow("not a share of 0 to 1", field)
    return float(number)


def day(text: str, field: str) -> date:
    """`1990-01-05`, `1990/1/5`, `19900105`, `1990年1月5日`. Raises BadRow."""
    found = _DAY.match(text)
    whole_day = found or _DAY.match(text.partition(" ")[0].partition("T")[0])
    try:
        if whole_day:
            return date(*map(int, whole_day.groups()))
    except ValueError:
        pass
    raise BadRow("not a date", field)


def moment(text: str, field: str) -> datetime:
    """A day and a time; without a zone it is the programme's. Raises BadRow."""
    found = _MOMENT.match(text)
    if found is None:
        begins = day(text, field)
        return datetime(begins.year, begins.month, begins.day, tzinfo=PROGRAM_ZONE)
    zone = found[3] or ""
    clock = found[2] if found[2][1] != ":" else f"0{found[2]}"
    try:
        told = datetime.fromisoformat(f"{day(found[1], field).isoformat()}T{clock}{zone}")
    except ValueError:
        raise BadRow("not a moment", field) from None
    return told if told.tzinfo else told.replace(tzinfo=PROGRAM_ZONE)


def degree(text: str) -> str | float:
    """`high`, `middle`, `low`, or the number it is; else the words."""
    known = _DEGREES.get(text.lower())
    if known:
        return known
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return float(number) if number.is_finite() else text


def listed(text: str) -> list[str]:
    """Several words in one cell."""
    return [word for each in _LISTED.split(text) if (word := each.strip())]
