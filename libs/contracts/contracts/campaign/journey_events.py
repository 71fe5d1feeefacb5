"""What journeys tell: members to be tagged, members who came to a place."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from contracts.base import Event
from contracts.classification import internal, public


class MembersTagged(Event, frozen=True):
    """A journey tags members, up to the day before `until`."""

    subject = "campaign.members_tagged.v1"
    journey_id: Annotated[UUID, internal]
    node: Annotated[str, public]
    tag: Annotated[str, public]
    value: Annotated[str | None, public]
    until: Annotated[date, public]
    members: Annotated[list[UUID], internal]


class JourneyReached(Event, frozen=True):
    """Members came to a node that tells of them; a row is (id of the step, member, when)."""

    subject = "campaign.journey_reached.v1"
    journey_id: Annotated[UUID, internal]
    node: Annotated[str, public]
    topic: Annotated[str, public]
    reached: Annotated[list[tuple[UUID, UUID, datetime]], internal]
