"""Collected messages that could not be taken."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import Kind, internal, personal, public
from contracts.operations import PAGING, Operation
from contracts.roles import Role

_KEEPERS = frozenset({Role.DATA_OPERATOR, Role.OPERATOR, Role.ADMIN})


class QuarantineItem(Model):
    """A collected message that could not be taken, with the reason."""

    id: Annotated[UUID, internal]
    received_at: Annotated[AwareDatetime, public]
    source: Annotated[str, internal]
    reason: Annotated[str, public]
    pointer: Annotated[str, public]
    payload: Annotated[str | None, personal(Kind.TEXT, at="quarantine.payload")]
    replayed_at: Annotated[AwareDatetime | None, public] = None


class QuarantinePage(Model):
    """Newest first."""

    data: Annotated[list[QuarantineItem], internal]
    next_cursor: Annotated[str | None, public] = None


class ReplayRequest(Model):
    """Take the message once more; `message` replaces it, corrected.

    Of a file's rows it is `{"lines": [{field: text}]}`.
    """

    message: Annotated[dict[str, Any] | None, personal(Kind.TEXT, at="quarantine.payload")] = None


class ReplayAnswer(Model):
    """The message has been taken."""

    id: Annotated[UUID, internal]
    replayed_at: Annotated[AwareDatetime, public]


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/quarantine", "gateway", "Messages that could not be taken",
        _KEEPERS | {Role.COMPLIANCE}, response=QuarantinePage, query=PAGING, own=None,
        tags=("Collect",),
    ),
    Operation(
        "POST", "/v1/quarantine/{id}/replay", "gateway", "Take a message once more", _KEEPERS,
        request=ReplayRequest, response=ReplayAnswer, own=None, tags=("Collect",),
        audited=Action.IMPORT,
    ),
]  # fmt: skip
