"""What members agreed to, and the notices they were shown."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from contracts.auditing import Action
from contracts.base import Model, ProblemDocument
from contracts.classification import counted, internal, public
from contracts.gateway.common import NOBODY, PRIVACY
from contracts.operations import Operation, Query
from contracts.roles import READING, SERVING, Role

Purpose = Literal[
    "membership",
    "personalised_recommendation",
    "marketing",
    "sensitive",
    "third_party_sharing",
    "guardian",
]
Channel = Literal["sms", "wechat", "miniprogram", "push", "email", "call"]
State = Literal["to_be_asked", "granted", "refused", "withdrawn"]
Method = Literal["tick", "button", "signature", "spoken", "message", "unsubscribe"]
Place = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,31}(:[a-z_-]{1,32})?$"), public]


class Asked(Model):
    """The act by which an answer was given. A `ref` is good for one answer and no other.

    `initiative`: did the programme ask, or did the member come? After a no the programme does not
    ask again for 90 days.
    """

    ref: Annotated[UUID, internal]
    where: Place = "app"
    how: Annotated[Method, public] = "tick"
    initiative: Annotated[Literal["programme", "member"], public] = "member"


class ConsentChange(Model):
    """Yes or no to one purpose; `marketing` is asked channel by channel, the others have none.

    A yes belongs to the notice in force, whose version it may name. Among several answers each yes
    names the act of its own that gave it (`asked`).
    """

    purpose: Annotated[Purpose, public]
    channel: Annotated[Channel | None, public] = None
    granted: Annotated[bool, Field(strict=True), internal]
    notice_version: Annotated[int | None, Field(ge=1), public] = None
    asked: Annotated[Asked | None, internal] = None

    @model_validator(mode="after")
    def _channel_where_there_are_some(self) -> Self:
        if (self.channel is None) is (self.purpose == "marketing"):
            raise ValueError("marketing is asked for a channel, other purposes have none")
        return self


class ConsentsRequest(Model):
    """Answers to write; those not named stay."""

    consents: Annotated[list[ConsentChange], Field(min_length=1, max_length=32), internal]


class Consent(Model):
    """How one purpose stands. `granted` says whether it may be used now.

    `to_be_asked`: never answered, or the notice has changed since the yes. `ask_from` is the moment
    from which the programme may ask; null: there is nothing to ask.
    """

    purpose: Annotated[Purpose, public]
    channel: Annotated[Channel | None, public] = None
    state: Annotated[State, public]
    granted: Annotated[bool, internal]
    notice_version: Annotated[int | None, public] = None
    changed_at: Annotated[AwareDatetime | None, public] = None
    ask_from: Annotated[AwareDatetime | None, public] = None


class Consents(Model):
    """Every purpose and channel, answered or not."""

    member_id: Annotated[UUID, internal]
    data: Annotated[list[Consent], internal]


class Act(Model):
    """The act as the chain has it; `merge` is how answers came with another member."""

    ref: Annotated[UUID, internal]
    where: Annotated[str, public]
    how: Annotated[str, public]
    initiative: Annotated[str, public]


class ConsentEvent(Model):
    """A link of a member's chain: never changed, each holds the hash of the one before.

    `inherited_from`: the answer came with a member who was merged into this one.
    """

    number: Annotated[int, public]
    at: Annotated[AwareDatetime, public]
    purpose: Annotated[Purpose, public]
    channel: Annotated[Channel | None, public]
    state: Annotated[State, public]
    notice_version: Annotated[int | None, public]
    notice_hash: Annotated[str | None, public]
    asked: Annotated[Act, internal]
    by_role: Annotated[Role, public]
    by_subject: Annotated[str, internal]
    inherited_from: Annotated[UUID | None, internal]
    hash: Annotated[str, public]


class ConsentHistory(Model):
    """The chain of one member, oldest first; `intact` says that every hash was checked."""

    member_id: Annotated[UUID, internal]
    intact: Annotated[bool, public]
    data: Annotated[list[ConsentEvent], internal]


class MemberConsents(ConsentsRequest):
    """One member's answers in a batch."""

    member_id: Annotated[UUID, internal]


class ConsentsBatch(Model):
    """Answers of many members, each as in `PUT`; a member comes once."""

    members: Annotated[list[MemberConsents], Field(min_length=1, max_length=1000), internal]


class ConsentsResult(Model):
    """200, or another status with its problem, whose pointers start at the member's item."""

    member_id: Annotated[UUID, internal]
    status: Annotated[int, public]
    problem: Annotated[ProblemDocument | None, public] = None


class ConsentsResults(Model):
    """One answer each, in the same sequence."""

    results: Annotated[list[ConsentsResult], internal]


class ConsentCount(Model):
    """Members by how a purpose stands."""

    purpose: Annotated[Purpose, public]
    channel: Annotated[Channel | None, public]
    granted: Annotated[int, counted]
    refused: Annotated[int, counted]
    withdrawn: Annotated[int, counted]


class ConsentCounts(Model):
    """Answers of all members; who was merged into another is not counted."""

    data: Annotated[list[ConsentCount], public]


class NoticeText(Model):
    """A notice in one language."""

    title: Annotated[str, Field(min_length=1, max_length=100), public]
    text: Annotated[str, Field(min_length=1, max_length=10_000), public]


class NoticeRequest(Model):
    """A new version of what a purpose is asked with.

    `material`: it says something new, so earlier answers no longer hold and are asked for again.
    """

    purpose: Annotated[Purpose, public]
    zh: Annotated[NoticeText, public]
    en: Annotated[NoticeText, public]
    material: Annotated[bool, public] = True


class Notice(NoticeRequest):
    """A notice as published; `hash` is the SHA-256 of purpose, version and both texts as
    canonical JSON (RFC 8785)."""

    version: Annotated[int, public]
    hash: Annotated[str, public]
    published_at: Annotated[AwareDatetime, public]


class Notices(Model):
    """By purpose, newest version first."""

    data: Annotated[list[Notice], public]


_OFFICERS = frozenset({Role.COMPLIANCE, Role.ADMIN})
_FIGURES = _OFFICERS | {Role.ANALYST, Role.DATA_OPERATOR, Role.PLANNER, Role.OPERATOR}

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/members/{member_id}/consents", "gateway", "A member's consents",
        READING, response=Consents, tags=PRIVACY,
    ),
    Operation(
        "PUT", "/v1/members/{member_id}/consents", "gateway", "Give or withdraw consent",
        READING, request=ConsentsRequest, response=Consents, tags=PRIVACY,
    ),
    Operation(
        "GET", "/v1/members/{member_id}/consents/history", "gateway",
        "The chain of a member's answers", _OFFICERS | {Role.MEMBER, Role.SERVICE_AGENT},
        response=ConsentHistory, tags=PRIVACY,
    ),
    Operation(
        "POST", "/v1/consents/batch", "gateway", "Answers of up to 1,000 members", SERVING,
        request=ConsentsBatch, response=ConsentsResults, own=None, tags=PRIVACY,
    ),
    Operation(
        "GET", "/v1/consents/counts", "gateway", "How many said yes and no", _FIGURES,
        response=ConsentCounts, own=None, tags=PRIVACY,
    ),
    Operation(
        "GET", "/v1/notices", "gateway", "What members are shown before they answer", NOBODY,
        response=Notices, own=None, open=True, tags=PRIVACY,
        query=(Query("history", bool, "earlier versions, too"),),
    ),
    Operation(
        "POST", "/v1/notices", "gateway", "Publish a notice", _OFFICERS,
        request=NoticeRequest, response=Notice, status=201, own=None, tags=PRIVACY,
        audited=Action.POLICY,
    ),
]  # fmt: skip
