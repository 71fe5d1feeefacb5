"""The list of known personal values that are looked for."""

from __future__ import annotations

import contextlib
import csv
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts.classification import Kind
from gateway_service.vault.index import normalise

STDIN = "-"
PLAIN = "value"  # the kind of a value whose line names none
_WITH_KIND = re.compile(r"[a-z][a-z0-9_]{1,31},.+")
_HEADER = ("kind", "value")
_MOBILE = re.compile(r"(?:\+?86|0086)?1[3-9]\d{9}")


class NoValues(ValueError):
    """Not a list of values; says what one is. Never quotes a line."""


def read(source: str) -> list[tuple[str, str]]:
    """(kind, value) of a file, or of standard input for `-`. Raises NoValues."""
    try:
        text = sys.stdin.read() if source == STDIN else Path(source).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise NoValues(f"{source} cannot be read as UTF-8 ({type(error).__name__})") from None
    found = list(dict.fromkeys(_lines(text.splitlines())))
    if not found:
        raise NoValues(f"{source} holds no value: one a line, or CSV `kind,value`")
    return found


def _lines(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        kind, value = PLAIN, line.strip()
        if _WITH_KIND.fullmatch(value):
            kind, _, value = value.partition(",")
            value = next(csv.reader([value]))[0] if value.startswith('"') else value
            value = value.strip()
        if value and (kind, value) != _HEADER:
            if kind == PLAIN and _MOBILE.fullmatch(value):
                kind = Kind.PHONE
            yield str(kind), value


def spellings(secrets: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each value as it was given, composed, and as the gateway writes it before it is sealed.

    A phone number's is the national one: whatever precedes it is no part of what is looked for.
    """
    for kind, value in secrets:
        yield kind, value
        yield kind, unicodedata.normalize("NFC", value)
        with contextlib.suppress(ValueError):
            normal = normalise(Kind(kind), value)
            yield kind, normal.removeprefix("+86") if kind == Kind.PHONE else normal
