"""What the contract knows of an answer. A field that it does not know does not pass, nor does a
value of another type.

A service that answers with a field more would otherwise show it to everybody: nothing decides about
what has no class, nor about a phone that stands where a count belongs. The check is a typed
decoding, so it costs a few microseconds; only an answer that fails it is taken apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

import msgspec
from prometheus_client import Counter

from chassis.logs import log
from contracts.classification import fields_of
from contracts.operations import Operation
from gateway_service.shapes import bare, is_list, is_model, json_name, options

DROPPED = Counter(
    "huiyuan_unknown_fields_total", "Fields dropped from answers for want of a contract", ["at"]
)


@dataclass(frozen=True, slots=True)
class Each:
    """A list, or an object whose values are all of one kind."""

    item: "Known"
    listed: bool


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is no object: of one of these types, or null."""

    types: frozenset[type]


Known = dict[str, Any] | Each | Value | None  # fields by name; None: anything
_TEXTS = frozenset({str, UUID, date, datetime})  # that are text in JSON
_TYPES = (bool, int, float, UUID, datetime, date)  # the wider one after those within it


class Contract:
    """The shape of a type of answers."""

    def __init__(self, response: Any) -> None:
        self._known = known_of(response)
        self._check = msgspec.json.Decoder(_type_of(self._known))

    def kept(self, operation: Operation, body: bytes) -> bytes:
        """The body without what the contract does not know; that is counted and logged.

        Raises msgspec.DecodeError for what is no JSON.
        """
        try:
            self._check.decode(body)
            return body
        except msgspec.ValidationError:
            dropped: list[str] = []
            value = _kept(self._known, msgspec.json.decode(body), "", dropped)
        DROPPED.labels(operation.name).inc(len(dropped))
        log.error("unknown_fields", operation=operation.name, count=len(dropped))
        return msgspec.json.encode(value)


@cache
def contract_of(response: Any) -> Contract:
    """Worked out once a type."""
    return Contract(response)


def known_of(hint: Any, *, sealed: bool = False) -> Known:
    """What a type has in it; what is `sealed` may be any value, for none is shown as it stands.

    Raises TypeError for shapes that cannot be told apart.
    """
    shapes = [_shape(bare(option)[0], sealed=sealed) for option in options(bare(hint)[0])]
    if any(shape is None for shape in shapes):
        if any(isinstance(shape, dict | Each) for shape in shapes):
            raise TypeError(f"{hint}: a value or an object")
        return None
    return _joined(shapes, hint)


def _shape(option: Any, *, sealed: bool) -> Known:
    if is_model(option):
        return {
            json_name(option, name): known_of(inner, sealed=marker is not None and marker.sealed)
            for name, inner, marker in fields_of(option)
        }
    args = get_args(option)
    if get_origin(option) is dict:
        return Each(known_of(args[1], sealed=sealed), listed=False)
    if is_list(option):
        inner = [known_of(each, sealed=sealed) for each in args if each is not ...]
        return Each(_joined(inner, option), listed=True)
    return None if sealed or option is Any else Value(frozenset({_type(option)}))


def _type(option: Any) -> type:
    """What a value is in JSON: whole words (enumerations, durations) are any text."""
    if get_origin(option) is Literal:
        (kind, *others) = {type(each) for each in get_args(option)}
        return kind if not others else str
    return next((each for each in _TYPES if isinstance(option, type) and issubclass(option, each)),
                str)  # fmt: skip


def _joined(shapes: Iterable[Known], hint: Any) -> Known:
    """What any of them has."""
    first, *others = shapes
    for other in others:
        if isinstance(first, dict) and isinstance(other, dict):
            both = first.keys() & other.keys()
            first = {**first, **other, **{k: _joined([first[k], other[k]], hint) for k in both}}
        elif isinstance(first, Value) and isinstance(other, Value):
            first = Value(first.types | other.types)
        elif first != other:
            raise TypeError(f"{hint}: shapes that cannot be told apart")
    return first


def _type_of(known: Known) -> Any:
    """A type that decodes what is known, whatever the values are, and nothing else."""
    if known is None:
        return msgspec.Raw
    if isinstance(known, Value):
        return _value_of(known)
    if isinstance(known, Each):
        item = _type_of(known.item)
        return (list[item] if known.listed else dict[str, item]) | None  # type: ignore[valid-type]
    names = {f"f{n}": name for n, name in enumerate(known)}
    return (
        msgspec.defstruct(
            "Answer",
            [(field, _type_of(known[name]), msgspec.UNSET) for field, name in names.items()],
            rename=names,
            forbid_unknown_fields=True,
            gc=False,
        )
        | None
    )


@cache
def _value_of(known: Value) -> Any:
    """A union that can be told apart: of two texts any text, of two numbers any number."""
    texts, numbers = known.types & _TEXTS, known.types & {int, float}
    found: Any = None
    for each in known.types - _TEXTS - {int, float}:
        found = each if found is None else found | each
    for of, widest in ((texts, str), (numbers, float)):
        if of:
            one = next(iter(of)) if len(of) == 1 else widest
            found = one if found is None else found | one
    return found | None


def _kept(known: Known, value: Any, at: str, dropped: list[str]) -> Any:
    if known is None or value is None or (isinstance(known, Value) and _fits(known, value)):
        return value
    if isinstance(known, Each):
        if isinstance(value, list) and known.listed:
            return [_kept(known.item, item, at, dropped) for item in value]
        if isinstance(value, dict) and not known.listed:
            return {name: _kept(known.item, item, at, dropped) for name, item in value.items()}
    elif isinstance(known, dict) and isinstance(value, dict):
        dropped += [at for name in value if name not in known]
        return {
            name: _kept(known[name], item, f"{at}/{name}", dropped)
            for name, item in value.items()
            if name in known
        }
    dropped.append(at)  # something of another shape or type stands here
    return None


def _fits(known: Value, value: Any) -> bool:
    try:
        msgspec.convert(value, _value_of(known))
    except msgspec.ValidationError:
        return False
    return True
