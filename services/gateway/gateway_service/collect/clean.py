"""Sealing free data: traits, properties, whatever a client puts into an event."""

from typing import Any
from uuid import UUID

import msgspec

from contracts.classification import Kind
from gateway_service.collect.detect import (
    field_kind,
    looks_personal,
    may_hold_personal,
    names_a_person,
)
from gateway_service.vault.index import Unusable
from gateway_service.vault.seal import Vault

_DEEPEST = 32


class BadMessage(Exception):
    """A message that cannot be taken: why, and where. Neither contains a value."""

    def __init__(self, reason: str, pointer: str) -> None:
        super().__init__(reason)
        self.reason, self.pointer = reason, pointer


def clean(
    vault: Vault, raw: msgspec.Raw, pointer: str, member_id: UUID | None, *, traits: bool
) -> Any:
    """The object with every personal value sealed; the raw bytes where there is none.

    Raises BadMessage for something that is no object, or has a field named by a personal value.
    """
    decoded = _decode(raw)
    if decoded is None:
        return {}
    if not isinstance(decoded, dict):
        raise BadMessage("expected an object", pointer)
    walk = _Walk(vault, member_id, traits=traits, scan=may_hold_personal(raw))
    cleaned = walk.fields(decoded, pointer, 0)
    return raw if cleaned is decoded else cleaned


_decode = msgspec.json.Decoder().decode


class _Walk:
    """One look at everything; objects without a find are handed back as they are."""

    def __init__(self, vault: Vault, member_id: UUID | None, *, traits: bool, scan: bool) -> None:
        self._vault, self._member_id = vault, member_id
        self._traits, self._scan = traits, scan

    def fields(self, given: dict[str, Any], pointer: str, depth: int) -> dict[str, Any]:
        """An object; the very same one if nothing had to be sealed."""
        found: dict[str, Any] = {}
        for name, value in given.items():
            kind = field_kind(name, self._traits)
            if kind is not None and value not in (None, "", [], {}):
                found[name] = self._seal(kind, value)
            elif isinstance(value, dict | list) or self._scan:
                new = self._value(value, pointer, depth)
                if new is not value:
                    found[name] = new
            if self._scan and looks_personal(name):
                raise BadMessage("a field is named by a personal value", pointer)
        if not self._traits and names_a_person(given):
            found["name"] = self._seal(Kind.NAME, given["name"])
        return {**given, **found} if found else given

    def _value(self, value: Any, pointer: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise BadMessage("nested too deeply", pointer)
        if isinstance(value, dict):
            return self.fields(value, pointer, depth + 1)
        if isinstance(value, list):
            new = [self._value(item, pointer, depth + 1) for item in value]
            changed = any(a is not b for a, b in zip(new, value, strict=True))
            return new if changed else value
        if isinstance(value, str | int | float) and self._scan and looks_personal(str(value)):
            return self._seal(Kind.TEXT, value)
        return value

    def _seal(self, kind: Kind, value: Any) -> str:
        """A token; of kind text where the value is not what its field's name says."""
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        try:
            return self._vault.seal(
                kind, text[:10] if kind is Kind.BIRTHDAY else text, self._member_id
            )
        except Unusable:
            return self._vault.seal(Kind.TEXT, text, self._member_id)
