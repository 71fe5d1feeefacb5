"""Webhooks (Standard Webhooks): what happened is posted to addresses that partners registered.

A message says nothing personal: a member is a pseudonym of this partner's own, and only if the
member agreed to sharing. `docs/webhooks.md` says how to verify one.
"""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import internal, public
from contracts.gateway.common import ACCESS
from contracts.operations import PAGING, Operation
from contracts.roles import Role

MOST_BODY_BYTES = 4096  # of a message
MOST_WEBHOOKS = 10  # of one holder


class WebhookEvent(StrEnum):
    """What can be told. Partners hear of their own store, operators of all."""

    ORDER_RECORDED = "order.recorded"  # points were earned
    ORDER_REFUNDED = "order.refunded"  # points were taken back
    POINTS_BURNT = "points.burnt"
    COUPON_REDEEMED = "coupon.redeemed"
    SETTLEMENT_CLOSED = "settlement.closed"
    MEMBER_MESSAGE = "member.message"  # campaign's channel `webhook`
    JOURNEY_REACHED = "journey.reached"  # a journey's node that tells


Type = Literal[
    "ping", "order.recorded", "order.refunded", "points.burnt", "coupon.redeemed",
    "settlement.closed", "member.message", "journey.reached",
]  # fmt: skip


class WebhookRequest(Model):
    """Where to post what. https, a public name, no credentials in it."""

    url: Annotated[str, Field(min_length=1, max_length=2048), internal]
    events: Annotated[list[WebhookEvent], Field(min_length=1, max_length=20), public]


class Webhook(Model):
    """`failing_since`: nothing has arrived since. After days of that it is `disabled`, and what
    happens meanwhile waits until it is enabled again, thirty days at most.
    """

    webhook_id: Annotated[UUID, internal]
    url: Annotated[str, internal]
    events: Annotated[list[WebhookEvent], public]
    state: Annotated[Literal["active", "disabled"], public]
    created_at: Annotated[AwareDatetime, public]
    failing_since: Annotated[AwareDatetime | None, public]
    disabled_at: Annotated[AwareDatetime | None, public]


class WebhookSecret(Webhook):
    """The secret is shown this once. One before it goes on signing beside it until `overlap`."""

    secret: Annotated[str, internal]
    overlap: Annotated[AwareDatetime | None, public] = None


class Webhooks(Model):
    """The caller's, the oldest first; operators see everybody's."""

    data: Annotated[list[Webhook], internal]
    next_cursor: Annotated[str | None, public] = None


class WebhookDelivery(Model):
    """A message and what became of it. `error` is a code if no answer came.

    waiting: it is tried (again) at `next_at`; given_up: it was tried for days.
    """

    webhook_message_id: Annotated[str, internal]  # the header `webhook-id`
    type: Annotated[Type, public]
    state: Annotated[Literal["waiting", "delivered", "given_up"], public]
    attempts: Annotated[int, public]
    created_at: Annotated[AwareDatetime, public]
    next_at: Annotated[AwareDatetime | None, public]
    delivered_at: Annotated[AwareDatetime | None, public]
    status: Annotated[int | None, public]
    error: Annotated[str | None, public]


class WebhookDeliveries(Model):
    """Newest first."""

    data: Annotated[list[WebhookDelivery], internal]
    next_cursor: Annotated[str | None, public] = None


_HOLDERS = frozenset({Role.PARTNER, Role.OPERATOR, Role.ADMIN})
_ONE = "/v1/webhooks/{webhook_id}"

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/webhooks", "gateway", "Registered webhooks", _HOLDERS, response=Webhooks,
        query=PAGING, own=None, tags=ACCESS,
    ),
    Operation(
        "POST", "/v1/webhooks", "gateway", "Register a webhook; the secret is shown once",
        _HOLDERS, WebhookRequest, WebhookSecret, status=201, own=None, tags=ACCESS,
        audited=Action.ADMISSION,
    ),
    Operation(
        "DELETE", _ONE, "gateway", "Remove a webhook and what waits for it", _HOLDERS, status=204,
        own=None, tags=ACCESS, audited=Action.ADMISSION,
    ),
    Operation(
        "POST", f"{_ONE}/rotate", "gateway",
        "A new secret; the one before signs as well for a day", _HOLDERS, response=WebhookSecret,
        own=None, tags=ACCESS, audited=Action.ADMISSION,
    ),
    Operation(
        "POST", f"{_ONE}/enable", "gateway", "Try again, whatever was given up included",
        _HOLDERS, response=Webhook, own=None, tags=ACCESS, audited=Action.ADMISSION,
    ),
    Operation(
        "POST", f"{_ONE}/ping", "gateway", "Send a test message", _HOLDERS,
        response=WebhookDelivery, status=202, own=None, tags=ACCESS,
    ),
    Operation(
        "GET", f"{_ONE}/deliveries", "gateway", "Messages of the last thirty days", _HOLDERS,
        response=WebhookDeliveries, query=PAGING, own=None, tags=ACCESS,
    ),
]  # fmt: skip
