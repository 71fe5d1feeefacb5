"""Why a member did or did not get a message."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from contracts.base import Model
from contracts.campaign.readers import EXPLAINED_TO
from contracts.classification import internal, public
from contracts.operations import PAGING, Operation


class Outcome(StrEnum):
    """What was decided about one member: message it, keep it out for comparison, or not now."""

    MESSAGE = "message"
    CONTROL = "control"
    SKIPPED = "skipped"


class Check(Model):
    """One check of a contact decision, in words."""

    check: Annotated[str, public]
    passed: Annotated[bool, public]
    zh: Annotated[str, internal]
    en: Annotated[str, internal]


class ContactDecision(Model):
    """Why a member did or did not get a message."""

    campaign_id: Annotated[UUID, internal]
    campaign: Annotated[str, internal]
    decided_at: Annotated[AwareDatetime, public]
    outcome: Annotated[Outcome, public]
    checks: Annotated[list[Check], internal]


class ContactDecisionPage(Model):
    """Decisions about a member, newest first."""

    data: Annotated[list[ContactDecision], internal]
    next_cursor: Annotated[str | None, public] = None


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/members/{member_id}/contact-decisions", "campaign",
        "Why this member did or did not get a message, check by check",
        EXPLAINED_TO, response=ContactDecisionPage, query=PAGING, tags=("campaigns",),
    ),
]  # fmt: skip
