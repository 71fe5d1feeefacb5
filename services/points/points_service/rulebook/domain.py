"""Sentences in both languages, and when a rendering is another version."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from points_service.calendar import day_of


@dataclass(frozen=True, slots=True)
class Text:
    """The same in Chinese and in English."""

    zh: str
    en: str

    def __add__(self, other: "Text") -> "Text":
        return Text(self.zh + other.zh, self.en + other.en)


NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Section:
    """Rules of one kind, a sentence each."""

    code: str
    title: Text
    rules: Sequence[Text]


def content(sections: Iterable[Section]) -> list[Any]:
    """As it is kept; sections without rules say nothing."""
    return [asdict(each) for each in sections if each.rules]


def digest(found: list[Any]) -> bytes:
    """Differs exactly when what the rules say does."""
    return hashlib.sha256(json.dumps(found, ensure_ascii=False, sort_keys=True).encode()).digest()


def yuan(fen: int) -> str:
    """`12.50`, and `12` where there are no fen."""
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02d}"


def per_cent(amount: int) -> str:
    """Hundredths as a number: 150 → `1.5`."""
    return f"{amount / 100:g}"


def joined(parts: Iterable[Text], zh: str = "，", en: str = ", ") -> Text:
    """One after the other."""
    found = list(parts)
    return Text(zh.join(each.zh for each in found), en.join(each.en for each in found))


def listed(names: Iterable[str]) -> Text:
    """Names that are the same in both languages, in order."""
    found = sorted(names)
    return Text("、".join(found), ", ".join(found))


def within(since: datetime | None, until: datetime | None) -> Text:
    """When it holds, if that ends; `until` is the first moment without it."""
    if until is None:
        return NOTHING
    last = day_of(until - timedelta(microseconds=1))
    if since is None:
        return Text(f"（至 {last}）", f" (until {last})")
    return Text(f"（{day_of(since)} 至 {last}）", f" (from {day_of(since)} to {last})")
