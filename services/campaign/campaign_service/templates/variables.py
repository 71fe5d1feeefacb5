"""What a template may name: each variable with its kind, its fallback, and its data class.

Personal ones are never known here: they stay placeholders, which the gateway fills as the message
leaves. Values from outside cannot make a placeholder: their braces become wide ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from contracts.classification import DataClass

_SHORT: dict[type, Any] = {
    str: "长", int: 1, date: date(2026, 1, 1), datetime: datetime(2026, 1, 1, 9, 0),
    list: [{"title": "长", "price": 100, "unit": "件"}],
}  # fmt: skip
_WIDE = str.maketrans({"{": "｛", "}": "｝", "\x00": None})


@dataclass(frozen=True, slots=True)
class Variable:
    """`zh` and `en` stand in when there is no value; None: without it nothing is sent.

    A template is judged by the shortest value of a kind before anything is known.
    """

    zh: str | None
    en: str | None
    data_class: DataClass = DataClass.INTERNAL
    kind: type = str

    @property
    def shortest(self) -> Any:
        """A short value of this kind."""
        return _SHORT[self.kind]


VARIABLES: dict[str, Variable] = {
    # filled by the gateway: the name, the link that takes consent back
    "name": Variable("{name}", "{name}", DataClass.PERSONAL),
    "unsubscribe": Variable("{unsubscribe}", "{unsubscribe}", DataClass.PUBLIC),
    "goods": Variable(None, None, DataClass.PUBLIC, list),
    "offer": Variable("会员专享优惠", "a members' offer", DataClass.PUBLIC),
    "code": Variable(None, None),
    "discount": Variable(None, None, DataClass.PUBLIC),
    "days": Variable(None, None, DataClass.PUBLIC, int),
    "days_away": Variable("一段时间", "a while", DataClass.QUASI),
    "tier": Variable("会员", "member"),
    "previous_tier": Variable("原等级", "your tier so far"),
    "points": Variable(None, None, kind=int),
    "expires_on": Variable(None, None, DataClass.PUBLIC, date),
    "activity": Variable("会员活动", "a members' event", DataClass.PUBLIC),
    "starts_at": Variable(None, None, DataClass.PUBLIC, datetime),
    "place": Variable("门店", "the store", DataClass.PUBLIC),
    "store": Variable("门店", "the store", DataClass.PUBLIC),
    "festival": Variable("节日", "the festival", DataClass.PUBLIC),
    "topic": Variable("生活灵感", "ideas for every day", DataClass.PUBLIC),
    "link": Variable(None, None),
}
LISTS = frozenset(name for name, each in VARIABLES.items() if each.kind is list)
FIELDS = frozenset({"title", "price", "unit"})  # of goods


def filled(
    names: frozenset[str], language: str, values: Mapping[str, Any],
    defaults: Mapping[str, Mapping[str, str]],
) -> tuple[dict[str, Any], list[str], list[str]]:  # fmt: skip
    """(values for a template, those that a fallback stands in for, those that are missing).

    The template's own fallbacks come before the general ones.
    """
    given: dict[str, Any] = {}
    stood_in, missing = [], []
    for name in sorted(names):
        value = _plain(values.get(name))
        if value is not None and value != [] and not is_placeholder(name):
            given[name] = value
            continue
        fallback = defaults.get(name, {}).get(language) or getattr(VARIABLES[name], language)
        if fallback is None:
            missing.append(name)
        else:
            given[name] = fallback
            if not fallback.startswith("{"):
                stood_in.append(name)
    return given, stood_in, missing


def is_placeholder(name: str) -> bool:
    """Whether the gateway fills it."""
    return (VARIABLES[name].zh or "").startswith("{")


def _plain(value: Any) -> Any:
    """Texts without braces of their own, so that no value can stand for somebody's name."""
    if isinstance(value, str):
        return value.translate(_WIDE)
    if isinstance(value, list):
        return [{key: _plain(each) for key, each in item.items()} for item in value]
    return value
