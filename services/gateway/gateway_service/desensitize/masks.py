"""How a value looks when only its outline may be seen. Every kind without a mask is all stars."""

from collections.abc import Callable
from datetime import date

from contracts.classification import Kind

STARS = "***"
_DOUBLE_SURNAMES = "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 夏侯 长孙 宇文 司徒 端木 南宫"


def mask(kind: Kind, value: str, today: date) -> str:
    """The outline of a value: `138****5678`, `张**`, `a***@host`, `30-39`."""
    outline = MASKS.get(kind)
    return outline(value, today) if outline else STARS


def _phone(value: str, _today: date) -> str:
    local = value.removeprefix("+86")
    return f"{local[:3]}****{local[-4:]}" if len(local) >= 9 else STARS


def _name(value: str, _today: date) -> str:
    if len(value) < 2:
        return STARS
    shown = 2 if len(value) > 2 and value[:2] in _DOUBLE_SURNAMES else 1
    return value[:shown] + "*" * min(max(len(value) - shown, 1), 2)


def _email(value: str, _today: date) -> str:
    local, _, host = value.partition("@")
    return f"{local[:1]}***@{host}"


def _card(value: str, _today: date) -> str:
    return f"****{value[-4:]}" if len(value) >= 8 else STARS


def _birthday(value: str, today: date) -> str:
    born = date.fromisoformat(value)
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    decade = max(age, 0) // 10 * 10
    return f"{decade}-{decade + 9}"


MASKS: dict[Kind, Callable[[str, date], str]] = {
    Kind.PHONE: _phone,
    Kind.NAME: _name,
    Kind.EMAIL: _email,
    Kind.CARD_NO: _card,
    Kind.BIRTHDAY: _birthday,
}
