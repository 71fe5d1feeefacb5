"""What a campaign's offers may cost, set aside by points before anybody is promised anything."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from contracts.base import Event
from contracts.classification import internal, public
from contracts.events import CouponPromise


class BudgetRequested(Event, frozen=True):
    """A plan was approved: set aside what `contacts` offers cost at most, `each_fen` each.

    An offer is a coupon (`promise`) or `points`.
    """

    subject = "campaign.budget_requested.v1"
    reservation_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    contacts: Annotated[int, public]
    each_fen: Annotated[int, public]
    requested_at: Annotated[datetime, public]
    promise: Annotated[CouponPromise | None, public] = None
    points: Annotated[int, public] = 0


class BudgetReleased(Event, frozen=True):
    """Nothing more is offered. `offered` is how many offers were made, told of by now or not."""

    subject = "campaign.budget_released.v1"
    reservation_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    offered: Annotated[int, public]
    released_at: Annotated[datetime, public]


class PointsOffered(Event, frozen=True):
    """A campaign gives points; a row is (delivery, member), each of which gets `points`, once."""

    subject = "campaign.points_offered.v1"
    reservation_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    points: Annotated[int, public]
    grants: Annotated[list[tuple[UUID, UUID]], internal]
    offered_at: Annotated[datetime, public]
