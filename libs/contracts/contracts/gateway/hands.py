"""Messages that tills and the service desk fetch and answer for."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime

from contracts.base import Model
from contracts.classification import internal, public
from contracts.gateway.channels import CHANNELS
from contracts.operations import PAGING, Operation
from contracts.roles import Role


class Prompt(Model):
    """What a till may show. There is no name in it."""

    delivery_id: Annotated[UUID, internal]
    title: Annotated[str | None, internal]
    text: Annotated[str, internal]
    link: Annotated[str | None, internal]
    created_at: Annotated[AwareDatetime, public]
    until: Annotated[AwareDatetime | None, public]


class Prompts(Model):
    """Newest first, five at most."""

    data: Annotated[list[Prompt], internal]


class PromptAnswer(Model):
    """What the till did; the first answer counts."""

    outcome: Annotated[Literal["shown", "accepted", "declined", "not_shown"], public]


class CallTask(Model):
    """A call to make, and what about. The number is read as any plain value: purpose and ticket."""

    delivery_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    title: Annotated[str | None, internal]
    text: Annotated[str, internal]
    taken: Annotated[bool, public]
    created_at: Annotated[AwareDatetime, public]
    until: Annotated[AwareDatetime | None, public]


class CallTasks(Model):
    """Oldest first; those that others took are left out."""

    data: Annotated[list[CallTask], internal]


class CallAnswer(Model):
    """What came of a call."""

    outcome: Annotated[Literal["reached", "declined", "no_answer", "wrong_number"], public]


_TILLS = frozenset({Role.POS, Role.GUIDE})
_DESK = frozenset({Role.SERVICE_AGENT})
_MEMBER, _TASK = "/v1/members/{member_id}/prompts", "/v1/call-tasks"

OPERATIONS: list[Operation] = [
    Operation(
        "GET", _MEMBER, "gateway", "What to show this member at the till", _TILLS,
        response=Prompts, tags=CHANNELS,
    ),
    Operation(
        "POST", f"{_MEMBER}/{{delivery_id}}/answers", "gateway", "It was shown, or not", _TILLS,
        request=PromptAnswer, status=204, tags=CHANNELS,
    ),
    Operation(
        "GET", _TASK, "gateway", "Calls to make", _DESK, response=CallTasks, own=None,
        query=PAGING[:1], tags=CHANNELS,
    ),
    Operation(
        "POST", f"{_TASK}/{{delivery_id}}/claim", "gateway", "Take a task for half an hour", _DESK,
        response=CallTask, own=None, tags=CHANNELS,
    ),
    Operation(
        "POST", f"{_TASK}/{{delivery_id}}/close", "gateway", "What came of the call", _DESK,
        request=CallAnswer, status=204, own=None, tags=CHANNELS,
    ),
]  # fmt: skip
