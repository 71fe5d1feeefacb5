"""The three bases of every public shape: Model, Record, Event."""

from typing import Annotated, Any, ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Discriminator, Field

from contracts.classification import public


class Model(BaseModel):
    """An ordinary request or answer. Unknown fields are refused: they might hold anything."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A bulk body or answer, decoded by msgspec because it is hot."""


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fact on the bus. `subject` is its NATS subject and its name: `<service>.<fact>.v<n>`.

    Unknown fields are ignored, so that a newer publisher never stops an older reader.
    """

    subject: ClassVar[str]


class Money(Model):
    """Minor units (fen); never a float."""

    amount: Annotated[int, Field(ge=0), public]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$"), public] = "CNY"


class Amount(Record, frozen=True):
    """`Money` for bulk bodies."""

    amount: Annotated[int, msgspec.Meta(ge=0), public]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$"), public] = "CNY"


class ProblemError(Model):
    """One thing that is wrong, and where (RFC 6901 pointer into the body, or `#query`)."""

    pointer: Annotated[str, public]
    code: Annotated[str, public]
    detail: Annotated[str, public]


class ProblemDocument(Model):
    """RFC 9457 answer to anything that did not work."""

    type: Annotated[str, public]
    title: Annotated[str, public]
    status: Annotated[int, public]
    detail: Annotated[str | None, public] = None
    code: Annotated[str, public]
    trace_id: Annotated[str | None, public] = None
    errors: Annotated[list[ProblemError], public] = Field(default_factory=list)


def tags(field: str, otherwise: str) -> Discriminator:
    """Which of several shapes a body means: its `field` names the tag, `otherwise` where it does
    not say. Tags begin with `?`: a body has no such place, so problems' pointers leave them out."""

    def tag(value: Any) -> str:
        if isinstance(value, dict):
            return f"?{value.get(field, otherwise)}"
        return f"?{getattr(value, field, otherwise)}"

    return Discriminator(tag)


JsonObject = dict[str, Any]
