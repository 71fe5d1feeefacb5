"""One spelling for each value, so that equal identifiers get equal blind indexes."""

import re
import unicodedata
from datetime import date

import phonenumbers

from contracts.classification import Kind

_CN_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})")
_LETTERS_AND_DIGITS = re.compile(r"[0-9A-Za-z]")
_LONG_ENOUGH = 8
_SEPARATORS = re.compile(r"[\s\-().·]+")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")


class Unusable(ValueError):
    """The value cannot be what its kind says. The message never contains the value."""


def normalise(kind: Kind, value: str) -> str:
    """The canonical spelling: E.164, lower-case address, ISO date, else NFKC without outer space.

    Free text stays as it is. Raises Unusable.
    """
    if kind is Kind.TEXT:
        return value
    text = value.strip() if value.isascii() else unicodedata.normalize("NFKC", value).strip()
    if not text:
        raise Unusable("must not be empty")
    special = _SPECIAL.get(kind)
    return special(text) if special else text


def last_four(text: str) -> str | None:
    """What people name of a number; None for one that is hardly longer than that."""
    found = _LETTERS_AND_DIGITS.findall(text)
    return "".join(found[-4:]).upper() if len(found) >= _LONG_ENOUGH else None


def _phone(text: str) -> str:
    digits = _SEPARATORS.sub("", text)
    mobile = _CN_MOBILE.fullmatch(digits)
    if mobile:
        return "+86" + mobile[1]
    try:
        number = phonenumbers.parse(digits, "CN")
    except phonenumbers.NumberParseException:
        raise Unusable("not a phone number") from None
    if not phonenumbers.is_valid_number(number):
        raise Unusable("not a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise Unusable("not an e-mail address")
    return text.lower()


def _birthday(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Unusable("not a date") from None


_SPECIAL = {Kind.PHONE: _phone, Kind.EMAIL: _email, Kind.BIRTHDAY: _birthday}
