"""What events may say: declared schemas, and the two rules that hold for all of them. Pure.

Reasons and pointers contain no value, and no name that the sender chose.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import msgspec

LARGEST = 64 * 1024  # bytes of a document
_PROPERTIES = "/properties"
_LINEAR = jsonschema_rs.RegexOptions()  # no pattern takes longer than its text


@dataclass(frozen=True, slots=True)
class Broken:
    """Which rule is broken, and where in the message."""

    reason: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Declared:
    """The version of an event's schema that counts, compiled."""

    version: int
    validator: Any

    def broken(self, properties: Any) -> Broken | None:
        """The first thing that is wrong with an event's properties; None for a good one."""
        if self.validator.is_valid(properties):
            return None
        error = next(self.validator.iter_errors(properties))
        where = [*_known(error), *([error.kind.property] if error.kind.name == "required" else [])]
        reason = f"breaks version {self.version} of the event's schema: {error.kind.name}"
        return Broken(reason, _PROPERTIES + "".join(f"/{_escaped(part)}" for part in where))


class NoSchema(ValueError):
    """Not a schema of draft 2020-12: what is wrong, and where in it."""

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.detail, self.pointer = detail, pointer


def compiled(document: dict[str, Any]) -> Any:
    """The validator of a schema. Raises NoSchema."""
    if len(msgspec.json.encode(document)) > LARGEST:
        raise NoSchema(f"a schema has {LARGEST} bytes at most")
    try:
        return jsonschema_rs.Draft202012Validator(
            document, validate_formats=True, pattern_options=_LINEAR, offline=True
        )
    except jsonschema_rs.ValidationError as error:
        where = "".join(f"/{_escaped(part)}" for part in error.instance_path)
        raise NoSchema("not of draft 2020-12", where) from None
    except (jsonschema_rs.ReferencingError, ValueError):
        raise NoSchema("it refers to what is not in it") from None


def declared(rows: Iterable[tuple[str, int, dict[str, Any]]]) -> dict[str, Declared]:
    """By event what is checked, out of each event's newest (event, version, document)."""
    return {
        event: Declared(version, compiled(document))
        for event, version, document in rows
        if document
    }


def _known(error: Any) -> list[str | int]:
    """The way to the value as far as the schema names it: other names are the sender's."""
    named = {part for part in error.schema_path if isinstance(part, str)}
    way: list[str | int] = []
    for part in error.instance_path:
        if isinstance(part, str) and part not in named:
            break
        way.append(part)
    return way


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
