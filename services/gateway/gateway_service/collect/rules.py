"""The rules that hold for everything collected: amounts are not negative, and what a gender is."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from gateway_service.collect.clean import BadMessage

NEGATIVE = "an amount is negative"
NO_GENDER = "gender is one of male, female, unknown"
_SEPARATORS = re.compile(r"[_\-.\s]+")
_AMOUNTS = frozenset(
    {
        "amount", "grandtotal", "ordertotal", "paid", "paidfen", "price", "revenue", "subtotal",
        "total", "totalamount", "totalprice", "unitprice",
        "价格", "单价", "实付", "实付金额", "总价", "总额", "金额", "应付",
    }
)  # fmt: skip
_GENDERS = ("male", "female", "unknown")
_DEEPEST = 32


@lru_cache(4_096)
def is_amount(name: str) -> bool:
    """Whether a field of that name holds money."""
    return _SEPARATORS.sub("", name).lower() in _AMOUNTS


@lru_cache(4_096)
def amounts_in(names: tuple[str, ...]) -> Collection[str]:
    """Those of a document's fields that hold money; the same few shapes come again."""
    return tuple(name for name in names if is_amount(name))


def is_negative(value: Any) -> bool:
    """Whether an amount, a number or a text of one, is below zero."""
    if isinstance(value, str):
        text = value.strip()
        return text[:1] in {"-", "−", "－"} and any(each in "123456789" for each in text)
    return isinstance(value, int | float) and value < 0


def negative_in(document: Mapping[str, Any]) -> str | None:
    """The pointer to a negative amount in a document, nested ones as well."""
    return _negative(document, "", 0)


def _negative(value: Any, pointer: str, depth: int) -> str | None:
    if depth > _DEEPEST:
        return None  # refused for its depth elsewhere
    if isinstance(value, dict):
        parts: Any = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    else:
        return None
    for name, part in parts:
        if isinstance(name, str) and is_amount(name) and is_negative(part):
            return f"{pointer}/{_escaped(name)}"
        if isinstance(part, dict | list):
            found = _negative(part, f"{pointer}/{_escaped(name)}", depth + 1)
            if found is not None:
                return found
    return None


def _escaped(name: str | int) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def checked_traits(traits: dict[str, Any]) -> dict[str, Any]:
    """The traits, which have been cleaned. Raises BadMessage for a gender that is none."""
    if traits.get("gender") is not None and traits["gender"] not in _GENDERS:
        raise BadMessage(NO_GENDER, "/traits/gender")
    return traits
