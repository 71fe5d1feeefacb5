"""Which policy decides what is shown, and approvals of readings that need a second person."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import internal, public
from contracts.gateway.common import PRIVACY
from contracts.operations import PAGING, Operation, Query
from contracts.reading import Purpose
from contracts.roles import Role

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:#-]{0,63}$")]


class ApprovalState(StrEnum):
    """Where a question is."""

    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"


class PolicyStatus(Model):
    """The policy in force. `refused` says why its file, as it is now, cannot be used."""

    digest: Annotated[str, public]  # SHA-256 of the file's text
    loaded_at: Annotated[AwareDatetime, public]
    refused: Annotated[str | None, public] = None


class ReadApprovalRequest(Model):
    """Reading a child's data in the clear: what for, by which ticket, for how many hours."""

    purpose: Annotated[Purpose, public]
    ticket: Annotated[Code, internal]
    hours: Annotated[int, Field(ge=1, le=24), public] = 1


class ReadApproval(Model):
    """A question and its answer. `subject` asked; `until` the reading is granted."""

    approval_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    subject: Annotated[str, internal]
    purpose: Annotated[Purpose, public]
    ticket: Annotated[str, internal]
    hours: Annotated[int, public]
    asked_at: Annotated[AwareDatetime, public]
    state: Annotated[ApprovalState, public]
    decided_by: Annotated[str | None, internal] = None
    decided_at: Annotated[AwareDatetime | None, public] = None
    until: Annotated[AwareDatetime | None, public] = None


class ReadApprovalPage(Model):
    """Newest first."""

    data: Annotated[list[ReadApproval], internal]
    next_cursor: Annotated[str | None, public] = None


class ReadDecision(Model):
    """Yes or no."""

    granted: Annotated[bool, public]


_DECIDING = frozenset({Role.APPROVER, Role.COMPLIANCE})

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/policy", "gateway", "Which policy decides what is shown",
        frozenset({Role.COMPLIANCE, Role.ADMIN}), response=PolicyStatus, own=None, tags=PRIVACY,
    ),
    Operation(
        "POST", "/v1/members/{member_id}/read-approvals", "gateway",
        "Ask to read a child's data in the clear",
        frozenset({Role.SERVICE_AGENT, Role.COMPLIANCE}), request=ReadApprovalRequest,
        response=ReadApproval, status=201, tags=PRIVACY, audited=Action.APPROVE,
    ),
    Operation(
        "GET", "/v1/read-approvals", "gateway", "Readings that wait for a second person",
        _DECIDING, response=ReadApprovalPage, own=None, tags=PRIVACY,
        query=(Query("status", ApprovalState, "pending, granted or refused"), *PAGING),
    ),
    Operation(
        "POST", "/v1/read-approvals/{approval_id}/decide", "gateway",
        "Grant a reading, or refuse it", _DECIDING, request=ReadDecision, response=ReadApproval,
        own=None, tags=PRIVACY, audited=Action.APPROVE,
    ),
]  # fmt: skip
