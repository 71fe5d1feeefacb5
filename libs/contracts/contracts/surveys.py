"""Surveys: satisfaction and NPS after purchase or service, questionnaires. Owned by campaign."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Model
from contracts.classification import internal, public, quasi
from contracts.operations import PAGING, Operation, Query
from contracts.points.common import Code, Words
from contracts.roles import Role

Touchpoint = Literal["purchase", "service", "activity"]
SatisfactionPart = Literal["channel", "store", "month"]
Answer = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class SurveyOption(Model):
    """What may be chosen."""

    option: Code
    name: Annotated[Words, public]


class SurveyQuestion(Model):
    """nps: 0 to 10. csat: 1 to 5. choice, choices: one or some of `options`."""

    question: Code
    kind: Annotated[Literal["nps", "csat", "choice", "choices"], public]
    text: Annotated[Words, public]
    options: Annotated[list[SurveyOption], Field(max_length=20), public] = Field(
        default_factory=list
    )
    required: Annotated[bool, public] = True


class SurveyRequest(Model):
    """A survey. Of what happens at the touchpoint a `share` is followed by an invitation, `delay`
    hours later, good for `valid_days`; a member gets one invitation to any survey in `quiet_days`.
    Who gives a score of `follow_up_at` or less is a task for the service desk: to call within three
    days.
    """

    key: Code
    name: Annotated[Words, public]
    touchpoint: Annotated[Touchpoint, public]
    questions: Annotated[list[SurveyQuestion], Field(min_length=1, max_length=20), public]
    channel: Annotated[Literal["sms", "push"], public] = "sms"
    share: Annotated[float, Field(ge=0, le=1), public] = 0.1
    delay_hours: Annotated[int, Field(ge=0, le=168), public] = 2
    quiet_days: Annotated[int, Field(ge=1, le=365), public] = 30
    valid_days: Annotated[int, Field(ge=1, le=60), public] = 14
    follow_up_at: Annotated[int | None, Field(ge=0, le=10), public] = None


class Survey(SurveyRequest):
    """A survey; only an open one invites and takes answers."""

    survey_id: Annotated[UUID, internal]
    open: Annotated[bool, public]
    author: Annotated[str, internal]
    created_at: Annotated[AwareDatetime, public]


class SurveyPage(Model):
    """Surveys, newest first."""

    data: Annotated[list[Survey], internal]
    next_cursor: Annotated[str | None, public] = None


class InvitationRequest(Model):
    """Members to invite now, after a service."""

    members: Annotated[list[UUID], Field(min_length=1, max_length=1_000), internal]


class Invited(Model):
    """How many were; the others had an invitation a short time ago, or are not known."""

    invited: Annotated[int, public]


class AnswerRequest(Model):
    """Answers by question, once an invitation. `token` is that of the invitation's link; a member
    who has one waiting needs none."""

    token: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{16,120}$"), internal] = None
    answers: Annotated[dict[Code, list[Answer]], Field(max_length=20), quasi]


class SurveyAnswer(Model):
    """What a member answered; `score` is that of the first nps or csat question."""

    member_id: Annotated[UUID, internal]
    touchpoint: Annotated[Touchpoint, public]
    score: Annotated[int | None, quasi] = None
    answers: Annotated[dict[str, list[str]] | None, quasi] = None
    answered_at: Annotated[AwareDatetime, public]


class SurveyAnswerPage(Model):
    """Answers, newest first."""

    data: Annotated[list[SurveyAnswer], internal]
    next_cursor: Annotated[str | None, public] = None


class Satisfaction(Model):
    """A figure with its 95 % interval. nps: promoters (9, 10) less detractors (0 to 6), in points.
    csat: those who answered 4 or 5, in percent. None where nobody answered. `part` is the channel,
    store or month of the invitation, if that was asked for."""

    measure: Annotated[Literal["nps", "csat"], public]
    touchpoint: Annotated[Touchpoint, public]
    part: Annotated[str | None, public] = None
    invited: Annotated[int, public]
    answers: Annotated[int, public]
    value: Annotated[float | None, public] = None
    low: Annotated[float | None, public] = None
    high: Annotated[float | None, public] = None


class SatisfactionReport(Model):
    """By touchpoint, and within by channel, store or month. Who answers chose to: the
    interval is of chance alone, not of who stays silent; `invited` beside `answers` says how many
    did."""

    since: Annotated[datetime, public]
    data: Annotated[list[Satisfaction], public]


class OptionCount(Model):
    """How often something was chosen."""

    question: Code
    option: Annotated[str, public]
    answers: Annotated[int, public]


class SurveyReport(Model):
    """Invited, answered, and every question's answers."""

    survey_id: Annotated[UUID, internal]
    invited: Annotated[int, public]
    sent: Annotated[int, public]
    answered: Annotated[int, public]
    data: Annotated[list[OptionCount], public]


PLANNING = frozenset({Role.PLANNER, Role.ADMIN})
READERS = PLANNING | {Role.APPROVER, Role.ANALYST, Role.OPERATOR}
_SURVEY = "/v1/surveys/{survey_id}"
_SINCE = Query("since", datetime, "from when on; 90 days unless given")
_BY = Query("by", SatisfactionPart, "within touchpoints by channel, store or month")
_TAGS = ("surveys",)

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/surveys", "campaign", "Surveys, newest first",
        READERS, response=SurveyPage, query=PAGING, tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/surveys", "campaign", "Plan a survey; it is closed until it is opened",
        PLANNING, request=SurveyRequest, response=Survey, status=201, idempotent=True, tags=_TAGS,
    ),
    Operation(
        "GET", _SURVEY, "campaign", "A survey", READERS, response=Survey, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_SURVEY}/open", "campaign", "Invite from now on",
        PLANNING, response=Survey, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_SURVEY}/close", "campaign", "Invite nobody and take no answers any more",
        PLANNING, response=Survey, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_SURVEY}/invitations", "campaign", "Invite members now, after a service",
        frozenset({Role.SERVICE_AGENT, Role.OPERATOR, Role.ADMIN}), request=InvitationRequest,
        response=Invited, status=201, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_SURVEY}/answers", "campaign", "Answer, once an invitation",
        frozenset({Role.MEMBER}), request=AnswerRequest, response=SurveyAnswer, status=201,
        tags=_TAGS,
    ),
    Operation(
        "GET", f"{_SURVEY}/answers", "campaign", "Answers, newest first",
        frozenset({Role.ANALYST, Role.OPERATOR, Role.ADMIN}), response=SurveyAnswerPage,
        query=PAGING, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_SURVEY}/report", "campaign", "How many answered what",
        READERS, response=SurveyReport, tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/satisfaction", "campaign", "NPS and satisfaction by touchpoint, with intervals",
        READERS, response=SatisfactionReport, query=(_SINCE, _BY), tags=_TAGS,
    ),
]  # fmt: skip
