"""Invitations to activities that members make themselves and share. Owned by campaign."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Model
from contracts.classification import internal, public, quasi
from contracts.operations import Operation
from contracts.points.common import Words
from contracts.roles import Role

Design = Literal["classic", "festive", "friends", "family"]
ReferralCode = Annotated[str, Field(pattern=r"^[A-Z2-7]{16}$")]


class InvitationBody(Model):
    """An invitation to be: a design, and a sentence of one's own. No numbers, addresses or accounts
    by which somebody could be reached; advertising law holds. With the member's `referral_code`
    (`POST /v1/members/{member_id}/referral-links`) newcomers read by which code they join."""

    design: Annotated[Design, public] = "classic"
    words: Annotated[str | None, Field(max_length=60), quasi] = None
    referral_code: Annotated[ReferralCode | None, internal] = None


class MemberInvitation(Model):
    """A member's page to an activity, its address and picture, good until sign-up ends. `guests`
    signed up by it and have a place or wait for one; `came` were at the door."""

    activity_id: Annotated[UUID, internal]
    title: Annotated[Words, public]
    design: Annotated[Design, public]
    words: Annotated[str | None, quasi] = None
    referral_code: Annotated[str | None, internal] = None
    url: Annotated[str, internal]
    svg: Annotated[str, internal]
    expires_at: Annotated[AwareDatetime, public]
    guests: Annotated[int, internal]
    came: Annotated[int, internal]


class MemberInvitations(Model):
    """The newest first."""

    data: Annotated[list[MemberInvitation], internal]


_OWN = "/v1/members/{member_id}/invitations"
_MEMBER = frozenset({Role.MEMBER})
_TAGS = ("activities",)

OPERATIONS: list[Operation] = [
    Operation(
        "GET", _OWN, "campaign", "Invitations that a member made, and who came by them",
        _MEMBER | {Role.SERVICE_AGENT, Role.OPERATOR}, response=MemberInvitations, tags=_TAGS,
    ),
    Operation(
        "PUT", f"{_OWN}/{{activity_id}}", "campaign", "Make an invitation to share, or change it",
        _MEMBER, request=InvitationBody, response=MemberInvitation, tags=_TAGS,
    ),
    Operation(
        "DELETE", f"{_OWN}/{{activity_id}}", "campaign", "Take it back: its link leads nowhere",
        _MEMBER, response=MemberInvitations, tags=_TAGS,
    ),
]  # fmt: skip
