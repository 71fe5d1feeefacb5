"""What the contract knows of an answer. A field that it does not know does not pass.

A service that answers with a field more would otherwise show it to everybody: nothing decides about
what has no class. The check is a typed decoding that keeps nothing, so it costs a few microseconds;
only an answer that fails it is taken apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin

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


Known = dict[str, Any] | Each | None  # fields by name; None: anything


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


def known_of(hint: Any) -> Known:
    """What a type has in it. Raises TypeError for shapes that cannot be told apart."""
    shapes = [_shape(bare(option)[0]) for option in options(bare(hint)[0])]
    if any(shape is None for shape in shapes):
        if any(shape is not None for shape in shapes):
            raise TypeError(f"{hint}: a value or an object")
        return None
    return _joined(shapes, hint)


def _shape(option: Any) -> Known:
    if is_model(option):
        return {json_name(option, name): known_of(inner) for name, inner, _ in fields_of(option)}
    args = get_args(option)
    if get_origin(option) is dict:
        return Each(known_of(args[1]), listed=False)
    if is_list(option):
        inner = [each for each in args if each is not ...]
        return Each(_joined(map(known_of, inner), option), listed=True)
    return None


def _joined(shapes: Iterable[Known], hint: Any) -> Known:
    """What any of them has."""
    first, *others = shapes
    for other in others:
        if isinstance(first, dict) and isinstance(other, dict):
            both = first.keys() & other.keys()
            first = {**first, **other, **{k: _joined([first[k], other[k]], hint) for k in both}}
        elif first != other:
            raise TypeError(f"{hint}: shapes that cannot be told apart")
    return first


def _type_of(known: Known) -> Any:
    """A type that decodes what is known, whatever the values are, and nothing else."""
    if known is None:
        return msgspec.Raw
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


def _kept(known: Known, value: Any, at: str, dropped: list[str]) -> Any:
    if known is None or value is None:
        return value
    if isinstance(known, Each):
        if isinstance(value, list) and known.listed:
            return [_kept(known.item, item, at, dropped) for item in value]
        if isinstance(value, dict) and not known.listed:
            return {name: _kept(known.item, item, at, dropped) for name, item in value.items()}
    elif isinstance(value, dict):
        dropped += [at for name in value if name not in known]
        return {
            name: _kept(known[name], item, f"{at}/{name}", dropped)
            for name, item in value.items()
            if name in known
        }
    dropped.append(at)  # something of another shape stands here
    return None
