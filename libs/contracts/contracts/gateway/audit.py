"""The audit: who saw, changed or was refused what of whom, and why. Never a value."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from contracts.auditing import Action, Decision
from contracts.base import Model
from contracts.classification import internal, public
from contracts.gateway.common import OVERSIGHT, PRIVACY
from contracts.operations import PAGING, Operation, Query
from contracts.roles import Role

__all__ = ["OPERATIONS", "Action", "AuditItem", "AuditPage", "AuditVerified", "Decision"]


class AuditItem(Model):
    """One entry. `members` are pseudonyms: `?member_id=` finds those of a member."""

    id: Annotated[UUID, internal]
    at: Annotated[AwareDatetime, public]
    role: Annotated[Role | None, public]
    subject: Annotated[str, internal]
    action: Annotated[Action, public]
    decision: Annotated[Decision, public]
    operation: Annotated[str, public]
    purpose: Annotated[str | None, internal]
    ticket: Annotated[str | None, internal]
    members: Annotated[list[UUID], internal]
    fields: Annotated[list[str], public]
    trace_id: Annotated[str | None, internal]


class AuditPage(Model):
    """Newest first."""

    data: Annotated[list[AuditItem], internal]
    next_cursor: Annotated[str | None, public] = None


class AuditVerified(Model):
    """What reading the whole audit has shown; `findings` says what is not as it was written."""

    clean: Annotated[bool, public]
    entries: Annotated[int, public]
    checkpoints: Annotated[int, public]
    findings: Annotated[list[str], public]
    key_id: Annotated[str, public]
    public_key: Annotated[str, public]


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/audit", "gateway", "Who saw or changed what of whom, and why", OVERSIGHT,
        response=AuditPage, own=None, tags=PRIVACY,
        query=(
            *PAGING,
            Query("since", AwareDatetime, "entries of this moment or later"),
            Query("until", AwareDatetime, "entries before this moment"),
            Query("subject", str, "entries of this client or user"),
            Query("action", Action, "entries of this kind"),
            Query("member_id", UUID, "entries about this member"),
        ),
    ),
    Operation(
        "GET", "/v1/audit/verify", "gateway", "Whether the audit is as it was written", OVERSIGHT,
        response=AuditVerified, own=None, tags=PRIVACY,
    ),
]  # fmt: skip
