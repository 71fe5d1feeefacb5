"""One spelling for phones, names, dates and genders as people and tills write them. Pure.

What is not certain stays as it is: `05-03-2017` may be in March or in May.
"""

import re
import unicodedata
from datetime import date

from contracts.classification import Kind
from gateway_service.vault.index import Unusable, normalise
from gateway_service.vault.names import untitled

_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_BESIDE_HAN = re.compile(rf"(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])")
_DOT = re.compile(rf"(?<=[{_HAN}])\s*[.・‧∙·]\s*(?=[{_HAN}])")
_OF_A_SHEET = re.compile(r"(?<=\d)\.0+$")  # a number as spreadsheets write it
_LABEL = re.compile(r"^(?:手机号?码?|联系电话|电话|tel|phone|mobile)\s*[:.]?\s*", re.IGNORECASE)
_GENDERS = {
    # GB/T 2261.1: 0 unknown, 1 male, 2 female, 9 not told
    **dict.fromkeys(["male", "m", "man", "男", "男性", "先生", "1"], "male"),
    **dict.fromkeys(["female", "f", "woman", "女", "女性", "女士", "小姐", "2"], "female"),
    **dict.fromkeys(("unknown", "u", "", "未知", "保密", "0", "9"), "unknown"),
}
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*(?:年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?|([-/.])\s*(\d{1,2})\s*\4\s*(\d{1,2}))"
    r"(?:[T ]0?0:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_CANONICAL = re.compile(r"\d{4}-\d\d-\d\d")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4})")


def narrow(text: str) -> str:
    """Full-width signs as ordinary ones, gaps as one space, none at the ends."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).split())


def phone(text: str) -> str:
    """E.164 of what can be read as a phone number; a masked or unreadable one as it is."""
    for attempt in (text, _OF_A_SHEET.sub("", _LABEL.sub("", narrow(text).strip("'\"")))):
        try:
            return normalise(Kind.PHONE, attempt)
        except Unusable:
            continue
    return text


def name(text: str) -> str:
    """Without gaps between characters and without titles; a title stays with a bare surname."""
    plain = narrow(text)
    if not plain.isalpha():  # gaps and dots
        plain = _BETWEEN_HAN.sub("", _DOT.sub("·", plain))
    return untitled(plain)


def place(text: str) -> str:
    """An address or city: no gaps around Chinese characters."""
    plain = narrow(text)
    return _BESIDE_HAN.sub("", plain) if " " in plain else plain


def day(text: str) -> str | None:
    """ISO 8601 of a date that can be read in one way only; else None."""
    plain = narrow(text)
    if _CANONICAL.fullmatch(plain):
        return _iso(int(plain[:4]), int(plain[5:7]), int(plain[8:]))
    if found := _YEAR_FIRST.fullmatch(plain):
        year, month, number = (part for part in found.groups() if part and part.isdigit())
        return _iso(int(year), int(month), int(number))
    if found := _COMPACT.fullmatch(plain):
        return _iso(*map(int, found.groups()))
    if found := _YEAR_LAST.fullmatch(plain):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        days = {_iso(year, second, first), _iso(year, first, second)} - {None}
        return days.pop() if len(days) == 1 else None
    return None


def gender(value: str | int) -> str | None:
    """male, female or unknown; None for what is none of them."""
    return _GENDERS.get(narrow(str(value)).casefold())


def _iso(year: int, month: int, number: int) -> str | None:
    try:
        return date(year, month, number).isoformat()
    except ValueError:
        return None
