"""Activities, who comes to them, what they vote for; communities; who brought whom."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from campaign_service.tables.base import Table, document, moment, sequence


class ActivityRow(Table, table=True):
    """An activity. `confirmed` and `queued` are counted under its lock."""

    __tablename__ = "activity"
    activity_id: UUID = Field(primary_key=True)
    seq: int = sequence()
    document: dict[str, Any] = document()
    starts_at: datetime = moment()
    ends_at: datetime = moment()
    signup_until: datetime = moment()
    capacity: int
    waiting: int
    confirmed: int
    queued: int
    author: str = Field(sa_type=Text)
    created_at: datetime = moment()


class SignupRow(Table, table=True):
    """A member's place, or its wish for one; `place` is the sequence in which they asked."""

    __tablename__ = "signup"
    place: int = sequence(primary_key=True)
    activity_id: UUID = Field(foreign_key="activity.activity_id")
    member_id: UUID
    original_member_id: UUID
    status: str = Field(sa_type=Text)
    signed_up_at: datetime = moment()
    checked_in_at: datetime | None = moment(nullable=True)


class VoteRow(Table, table=True):
    """A vote."""

    __tablename__ = "vote"
    activity_id: UUID = Field(primary_key=True, foreign_key="activity.activity_id")
    original_member_id: UUID = Field(primary_key=True)
    member_id: UUID
    option: str = Field(sa_type=Text)
    voted_at: datetime = moment()


class InvitationPageRow(Table, table=True):
    """An invitation that a member made; `words` are its own."""

    __tablename__ = "invitation_page"
    page_id: UUID = Field(primary_key=True)
    activity_id: UUID = Field(foreign_key="activity.activity_id")
    member_id: UUID
    original_member_id: UUID
    design: str = Field(sa_type=Text)
    words: str | None = Field(sa_type=Text)
    referral_code: str | None = Field(sa_type=Text)
    made_at: datetime = moment()


class GuestRow(Table, table=True):
    """Who signed up by somebody's invitation."""

    __tablename__ = "guest"
    activity_id: UUID = Field(primary_key=True, foreign_key="activity.activity_id")
    original_member_id: UUID = Field(primary_key=True)
    member_id: UUID
    page_id: UUID
    signed_up_at: datetime = moment()


class CommunityRow(Table, table=True):
    """A community by interest."""

    __tablename__ = "community"
    interest: str = Field(primary_key=True, sa_type=Text)
    name: dict[str, str] = document()


class CommunityMemberRow(Table, table=True):
    """Who joined."""

    __tablename__ = "community_member"
    interest: str = Field(primary_key=True, sa_type=Text, foreign_key="community.interest")
    original_member_id: UUID = Field(primary_key=True)
    member_id: UUID
    joined_at: datetime = moment()


class FollowerRow(Table, table=True):
    """A member who bought, brought by `member_id`."""

    __tablename__ = "follower"
    referred_id: UUID = Field(primary_key=True)
    member_id: UUID
    original_member_id: UUID
    rewarded_at: datetime = moment()


class ShareRow(Table, table=True):
    """What a member shared on a day."""

    __tablename__ = "share"
    original_member_id: UUID = Field(primary_key=True)
    shared_at: datetime = moment(primary_key=True)
    member_id: UUID
    shares: int
