"""Sealing requests by contract: where the personal strings are is worked out once a model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args
from uuid import UUID

import msgspec
from pydantic import TypeAdapter, ValidationError

from chassis.problem import Problem, from_msgspec, from_validation
from contracts.classification import Classified, Kind, fields_of
from contracts.identity import LookupRequest
from contracts.orders import IdentifierRef
from gateway_service.shapes import bare, is_list, is_model, json_name, nullable, options
from gateway_service.vault.index import Unusable
from gateway_service.vault.seal import Erased, NotReady, Vault

NO_KEY = Problem(
    503, "no_key", "The member's key is not at hand; try again", headers={"Retry-After": "1"}
)

QUESTIONS: frozenset[type] = frozenset({LookupRequest, IdentifierRef})  # only "whose is this?"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A string to seal: its kind, or the sibling that tells it, and its place.

    A question keeps the index only.
    """

    kind: Kind | None
    by: str | None
    at: str
    question: bool


@dataclass(frozen=True, slots=True)
class Many:
    """A list of something."""

    item: "Plan"


Plan = Leaf | Many | dict[str, Any] | None  # None: nothing personal in there


def plan_of(hint: Any, marker: Classified | None = None, question: bool = False) -> Plan:
    """Where the personal strings of a type are."""
    hint, marker = bare(hint, marker)
    if is_model(hint):
        return _plan_of_model(hint) or None
    inner = options(hint)
    if nullable(hint) and len(inner) == 1:
        return plan_of(inner[0], marker, question)
    if is_list(hint):
        item = plan_of(get_args(hint)[0], marker, question)
        return Many(item) if item else None
    if not marker or not marker.sealed:
        return None
    return Leaf(marker.kind, marker.kind_field, marker.at or "", question)


def _plan_of_model(model: type) -> dict[str, Any]:
    question = model in QUESTIONS
    found = {}
    for name, hint, marker in fields_of(model):
        plan = plan_of(hint, marker, question)
        if plan:
            found[json_name(model, name)] = plan
    return found


class Shape:
    """A request model: checks bodies against it and seals what is personal in them."""

    def __init__(self, model: Any) -> None:
        self.plan: Plan = plan_of(model)
        self._model = model

    @cached_property
    def _check(self) -> Callable[[bytes], Any]:
        if isinstance(self._model, type) and issubclass(self._model, msgspec.Struct):
            return msgspec.json.Decoder(self._model).decode
        return TypeAdapter(self._model).validate_json

    def decode(self, body: bytes, repair: Callable[[Any], Any] | None = None) -> Any:
        """The body as plain JSON values. Raises Problem 400 or 422 if it has another shape.

        It is checked as `repair` leaves it.
        """
        try:
            if repair is not None:
                body = msgspec.json.encode(repair(msgspec.json.decode(body)))
            self._check(body)
            return msgspec.json.decode(body)
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False, include_context=False)
            raise from_validation(list(_in_body(found))) from None
        except msgspec.DecodeError as error:
            raise from_msgspec(error) from None


def _in_body(errors: list[Any]) -> Iterator[dict[str, Any]]:
    for error in errors:
        yield {**error, "loc": ("body", *error["loc"])}


def seal(vault: Vault, plan: Plan, value: Any, member_id: UUID | None) -> Any:
    """`value` with tokens in place of personal strings; the input is not changed.

    Raises Problem 422, pointing at a value that cannot be what its kind says.
    """
    return _Sealing(vault, member_id).of(plan, value, {}, "")


@dataclass(frozen=True, slots=True)
class _Sealing:
    """One body on its way in; what it seals is bound to the member, if one is known."""

    vault: Vault
    member_id: UUID | None

    def of(self, plan: Plan, value: Any, siblings: dict[str, Any], pointer: str) -> Any:
        """`siblings` are the fields beside the value: one of them may tell its kind."""
        if plan is None or value is None:
            return value
        if isinstance(plan, Leaf):
            return self._token(plan, value, siblings, pointer)
        if isinstance(plan, Many):
            return [
                self.of(plan.item, item, siblings, f"{pointer}/{n}") for n, item in enumerate(value)
            ]
        found = {
            name: self.of(inner, value[name], value, f"{pointer}/{name}")
            for name, inner in plan.items()
            if name in value
        }
        return {**value, **found}

    def _token(self, leaf: Leaf, value: Any, siblings: dict[str, Any], pointer: str) -> str:
        kind = leaf.kind or Kind(siblings[leaf.by or "kind"])
        try:
            if leaf.question:
                return self.vault.question(kind, str(value))
            return self.vault.seal(kind, str(value), self.member_id, place=leaf.at)
        except Erased:
            raise Problem(410, "member_erased", "This member was erased") from None
        except NotReady:  # it went between asking for it and now
            raise NO_KEY from None
        except Unusable as unusable:
            raise unusable_value(unusable, pointer) from None


def unusable_value(error: Unusable, pointer: str) -> Problem:
    """422 that points at the value and does not repeat it."""
    return Problem(
        422, "unusable_value", "A value cannot be used", detail=str(error), pointer=pointer
    )
