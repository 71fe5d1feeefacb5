"""What members do with a message: they open it, they follow its link."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from contracts.base import Event, Model, Record
from contracts.classification import internal, public
from contracts.gateway.common import NOBODY
from contracts.operations import Operation
from contracts.roles import Role


class LinkTarget(Record, frozen=True):
    """Inner, of `GET /internal/links/{token}` (where it leads) and `POST` (somebody follows it)."""

    url: Annotated[str, public]


class MessageOpened(Event, frozen=True):
    """A message was opened: the app says so, or its link was followed. Once a delivery."""

    subject = "campaign.message_opened.v1"
    delivery_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    channel: Annotated[str, public]
    opened_at: Annotated[datetime, public]


class LinkClicked(Event, frozen=True):
    """The link of a message was followed for the first time; not by a program that looks ahead."""

    subject = "campaign.link_clicked.v1"
    delivery_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    channel: Annotated[str, public]
    clicked_at: Annotated[datetime, public]


class MessageResponse(Model):
    """What a member did with a message, so far. `clicks`: how often its link was followed."""

    delivery_id: Annotated[UUID, internal]
    opened_at: Annotated[AwareDatetime | None, public] = None
    clicked_at: Annotated[AwareDatetime | None, public] = None
    clicks: Annotated[int, public]


def _link(method: str, summary: str) -> Operation:
    return Operation(
        method, "/l/{token}", "gateway", summary, NOBODY, own=None, open=True, page=True,
        tags=("campaigns",),
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    _link("GET", "The link of a message: counts, and sends the browser on to the shop"),
    _link("HEAD", "The same for programs that look ahead: nothing is counted"),
    Operation(
        "POST", "/v1/members/{member_id}/deliveries/{delivery_id}/opened", "campaign",
        "The member's app says that a message was opened; again changes nothing",
        frozenset({Role.MEMBER}), response=MessageResponse, tags=("campaigns",),
    ),
]  # fmt: skip
