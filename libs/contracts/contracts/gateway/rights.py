"""What members may ask of whoever holds their data, and what became of it."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from contracts.auditing import Action
from contracts.base import Model, Money
from contracts.classification import internal, public
from contracts.gateway.common import PRIVACY
from contracts.identity import UpdateMember
from contracts.operations import PAGING, Operation, Query
from contracts.roles import Role

RightsKind = Literal["access", "copy", "correct", "erase", "port", "object"]
RightsState = Literal["open", "answered", "refused"]
RefusalReason = Literal[
    "requester_not_verified",
    "legal_obligation",
    "rights_of_others",
    "excessive",
    "erased_meanwhile",
    "stored_value_owed",
]


class RightsRequest(Model):
    """A right that is claimed. `correct` says what is right; the others need nothing more.

    The requester is verified: a member by a sign-in of the last minutes, staff by a ticket (header
    `Ticket`) and a second factor.
    """

    kind: Annotated[RightsKind, public]
    corrections: Annotated[UpdateMember | None, internal] = None

    @model_validator(mode="after")
    def _says_what_is_right(self) -> Self:
        if (self.kind == "correct") is (self.corrections is None):
            raise ValueError("corrections go with `correct`, and only with it")
        return self


class ServiceAnswer(Model):
    """One service's part; `answered_at` null: it is missing."""

    service: Annotated[str, public]
    answered_at: Annotated[AwareDatetime | None, public] = None


class RightsItem(Model):
    """A request and how far it is. It is due 15 days after it was made.

    `archive_until`: as long as the member can fetch the archive. `fields` are what was corrected.
    `owed`: principal of stored value that has to be paid back before the member can be erased
    (refund with `closing`, then ask again).
    """

    request_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    kind: Annotated[RightsKind, public]
    state: Annotated[RightsState, public]
    requested_at: Annotated[AwareDatetime, public]
    due_at: Annotated[AwareDatetime, public]
    days_left: Annotated[int, public]
    overdue: Annotated[bool, public]
    by_role: Annotated[Role, public]
    ticket: Annotated[str | None, internal] = None
    answers: Annotated[list[ServiceAnswer], public]
    answered_at: Annotated[AwareDatetime | None, public] = None
    reason: Annotated[RefusalReason | None, public] = None
    fields: Annotated[list[str], public] = Field(default_factory=list)
    archive_until: Annotated[AwareDatetime | None, public] = None
    owed: Annotated[Money | None, internal] = None


class RightsPage(Model):
    """Newest first."""

    data: Annotated[list[RightsItem], internal]
    next_cursor: Annotated[str | None, public] = None


class RightsRefusal(Model):
    """Why a request is refused."""

    reason: Annotated[RefusalReason, public]


_DESK = frozenset({Role.SERVICE_AGENT, Role.COMPLIANCE, Role.ADMIN})
_OFFICERS = frozenset({Role.COMPLIANCE, Role.ADMIN})
_OF_MEMBER = "/v1/members/{member_id}/rights-requests"

OPERATIONS: list[Operation] = [
    Operation(
        "POST", _OF_MEMBER, "gateway",
        "See, copy, correct, erase, take along, object", _DESK | {Role.MEMBER},
        request=RightsRequest, response=RightsItem, status=201, idempotent=True, tags=PRIVACY,
        audited=Action.RIGHTS,
    ),
    Operation(
        "GET", _OF_MEMBER, "gateway", "A member's requests", _DESK | {Role.MEMBER},
        response=RightsPage, query=PAGING, tags=PRIVACY,
    ),
    Operation(
        "GET", _OF_MEMBER + "/{request_id}", "gateway", "A request and how far it is",
        _DESK | {Role.MEMBER}, response=RightsItem, tags=PRIVACY,
    ),
    Operation(
        "GET", _OF_MEMBER + "/{request_id}/archive", "gateway",
        "The archive (application/zip), for the member alone", frozenset({Role.MEMBER}),
        tags=PRIVACY,
    ),
    Operation(
        "GET", "/v1/rights-requests", "gateway", "Requests of all members, by clock", _OFFICERS,
        response=RightsPage, own=None, tags=PRIVACY, query=(
            *PAGING,
            Query("state", str, "open, answered or refused"),
            Query("overdue", bool, "only those past their day"),
        ),
    ),
    Operation(
        "POST", "/v1/rights-requests/{request_id}/refuse", "gateway",
        "Refuse an open request, with a reason", _OFFICERS, request=RightsRefusal,
        response=RightsItem, own=None, tags=PRIVACY, audited=Action.RIGHTS,
    ),
]  # fmt: skip
