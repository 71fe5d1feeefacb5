"""Declared schemas: what the properties of a tracked event have to look like."""

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import internal, public
from contracts.operations import Operation
from contracts.roles import Role

_TAGS = ("Collect",)
_DECLARE = frozenset({Role.DATA_OPERATOR, Role.OPERATOR, Role.ADMIN})
EventName = Annotated[str, Field(min_length=1, max_length=256), public]


class EventSchemaRequest(Model):
    """The next version of an event's schema: JSON Schema, draft 2020-12, of its `properties`.

    Formats are checked; references lead within the document only. `{}` accepts everything, and ends
    checking.
    """

    event: EventName
    document: Annotated[dict[str, Any], public]


class EventSchema(Model):
    """A version as declared; the newest one of its event counts."""

    event: EventName
    version: Annotated[int, public]
    document: Annotated[dict[str, Any], public]
    declared_at: Annotated[AwareDatetime, public]
    declared_by: Annotated[str, internal]


class EventSchemas(Model):
    """By event, the newest version first."""

    data: Annotated[list[EventSchema], internal]
    next_cursor: Annotated[str | None, public] = None


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/schemas", "gateway", "Declared schemas of events",
        _DECLARE | {Role.ANALYST, Role.PLANNER, Role.COMPLIANCE}, response=EventSchemas,
        own=None, tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/schemas", "gateway", "Declare the next version of an event's schema",
        _DECLARE, request=EventSchemaRequest, response=EventSchema, status=201, own=None,
        tags=_TAGS, audited=Action.POLICY, done_before=True,
    ),
]  # fmt: skip
