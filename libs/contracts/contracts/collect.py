"""Behaviour as Segment's HTTP API sends it (segment.com/docs/connections/sources/catalog/libraries/
server/http-api). Hot, so msgspec; unknown fields are ignored, as Segment does."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from contracts.base import Model
from contracts.classification import Kind, holding, internal, personal, public
from contracts.operations import Operation

MAX_BATCH_BYTES = 500 * 1024
MAX_MESSAGE_BYTES = 32 * 1024

MessageType = Literal["track", "identify", "page", "screen", "group", "alias"]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Text = Annotated[str, msgspec.Meta(max_length=256)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


def _empty() -> msgspec.Raw:
    return msgspec.Raw(b"{}")


class Lenient(msgspec.Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """A part of a Segment message. Free objects stay raw: most need no look inside."""


class ExternalId(Lenient, frozen=True, gc=False):
    """`type` is an identifier kind (phone, card_no, …); any other counts as external."""

    id: Annotated[Id, personal(by="type", at="identifier.value")]
    type: Annotated[Text, public]


class Library(Lenient, frozen=True, gc=False):
    """What sent the message."""

    name: Annotated[str | None, public] = None


class Page(Lenient, frozen=True, gc=False):
    """Where it happened; the query is cut off."""

    path: Annotated[str | None, internal] = None


class Context(Lenient, frozen=True, gc=False):
    """What is kept of the context; address, user agent and the rest are dropped at the door."""

    channel: Annotated[Text | None, public] = None
    locale: Annotated[Text | None, public] = None
    library: Annotated[Library | None, internal] = None
    page: Annotated[Page | None, internal] = None
    external_ids: Annotated[list[ExternalId], msgspec.Meta(max_length=16), internal] = []
    traits: Annotated[msgspec.Raw, personal(Kind.TEXT, at="trait.value")] = msgspec.field(
        default_factory=_empty
    )


class Message(Lenient, frozen=True, gc=False):
    """One message. It names somebody: by `userId` (which may be a member id), by `anonymousId` or
    by identifiers in `context.externalIds`.

    `type` is told by the path, except in a batch. Personal traits (name, phone, address, …) and
    whatever else looks like a phone number, an e-mail address, an identity number or a name is
    sealed.
    """

    type: Annotated[MessageType | None, public] = None
    message_id: Annotated[Id | None, internal] = None
    user_id: Annotated[Id | int | None, personal(Kind.EXTERNAL, at="identifier.value")] = None
    anonymous_id: Annotated[Id | None, personal(Kind.DEVICE_ID, at="identifier.value")] = None
    event: Annotated[Id | None, public] = None
    name: Annotated[Text | None, public] = None
    category: Annotated[Text | None, public] = None
    group_id: Annotated[Id | None, internal] = None
    previous_id: Annotated[Id | None, personal(Kind.EXTERNAL, at="identifier.value")] = None
    properties: Annotated[msgspec.Raw, holding("activity.properties")] = msgspec.field(
        default_factory=_empty
    )
    traits: Annotated[msgspec.Raw, holding("trait.value")] = msgspec.field(default_factory=_empty)
    context: Annotated[Context | None, internal] = None
    timestamp: Annotated[Moment | None, public] = None
    sent_at: Annotated[Moment | None, public] = None


class Batch(Lenient, frozen=True, gc=False):
    """Up to 500 KB of messages, 32 KB each. A bad one is quarantined and does not sink the rest."""

    batch: Annotated[list[Message], msgspec.Meta(min_length=1), internal]
    context: Annotated[Context | None, internal] = None
    sent_at: Annotated[Moment | None, public] = None


class CollectAnswer(Model):
    """Durable: from here on nothing is lost."""

    success: Annotated[Literal[True], public] = True


def _collect(path: str, summary: str, request: type = Message) -> Operation:
    return Operation(
        "POST", path, "gateway", summary, frozenset(), request=request, response=CollectAnswer,
        own=None, open=True, tags=("Collect",),
    )  # fmt: skip


# Open: they ask for a write key as HTTP Basic user name instead of a token, as Segment does.
COLLECT: list[Operation] = [
    _collect("/v1/batch", "Take many messages", Batch),
    _collect("/v1/track", "Somebody did something"),
    _collect("/v1/identify", "Who somebody is"),
    _collect("/v1/alias", "Two ids are one person"),
    _collect("/v1/group", "Somebody belongs to something"),
    _collect("/v1/page", "A page was seen"),
    _collect("/v1/screen", "A screen was seen"),
]
