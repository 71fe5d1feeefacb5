"""When what is possible at an activity. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

DOORS_OPEN = timedelta(hours=2)  # before it starts


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity as it stands; `document` is what was planned."""

    seq: int
    activity_id: UUID
    document: Mapping[str, Any]
    starts_at: datetime
    ends_at: datetime
    signup_until: datetime
    capacity: int
    waiting: int
    confirmed: int
    queued: int
    author: str
    created_at: datetime

    @property
    def options(self) -> list[str]:
        """What can be voted for."""
        return [each["option"] for each in self.document["options"]]


@dataclass(frozen=True, slots=True)
class Place:
    """A member's sign-up; `position` in the waiting list, from 1."""

    place: int
    activity_id: UUID
    title: Mapping[str, str]
    member_id: UUID
    status: str
    signed_up_at: datetime
    checked_in_at: datetime | None
    ends_at: datetime
    position: int | None


def admission(activity: Activity, now: datetime) -> str | None:
    """`confirmed`, `waiting`, or None where everything is taken. Raises TooLate."""
    if now >= activity.signup_until:
        raise TooLate
    if activity.confirmed < activity.capacity and not activity.queued:
        return "confirmed"
    return "waiting" if activity.queued < activity.waiting else None


def moving_up(activity: Activity, now: datetime) -> int:
    """How many of those who wait get a place now."""
    free = activity.capacity - activity.confirmed
    return min(free, activity.queued) if now < activity.starts_at else 0


def at_the_door(activity: Activity, now: datetime) -> bool:
    """Whether one can check in."""
    return activity.starts_at - DOORS_OPEN <= now < activity.ends_at


class TooLate(Exception):
    """Nobody can sign up any more."""
