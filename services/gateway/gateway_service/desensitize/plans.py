"""Where in an answer the fields are that a decision is due about; worked out once a type."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

from contracts.classification import Classified, DataClass, fields_of
from gateway_service.desensitize.domain import (
    BEHAVIOUR,
    DEMOGRAPHIC,
    INTERNAL,
    MEMBER_ID,
    SENSITIVE,
    SENSITIVE_FIELDS,
)
from gateway_service.desensitize.masks import STARS
from gateway_service.shapes import bare, is_list, is_model, json_name, nullable, options

MEMBER_IDS = frozenset(
    {
        "member_id", "survivor_id", "absorbed_id", "absorbed", "members", "to_member_id",
        "referrer_id", "referred_id", "restored_id", "inherited_from",
    }
)  # fmt: skip
DEMOGRAPHICS = frozenset({"gender", "city", "region", "birth_band", "birth_year", "birth_month"})
WITHHELD: Any = object()  # nothing can stand in the field's place: the answer cannot be given
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Spot:
    """A field that is decided about.

    `field` is one of domain.FIELDS, None if the sibling `by` tells the kind. `at` is the place that
    its tokens were sealed for. `blank` is what stands for what is not shown, `inner` what is to be
    decided about within, `free` a document of any shape.
    """

    field: str | None
    by: str | None = None
    at: str = ""
    blank: Any = None
    inner: "Plan" = None
    free: bool = False
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Many:
    """A list of something, or an object whose values are."""

    item: "Plan"


Plan = Spot | Many | dict[str, Any] | None  # None: nothing to decide about in there


def plan_of(hint: Any, name: str = "", marker: Classified | None = None) -> Plan:
    """The plan of a type, or of the field `name` with its class."""
    hint, marker = bare(hint, marker)
    found = options(hint)
    if marker is None or marker.data_class in (DataClass.PUBLIC, DataClass.AGGREGATE):
        if any(_is_free(option) for option in found):
            return Spot(INTERNAL, at=_place(marker), free=True, blank=_blank(hint))
        return _inner(found, name, marker)
    if marker.sealed or (_field(name, marker, hint) == MEMBER_ID and hint is not UUID):
        inner = _inner(found, name, marker)
        if inner is not None:
            return inner
    free = any(_is_free(option) for option in found)
    return Spot(
        _field(name, marker, hint),
        marker.kind_field,
        _place(marker),
        STARS if marker.sealed and not nullable(hint) else _blank(hint),
        None if marker.sealed or free else _inner(found, name, None),
        free,
        marker.sealed,
    )


def narrowed(plan: Plan, settled: Callable[[Spot], bool]) -> Plan:
    """The plan without what needs no decision any more."""
    if isinstance(plan, Spot):
        return narrowed(plan.inner, settled) if settled(plan) else plan
    if isinstance(plan, Many):
        item = narrowed(plan.item, settled)
        return Many(item) if item else None
    if plan is None:
        return None
    return {
        name: inner for name, each in plan.items() if (inner := narrowed(each, settled))
    } or None


def spots(plan: Plan) -> list[Spot]:
    """Every spot of a plan."""
    if isinstance(plan, Spot):
        return [plan, *spots(plan.inner)]
    if isinstance(plan, Many):
        return spots(plan.item)
    return [spot for inner in (plan or {}).values() for spot in spots(inner)]


def _inner(found: list[Any], name: str, marker: Classified | None) -> Plan:
    """The plans within, of all the shapes that a value may have."""
    plans = [plan for option in found if (plan := _shape(option, name, marker))]
    if len(plans) < 2:
        return plans[0] if plans else None
    merged: dict[str, Any] = {}
    for plan in plans:
        if not isinstance(plan, dict) or any(
            merged.get(key, each) != each for key, each in plan.items()
        ):
            raise TypeError(f"{name}: shapes that cannot be told apart")
        merged |= plan
    return merged


def _shape(option: Any, name: str, marker: Classified | None) -> Plan:
    option, _ = bare(option)
    if is_model(option):
        fields = {
            json_name(option, field): plan
            for field, hint, own in fields_of(option)
            if (plan := plan_of(hint, field, own))
        }
        return fields or None
    args = get_args(option)
    if is_list(option) or get_origin(option) is dict:
        item = plan_of(args[-1] if get_origin(option) is dict else args[0], name, marker)
        return Many(item) if item else None
    return None


def _field(name: str, marker: Classified, hint: Any) -> str | None:
    if marker.data_class is DataClass.SENSITIVE:
        return str(marker.kind) if str(marker.kind) in SENSITIVE_FIELDS else SENSITIVE
    if marker.sealed:
        return str(marker.kind) if marker.kind else None
    if marker.data_class is DataClass.QUASI:
        return DEMOGRAPHIC if name in DEMOGRAPHICS else BEHAVIOUR
    return MEMBER_ID if name in MEMBER_IDS and "UUID" in str(hint) else INTERNAL


def _place(marker: Classified | None) -> str:
    return (marker.at if marker else None) or ""


def _is_free(option: Any) -> bool:
    option, _ = bare(option)
    if get_origin(option) is dict:
        return _is_free(get_args(option)[1])
    return option is Any or option is dict


def _blank(hint: Any) -> Any:
    if nullable(hint):
        return None
    if is_list(hint):
        return []
    if get_origin(hint) is dict:
        return {}
    if hint is str:
        return STARS
    if get_origin(hint) is Literal and _UNKNOWN in get_args(hint):
        return _UNKNOWN
    return WITHHELD
