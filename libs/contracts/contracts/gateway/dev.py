"""Development only: the clock, what the sandbox sent, waiting for rest."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Model
from contracts.classification import Kind, internal, personal, public
from contracts.gateway.common import DEVELOPMENT, NOBODY
from contracts.operations import Operation, Query


class ClockMove(Model):
    """`now` sets the clock, `advance_seconds` moves it; exactly one. It may also stand still."""

    now: Annotated[AwareDatetime | None, public] = None
    advance_seconds: Annotated[float | None, Field(allow_inf_nan=False), public] = None
    ticking: Annotated[bool, public] = True


class ClockAnswer(Model):
    """Everything that was due by `now` has run, in every service."""

    now: Annotated[AwareDatetime, public]


class SandboxMessage(Model):
    """What the sandbox provider would have sent, in the clear (development only)."""

    id: Annotated[int, internal]
    delivery_id: Annotated[UUID, internal]
    member_id: Annotated[UUID | None, internal] = None
    channel: Annotated[str, public]
    to: Annotated[str, personal(Kind.PHONE, at="sandbox_outbox.recipient")]
    text: Annotated[str, personal(Kind.TEXT, at="sandbox_outbox.text")]
    sent_at: Annotated[AwareDatetime, public]


class SandboxPage(Model):
    """Oldest first; `next_cursor` is the `since` of the next call, also when there is no more."""

    data: Annotated[list[SandboxMessage], internal]
    next_cursor: Annotated[str, public]


class Settled(Model):
    """No outbox row, no unread message, nothing under way."""

    settled: Annotated[Literal[True], public] = True


def _dev(method: str, path: str, summary: str, response: Any, **more: Any) -> Operation:
    return Operation(
        method, path, "gateway", summary, NOBODY,
        response=response, own=None, open=True, dev_only=True, tags=DEVELOPMENT, **more,
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    _dev("POST", "/dev/clock", "Move the clock; answers when all that was due has run",
         ClockAnswer, request=ClockMove),
    _dev("GET", "/dev/outbox", "What the sandbox channels sent", SandboxPage, query=(
        Query("since", str, "`next_cursor` of the page before"),
        Query("limit", int, "page size, at most 200"),
    )),
    _dev("GET", "/dev/settled", "Wait until nothing is under way", Settled),
]  # fmt: skip
