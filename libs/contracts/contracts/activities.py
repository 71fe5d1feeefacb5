"""Activities: sign-up by QR, waiting list, check-in, votes; communities; advocates. Of campaign."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Model
from contracts.classification import counted, internal, public
from contracts.operations import PAGING, Operation
from contracts.points.common import Code, Words
from contracts.roles import Role

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,120}$")]
Status = Literal["confirmed", "waiting", "cancelled"]


class VoteOption(Model):
    """What members may choose."""

    option: Code
    name: Annotated[Words, public]


class ActivityRequest(Model):
    """An activity. `capacity` places, and a waiting list of `waiting`; `options` make it a vote."""

    kind: Annotated[Literal["tasting", "salon", "workshop", "festival", "vote"], public]
    title: Annotated[Words, public]
    place: Annotated[Words | None, public] = None
    store: Annotated[Code | None, public] = None
    interests: Annotated[list[Code], Field(max_length=10), public] = Field(default_factory=list)
    starts_at: Annotated[AwareDatetime, public]
    ends_at: Annotated[AwareDatetime, public]
    signup_until: Annotated[AwareDatetime | None, public] = None
    capacity: Annotated[int, Field(ge=1, le=100_000), public]
    waiting: Annotated[int, Field(ge=0, le=100_000), public] = 50
    options: Annotated[list[VoteOption], Field(max_length=20), public] = Field(default_factory=list)


class Activity(ActivityRequest):
    """An activity, how many have a place, and how many wait for one."""

    activity_id: Annotated[UUID, internal]
    author: Annotated[str, internal]
    created_at: Annotated[AwareDatetime, public]
    confirmed: Annotated[int, public]
    queued: Annotated[int, public]


class ActivityPage(Model):
    """Activities, newest first."""

    data: Annotated[list[Activity], internal]
    next_cursor: Annotated[str | None, public] = None


class SignupRequest(Model):
    """A sign-up. A member signs itself up; staff name the member. `token` is that of a QR code."""

    member_id: Annotated[UUID | None, internal] = None
    token: Annotated[Token | None, internal] = None


class Signup(Model):
    """A member's place. `position` in the waiting list, from 1; `ticket` to show at the door."""

    activity_id: Annotated[UUID, internal]
    title: Annotated[Words, public]
    member_id: Annotated[UUID, internal]
    status: Annotated[Status, public]
    position: Annotated[int | None, public] = None
    signed_up_at: Annotated[AwareDatetime, public]
    checked_in_at: Annotated[AwareDatetime | None, public] = None
    ticket: Annotated[str | None, internal] = None


class SignupPage(Model):
    """Places, in the sequence in which they were asked for."""

    data: Annotated[list[Signup], internal]
    next_cursor: Annotated[str | None, public] = None


class CodeRequest(Model):
    """A QR code to sign up with, or to check in with at the door, valid for so many minutes."""

    use: Annotated[Literal["signup", "checkin"], public]
    minutes: Annotated[int, Field(ge=1, le=60 * 24 * 90), public] = 60


class QrCode(Model):
    """The code: its token, the address it leads to, and its picture."""

    token: Annotated[str, internal]
    url: Annotated[str, internal]
    svg: Annotated[str, internal]
    expires_at: Annotated[AwareDatetime, public]


class CheckinRequest(Model):
    """At the door: a member shows the door's code, or staff a member's ticket."""

    token: Annotated[Token, internal]


class VoteRequest(Model):
    """A vote. A member votes for itself; staff name the member."""

    member_id: Annotated[UUID | None, internal] = None
    option: Code


class Vote(Model):
    """A vote as it counts."""

    activity_id: Annotated[UUID, internal]
    option: Code
    voted_at: Annotated[AwareDatetime, public]


class VoteCount(Model):
    """How many chose it."""

    option: Code
    name: Annotated[Words, public]
    votes: Annotated[int, public]


class VoteResult(Model):
    """All options, most votes first."""

    activity_id: Annotated[UUID, internal]
    data: Annotated[list[VoteCount], public]


class CommunityRequest(Model):
    """What a community is about."""

    name: Annotated[Words, public]


class Community(Model):
    """A community by interest, and how many are in it."""

    interest: Code
    name: Annotated[Words, public]
    members: Annotated[int, counted]


class Communities(Model):
    """All communities, or a member's."""

    data: Annotated[list[Community], public]


class Advocate(Model):
    """A member whom others follow: referrals that bought (`direct`), those that came through them
    in turn, up to three steps (`reach`), shares and visits of the last year; `guests` came to
    activities by an invitation of the member's own.

    score = 5 · direct + 2 · (reach − direct) + 2 · guests + shares + visits
    """

    member_id: Annotated[UUID, internal]
    direct: Annotated[int, internal]
    reach: Annotated[int, internal]
    shares: Annotated[int, internal]
    visits: Annotated[int, internal]
    guests: Annotated[int, internal]
    score: Annotated[int, internal]


class Advocates(Model):
    """Highest score first."""

    data: Annotated[list[Advocate], internal]


PLANNING = frozenset({Role.PLANNER, Role.ADMIN})
HOSTS = frozenset({Role.GUIDE, Role.SERVICE_AGENT, Role.POS, Role.OPERATOR, Role.ADMIN})
GUESTS = HOSTS | {Role.MEMBER}
EVERYBODY = GUESTS | PLANNING | {Role.APPROVER, Role.ANALYST}
_ACTIVITY = "/v1/activities/{activity_id}"
_OWN = "/v1/members/{member_id}"
_TAGS = ("activities",)

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/activities", "campaign", "Activities, newest first",
        EVERYBODY, response=ActivityPage, query=PAGING, tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/activities", "campaign", "Plan an activity",
        PLANNING, request=ActivityRequest, response=Activity, status=201, idempotent=True,
        tags=_TAGS,
    ),
    Operation(
        "GET", _ACTIVITY, "campaign", "An activity and how many places are taken",
        EVERYBODY, response=Activity, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ACTIVITY}/codes", "campaign", "A QR code to sign up or to check in with",
        HOSTS | PLANNING, request=CodeRequest, response=QrCode, status=201, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_ACTIVITY}/signups", "campaign", "Who has a place or waits for one",
        HOSTS | PLANNING, response=SignupPage, query=PAGING, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ACTIVITY}/signups", "campaign",
        "Sign up: a place, or the end of the waiting list; again answers the same",
        GUESTS, request=SignupRequest, response=Signup, status=201, tags=_TAGS,
    ),
    Operation(
        "DELETE", f"{_ACTIVITY}/signups/{{member_id}}", "campaign",
        "Give the place back; who waits longest gets it",
        GUESTS, response=Signup, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ACTIVITY}/checkins", "campaign", "Check in, by the door's code or by ticket",
        GUESTS, request=CheckinRequest, response=Signup, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_ACTIVITY}/votes", "campaign", "What was voted for",
        EVERYBODY, response=VoteResult, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ACTIVITY}/votes", "campaign", "Vote, once a member",
        GUESTS, request=VoteRequest, response=Vote, status=201, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_OWN}/signups", "campaign", "A member's places",
        GUESTS, response=SignupPage, tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/communities", "campaign", "Communities by interest",
        EVERYBODY | {Role.DATA_OPERATOR}, response=Communities, tags=_TAGS,
    ),
    Operation(
        "PUT", "/v1/communities/{interest}", "campaign", "Open a community, or rename it",
        PLANNING, request=CommunityRequest, response=Community, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_OWN}/communities", "campaign", "Those that a member is in",
        GUESTS, response=Communities, tags=_TAGS,
    ),
    Operation(
        "PUT", f"{_OWN}/communities/{{interest}}", "campaign", "Join",
        GUESTS, response=Communities, tags=_TAGS,
    ),
    Operation(
        "DELETE", f"{_OWN}/communities/{{interest}}", "campaign", "Leave",
        GUESTS, response=Communities, tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/advocates", "campaign", "Members whom others follow (KOC), by reach",
        PLANNING | {Role.OPERATOR, Role.SERVICE_AGENT}, response=Advocates, query=PAGING[:1],
        tags=_TAGS,
    ),
]  # fmt: skip
