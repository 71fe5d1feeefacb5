"""Cleaning of what is told about a person: pure, and the same on every way in.

`clean(clean(x))` is `clean(x)`. What is not certain stays as it was told and is marked by its rule.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contracts.classification import Kind
from gateway_service.cleaning import regions, spellings

REGION = "region"
# Fields of a registration; those of collected traits are known by other names as well.
ATTRIBUTES: dict[str, Kind] = {
    "name": Kind.NAME, "birthday": Kind.BIRTHDAY, "address": Kind.ADDRESS, "phone": Kind.PHONE,
    "email": Kind.EMAIL,
}  # fmt: skip
_GENDER = frozenset({"gender", "sex", "性别"})
_CITY = frozenset({"city", "城市"})
_IN_ONE_LINE = ("state", "province", "city", "district", "street")  # of Segment's address object


@dataclass(frozen=True, slots=True)
class Correction:
    """A rule that changed a field, or found that it cannot (then nothing was changed).

    `before` and `after` are told of fields that are not personal; of the others only the rule.
    """

    field: str
    rule: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction with the way in, and the member if one was named."""

    source: str
    member_id: UUID | None
    correction: Correction


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The same fields, and a region if one can be told."""

    values: dict[str, Any]
    corrections: list[Correction]


def clean(
    record: Mapping[str, Any], kind_of: Callable[[str], Kind | None] = ATTRIBUTES.get
) -> Cleaned:
    """A record's fields in one spelling. `kind_of` says what a field of some name holds.

    `identifiers` is a list of kind and value. Values of other types than texts are left to
    whoever checks shapes.
    """
    work = _Work(dict(record))
    address: tuple[str, str] | None = None
    for name, value in record.items():
        if name == "identifiers" and isinstance(value, list):
            work.values[name] = [work.identifier(n, each) for n, each in enumerate(value)]
        elif name in _GENDER and isinstance(value, str | int):
            work.told(name, "gender_code", value, spellings.gender(value) or value)
        elif not isinstance(value, str | dict) or not value:
            continue
        elif name in _CITY and isinstance(value, str):
            work.told(name, "width_and_space", value, spellings.place(value))
        elif (kind := kind_of(name)) is Kind.ADDRESS and address is None and _chinese(value):
            address = (name, _line(value))
        elif kind is not None and isinstance(value, str):
            work.personal(name, kind, value)
    work.locate(address)
    return Cleaned(work.values, work.corrections)


@dataclass(slots=True)
class _Work:
    values: dict[str, Any]
    corrections: list[Correction] = field(default_factory=list)

    def told(self, name: str, rule: str, before: Any, after: Any) -> None:
        """A field that is not personal."""
        if after != before:
            self.values[name] = after
            self.corrections.append(Correction(name, rule, str(before), str(after)))

    def identifier(self, n: int, given: Any) -> Any:
        """`{"kind": …, "value": …}`; anything else as it is."""
        if not isinstance(given, dict) or not isinstance(value := given.get("value"), str):
            return given
        try:
            kind = Kind(given.get("kind", ""))
        except ValueError:
            return given
        for rule, after in _spelt(kind, value):
            self.corrections.append(Correction(f"identifiers/{n}/value", rule))
            value = after
        return {**given, "value": value}

    def personal(self, name: str, kind: Kind, value: str) -> None:
        """A field whose values are nobody's to keep."""
        for rule, after in _spelt(kind, value):
            self.corrections.append(Correction(name, rule))
            self.values[name] = after

    def locate(self, address: tuple[str, str] | None) -> None:
        """The region of an address, else of a city, where none was told."""
        city = next((self.values[name] for name in _CITY if self.values.get(name)), None)
        code = regions.city_code(city) if isinstance(city, str) else None
        if address is not None:
            name, line = address
            plain = spellings.place(line)
            whole = isinstance(self.values[name], str)
            if whole and plain != line:
                self.corrections.append(Correction(name, "width_and_space"))
            located = regions.locate(plain, code)
            if located.fault:
                self.corrections.append(Correction(name, located.fault))
            elif located.text != plain and whole:
                self.corrections.append(Correction(name, "region_completed"))
            if whole:
                self.values[name] = located.text
            code = None if located.fault == regions.CONTRADICTS else located.code or code
        if code is not None and not self.values.get(REGION):
            self.values[REGION] = code


def _spelt(kind: Kind, value: str) -> Iterator[tuple[str, str]]:
    """What changes a personal value, rule by rule."""
    if kind is Kind.PHONE:
        phone = spellings.phone(value)
        if phone not in (value, f"+86{value}"):  # the usual national spelling needs none
            yield "phone_format", phone
    elif kind is Kind.BIRTHDAY:
        day = spellings.day(value)
        if day is None:
            yield "date_unclear", value
        elif day != value:
            yield "date_format", day
    elif kind is not Kind.TEXT:
        plain = spellings.narrow(value)
        if plain != value:
            yield "width_and_space", plain
        if kind is Kind.NAME and (name := spellings.name(plain)) != plain:
            yield "name_format", name


def _chinese(address: str | dict[str, Any]) -> bool:
    return not _line(address).isascii()


def _line(address: str | dict[str, Any]) -> str:
    if isinstance(address, str):
        return address
    return "".join(
        part for each in _IN_ONE_LINE if isinstance(part := address.get(each), str) and part
    )
