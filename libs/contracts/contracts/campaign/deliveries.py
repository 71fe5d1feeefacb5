"""Messages to members and what became of them."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from contracts.base import Model
from contracts.campaign.readers import EXPLAINED_TO
from contracts.classification import internal, public
from contracts.operations import PAGING, Operation


class DeliveryStatus(StrEnum):
    """Where a message is: waiting for its hour, with the gateway, or done.

    delivered, failed: as the provider's receipt says. unknown: the provider's answer was lost; it
    may have been sent, and is not sent again.
    """

    HELD = "held"
    REQUESTED = "requested"
    SENT = "sent"
    REFUSED = "refused"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


class Delivery(Model):
    """One message to one member. `reason` says why it did not leave, or arrive."""

    delivery_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    campaign: Annotated[str, internal]
    channel: Annotated[str, public]
    status: Annotated[DeliveryStatus, public]
    reason: Annotated[str | None, public] = None
    due_at: Annotated[AwareDatetime, public]
    requested_at: Annotated[AwareDatetime | None, public] = None
    sent_at: Annotated[AwareDatetime | None, public] = None
    reported_at: Annotated[AwareDatetime | None, public] = None


class DeliveryPage(Model):
    """Messages to a member, newest first."""

    data: Annotated[list[Delivery], internal]
    next_cursor: Annotated[str | None, public] = None


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/members/{member_id}/deliveries", "campaign", "Messages to a member",
        EXPLAINED_TO, response=DeliveryPage, query=PAGING, tags=("campaigns",),
    ),
]  # fmt: skip
