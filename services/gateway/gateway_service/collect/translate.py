"""From a Segment message to an activity: who, what, when, and nothing personal in the clear."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from contracts.classification import IDENTIFIER_KINDS, Kind
from contracts.collect import MAX_MESSAGE_BYTES, Context, Message, MessageType
from contracts.events import Activity, SealedIdentifier
from gateway_service.cleaning import domain as cleaning
from gateway_service.cleaning.domain import Correction
from gateway_service.collect.clean import BadMessage, clean
from gateway_service.collect.detect import (
    PROPERTIES,
    TRAITS,
    Fields,
    PersonalName,
    looks_personal,
    repeated_looks_personal,
)
from gateway_service.collect.rules import NEGATIVE, checked_traits, negative_in
from gateway_service.schemas.domain import Declared
from gateway_service.vault.index import Unusable
from gateway_service.vault.seal import REMEMBERED, Vault, digest_of

_KINDS = {str(kind): kind for kind in IDENTIFIER_KINDS}
_NOTHING = Context()
_EMPTY = b"{}"
NO_DOCUMENT = msgspec.Raw(_EMPTY)
TOO_LARGE = f"a message has {MAX_MESSAGE_BYTES} bytes at most"
TELLING = frozenset({"identify", "alias"})  # who somebody is: readers may keep the identifier
_TRAIT_IDENTIFIERS = (("phone", Kind.PHONE), ("email", Kind.EMAIL))


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the messages of one request have in common."""

    batch_id: str
    received_at: datetime
    sent_at: datetime | None = None
    context: Context | None = None
    corrected: dict[int, tuple[UUID | None, list[Correction]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Free:
    """A free document: where it is in a message, where it will be kept, what names its fields."""

    pointer: str
    place: str
    fields: Fields


_PROPERTIES = _Free("/properties", "activity.properties", PROPERTIES)
_TRAITS = _Free("/traits", "trait.value", TRAITS)


class Plain(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An `Activity` on the bus whose parts are written already."""

    message_id: str
    type: MessageType
    occurred_at: datetime
    identifiers: msgspec.Raw
    member_id: UUID | None = None
    event: str | None = None
    channel: str | None = None
    properties: msgspec.Raw = NO_DOCUMENT
    context: msgspec.Raw = NO_DOCUMENT


class Translator:
    """Knows the vault and what is declared of events; keeps nothing but a memory of identifiers
    that come again.

    A member's key that is not at hand lets NotReady through.
    """

    def __init__(self, vault: Vault, declared: Mapping[str, Declared] | None = None) -> None:
        self._vault = vault
        self.declared: Mapping[str, Declared] = {} if declared is None else declared
        self._identifier = lru_cache(REMEMBERED)(self._sealed_identifier)
        self.forget = self._identifier.cache_clear

    def activity(self, message: Message, n: int, arrival: Arrival) -> Activity:
        """The n-th message of a request. Raises BadMessage."""
        if message.type is None:
            raise BadMessage("field is required", "/type")
        context = message.context or arrival.context or _NOTHING
        member_id, user = _user(message.user_id)
        traits = message.traits if message.type != "track" else context.traits
        if message.type != "group" and len(bytes(traits)) > len(_EMPTY):
            traits, corrections = repaired(traits)
            if corrections:
                arrival.corrected[n] = member_id, corrections
        identifiers = list(self._identifiers(message, context, user, traits))
        if member_id is None and not identifiers:
            raise BadMessage("names nobody: no userId, anonymousId or externalIds", "")
        event = message.event if message.type == "track" else message.name
        if message.type == "track" and event is None:
            raise BadMessage("field is required", "/event")
        self._hold(message)
        return Activity(
            message_id=_message_id(message, n, arrival),
            type=message.type,
            occurred_at=occurred_at(message, arrival),
            identifiers=identifiers if message.type in TELLING else list(map(bare, identifiers)),
            member_id=member_id,
            event=public_text(event, "/event"),
            channel=public_text(context.channel, "/context/channel"),
            properties=self._clean(message.properties, _PROPERTIES, member_id, identifiers),
            traits=checked_traits(self._clean(traits, _TRAITS, member_id, identifiers)),
            previous=self._previous(message),
            context=kept(message, context),
        )

    def _hold(self, message: Message) -> None:
        """The message to the rules, before anything is sealed. Raises BadMessage."""
        raw = bytes(message.properties)
        schema = self.declared.get(message.event or "") if message.type == "track" else None
        if schema is None and len(raw) <= len(_EMPTY):
            return
        properties = msgspec.json.decode(raw)
        if not isinstance(properties, dict):
            return  # refused where it is cleaned
        if (place := negative_in(properties)) is not None:
            raise BadMessage(NEGATIVE, harmless_pointer(f"/properties{place}"))
        if schema is not None and (broken := schema.broken(properties)) is not None:
            raise BadMessage(broken.reason, broken.pointer)

    def _identifiers(
        self, message: Message, context: Context, user: str | None, traits: msgspec.Raw
    ) -> Iterator[SealedIdentifier]:
        if user is not None:
            yield self._known(Kind.EXTERNAL, user, "/userId")
        for n, external in enumerate(context.external_ids):
            kind = _KINDS.get(external.type, Kind.EXTERNAL)
            yield self._known(kind, external.id, f"/context/externalIds/{n}/id")
        if message.type != "group" and bytes(traits) != _EMPTY:  # a group's phone is nobody's
            told = msgspec.json.decode(traits)
            for name, kind in _TRAIT_IDENTIFIERS:
                value = told.get(name) if isinstance(told, dict) else None
                if value:
                    yield self._known(kind, str(value), f"/traits/{name}")
        if message.anonymous_id is not None:
            yield self._known(Kind.DEVICE_ID, message.anonymous_id, "/anonymousId")

    def who(
        self, context: Context, user_id: str | int | None, anonymous_id: str | None
    ) -> tuple[UUID | None, list[SealedIdentifier]]:
        """Whom a message names that tells no traits. Raises BadMessage."""
        message = Message(user_id=user_id, anonymous_id=anonymous_id)
        member_id, user = _user(user_id)
        return member_id, list(self._identifiers(message, context, user, NO_DOCUMENT))

    def _previous(self, message: Message) -> list[SealedIdentifier]:
        if message.type != "alias":
            return []
        if message.previous_id is None:
            raise BadMessage("field is required", "/previousId")
        return [self._known(Kind.EXTERNAL, message.previous_id, "/previousId")]

    def _known(self, kind: Kind, value: str, pointer: str) -> SealedIdentifier:
        try:
            return self._identifier(kind, value)
        except Unusable as unusable:
            raise BadMessage(str(unusable), pointer) from None

    def _sealed_identifier(self, kind: Kind, value: str) -> SealedIdentifier:
        return SealedIdentifier(kind, *self._vault.identifier(kind, value))

    def _clean(
        self,
        raw: msgspec.Raw,
        what: _Free,
        member_id: UUID | None,
        identifiers: Sequence[SealedIdentifier],
    ) -> dict[str, Any]:
        size = len(bytes(raw))
        if size <= len(_EMPTY):
            return {}
        if size > MAX_MESSAGE_BYTES:
            raise BadMessage(TOO_LARGE, what.pointer)

        def seal(kind: Kind, value: str) -> str:
            whose = self._owner(member_id, identifiers)
            return self._vault.seal(kind, value, whose, place=what.place)

        return clean(seal, raw, what.pointer, what.fields)

    def _owner(
        self, member_id: UUID | None, identifiers: Sequence[SealedIdentifier]
    ) -> UUID | bytes | None:
        """The member, if it is one; else the identifier by which the message names somebody."""
        if member_id is not None and self._vault.has_key(member_id):
            return member_id
        return digest_of(identifiers[0].index) if identifiers else None


def repaired(traits: msgspec.Raw) -> tuple[msgspec.Raw, list[Correction]]:
    """What is told of a person, in one spelling, and what was corrected.

    Traits that are none are left to where they are sealed. Raises BadMessage.
    """
    told = msgspec.json.decode(traits)
    if not isinstance(told, dict):
        return traits, []
    try:
        cleaned = cleaning.clean(told, TRAITS.__getitem__)
    except PersonalName:
        return traits, []  # refused where they are sealed
    if cleaned.values == told:
        return traits, cleaned.corrections
    return msgspec.Raw(msgspec.json.encode(cleaned.values)), cleaned.corrections


def _user(user_id: str | int | None) -> tuple[UUID | None, str | None]:
    """A member id, or an id that somebody else gave."""
    if user_id is None:
        return None, None
    text = str(user_id)
    if len(text) == 36:
        try:
            return UUID(text), None
        except ValueError:
            return None, text
    return None, text


@lru_cache(REMEMBERED)
def bare(identifier: SealedIdentifier) -> SealedIdentifier:
    """An identifier that is only mentioned: its index is enough, its value stays here."""
    return SealedIdentifier(identifier.kind, identifier.index)


def occurred_at(message: Message, arrival: Arrival) -> datetime:
    """The client's timestamp, corrected by what its clock showed when it sent; never the future."""
    received_at, happened = arrival.received_at, message.timestamp
    if happened is None:
        return received_at
    sent_at = message.sent_at or arrival.sent_at
    if sent_at is not None:
        try:
            happened = received_at - (sent_at - happened)
        except OverflowError:
            raise BadMessage("out of range", "/timestamp") from None
    return happened if happened < received_at else received_at


def _message_id(message: Message, n: int, arrival: Arrival) -> str:
    """The client's id; a hash of one that looks personal; else one that a retry gets again."""
    if message.message_id is None:
        return f"{arrival.batch_id}-{n}"
    if looks_personal(message.message_id):
        return hashlib.sha256(message.message_id.encode()).hexdigest()
    return message.message_id


def harmless_pointer(pointer: str) -> str:
    """A pointer up to where the names in it, which the sender chose, look personal."""
    while looks_personal(pointer):
        pointer = pointer.rpartition("/")[0]
    return pointer


def public_text(text: str | None, pointer: str) -> str | None:
    if text is not None and repeated_looks_personal(text):
        raise BadMessage("holds a personal value", pointer)
    return text


def kept(message: Message, context: Context) -> dict[str, str]:
    """The few things kept of context and envelope, if they say nothing personal."""
    library, page = context.library, context.page
    path = page.path.partition("?")[0] if page and page.path else None
    name = library.name if library else None
    return _harmless(context.locale, name, path, message.category, message.group_id)


@lru_cache(4096)
def _harmless(*told: str | None) -> dict[str, str]:
    """The same few again and again; nobody changes the dictionary."""
    named = zip(("locale", "library", "path", "category", "group"), told, strict=True)
    return {name: text for name, text in named if text and not looks_personal(text)}
