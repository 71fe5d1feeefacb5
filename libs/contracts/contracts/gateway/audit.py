"""The audit: who read personal values in the clear."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from contracts.base import Model
from contracts.classification import internal, public
from contracts.gateway.common import PRIVACY
from contracts.operations import PAGING, Operation
from contracts.roles import Role


class AuditItem(Model):
    """Somebody was about to read personal values in the clear."""

    id: Annotated[UUID, internal]
    at: Annotated[AwareDatetime, public]
    role: Annotated[Role, public]
    subject: Annotated[str, internal]
    purpose: Annotated[str, internal]
    ticket: Annotated[str | None, internal]
    operation: Annotated[str, public]
    members: Annotated[list[UUID], internal]
    kinds: Annotated[list[str], public]
    trace_id: Annotated[str, internal]


class AuditPage(Model):
    """Newest first."""

    data: Annotated[list[AuditItem], internal]
    next_cursor: Annotated[str | None, public] = None


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/audit", "gateway", "Who read personal values in the clear",
        frozenset({Role.COMPLIANCE, Role.ADMIN}), response=AuditPage, query=PAGING, own=None,
        tags=PRIVACY,
    ),
]  # fmt: skip
