"""Sealing free data: traits, properties, whatever a client puts into an event."""

from collections.abc import Callable
from typing import Any

import msgspec

from contracts.classification import Kind
from gateway_service.collect.detect import (
    PROPERTIES,
    Fields,
    PersonalName,
    looks_personal,
    names_a_person,
)
from gateway_service.vault.index import Unusable

Sealer = Callable[[Kind, str], str]  # raises Unusable
_DEEPEST = 32
_NOTHING: tuple[Any, ...] = (None, "", [], {})


class BadMessage(Exception):
    """A message that cannot be taken: why, and where. Neither contains a value."""

    def __init__(self, reason: str, pointer: str) -> None:
        super().__init__(reason)
        self.reason, self.pointer = reason, pointer


def clean(seal: Sealer, raw: msgspec.Raw, pointer: str, fields: Fields) -> dict[str, Any]:
    """The object with every personal value replaced by what `seal` makes of it.

    Raises BadMessage for something that is no object, or has a field named by a personal value.
    """
    decoded = _decode(raw)
    if decoded is None:
        return {}
    if not isinstance(decoded, dict):
        raise BadMessage("expected an object", pointer)
    try:
        return _Walk(seal, fields).object(decoded, 0)
    except PersonalName:
        raise BadMessage("a field is named by a personal value", pointer) from None
    except RecursionError:
        raise BadMessage("nested too deeply", pointer) from None


_decode = msgspec.json.Decoder().decode


class _Walk:
    """One look at everything; objects without a find are handed back as they are."""

    def __init__(self, seal: Sealer, fields: Fields) -> None:
        self._token, self._fields = seal, fields

    def object(self, given: dict[str, Any], depth: int) -> dict[str, Any]:
        """The object; the very same one if nothing had to be sealed."""
        fields, found = self._fields, {}
        for name, value in given.items():
            kind = fields[name]
            if kind is None:
                new = self._value(value, depth)
                if new is not value:
                    found[name] = new
            elif value not in _NOTHING:
                found[name] = self._seal(kind, value)
        if fields is PROPERTIES and names_a_person(given):
            found["name"] = self._seal(Kind.NAME, given["name"])
        return {**given, **found} if found else given

    def _value(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._seal(Kind.TEXT, value) if looks_personal(value) else value
        if isinstance(value, dict | list):
            if depth > _DEEPEST:
                raise RecursionError
            if isinstance(value, dict):
                return self.object(value, depth + 1)
            new = [self._value(item, depth + 1) for item in value]
            changed = any(a is not b for a, b in zip(new, value, strict=True))
            return new if changed else value
        if isinstance(value, int | float) and looks_personal(str(value)):
            return self._seal(Kind.TEXT, value)
        return value

    def _seal(self, kind: Kind, value: Any) -> str:
        """A token; of kind text where the value is not what its field's name says."""
        if isinstance(value, dict | list):
            kind, value = Kind.TEXT, msgspec.json.encode(value).decode()
        text = str(value)
        try:
            day = text[:10] if kind is Kind.BIRTHDAY else text  # some clients add a time
            return self._token(kind, day)
        except Unusable:
            return self._token(Kind.TEXT, text)
