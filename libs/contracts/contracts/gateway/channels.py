"""Channels and their providers, messages that got stuck, and what providers tell afterwards."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import internal, public
from contracts.gateway.common import NOBODY
from contracts.operations import PAGING, Operation
from contracts.roles import Role

CHANNELS = ("Channels",)
_KEEPERS = frozenset({Role.OPERATOR, Role.ADMIN})


class Channel(Model):
    """How a channel stands. `open_until`: the provider fails, nothing is sent until then.

    `receipts_url` is a secret: the provider is told to post receipts there. Counts are messages.
    """

    channel: Annotated[str, public]
    provider: Annotated[str, public]
    waiting: Annotated[int, public]
    dead: Annotated[int, public]
    unknown: Annotated[int, public]
    failures: Annotated[int, public]
    open_until: Annotated[AwareDatetime | None, public] = None
    receipts_url: Annotated[str | None, internal] = None


class Channels(Model):
    """Every channel that is set up."""

    data: Annotated[list[Channel], internal]


class DeadLetter(Model):
    """A message that nobody works on any more; neither text nor address.

    dead: it was certainly not sent. unknown: the provider's answer was lost, it may have been sent,
    and is never sent again. `reason` is a code.
    """

    delivery_id: Annotated[UUID, internal]
    channel: Annotated[str, public]
    provider: Annotated[str, public]
    purpose: Annotated[str, public]
    state: Annotated[Literal["dead", "unknown"], public]
    reason: Annotated[str | None, public]
    attempts: Annotated[int, public]
    created_at: Annotated[AwareDatetime, public]
    ended_at: Annotated[AwareDatetime | None, public]


class DeadLetters(Model):
    """Newest first."""

    data: Annotated[list[DeadLetter], internal]
    next_cursor: Annotated[str | None, public] = None


_RECEIPTS = "/v1/receipts/{provider}/{receipts_key}"

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/channels", "gateway", "Channels, their providers and how these stand", _KEEPERS,
        response=Channels, own=None, tags=CHANNELS,
    ),
    Operation(
        "GET", "/v1/dead-letters", "gateway",
        "Messages that were given up, or may have been sent", _KEEPERS,
        response=DeadLetters, query=PAGING, own=None, tags=CHANNELS,
    ),
    Operation(
        "POST", "/v1/dead-letters/{delivery_id}/replay", "gateway",
        "Try a message again that was certainly not sent", _KEEPERS, status=202, own=None,
        tags=CHANNELS, audited=Action.EGRESS,
    ),
    Operation(
        "GET", _RECEIPTS, "gateway", "A provider checks that this is the right place", NOBODY,
        own=None, open=True, tags=CHANNELS,
    ),
    Operation(
        "POST", _RECEIPTS, "gateway", "Receipts, in the provider's own format", NOBODY, own=None,
        open=True, tags=CHANNELS,
    ),
]  # fmt: skip
