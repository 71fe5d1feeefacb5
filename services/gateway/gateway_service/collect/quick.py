"""The quick way for messages that hold nothing personal, which is nearly all of a shop's traffic.

Whatever is not plainly harmless goes the careful way (`translate`), message by message, and a
request with anything wrong in it does as a whole. Both ways give the same on the bus; a test
compares them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

import msgspec

from contracts.classification import internal, public
from contracts.collect import MAX_MESSAGE_BYTES, Context, Lenient, Message, Moment
from contracts.events import Activity
from gateway_service.collect.clean import BadMessage, clean
from gateway_service.collect.detect import PROPERTIES, PersonalName
from gateway_service.collect.orders import ORDER_COMPLETED
from gateway_service.collect.rules import amounts_in, is_negative, negative_in
from gateway_service.collect.screen import suspect_documents, suspects
from gateway_service.collect.sensitive import about_health
from gateway_service.collect.translate import (
    NO_DOCUMENT,
    Arrival,
    Plain,
    Translator,
    bare,
    kept,
    occurred_at,
    public_text,
)

_NONE = msgspec.Raw(b"null")
_QUICK = frozenset({"track", "page", "screen"})  # the others tell who somebody is
_REMEMBERED = 32_768
_SHAPES = 4_096
_SHORT = 512  # bytes of a document that is remembered


class Hasty(Message, frozen=True, gc=False):
    """A message of which nothing is read that may be told by its bytes."""

    properties: Annotated[msgspec.Raw, internal] = NO_DOCUMENT
    traits: Annotated[msgspec.Raw, internal] = NO_DOCUMENT
    context: Annotated[msgspec.Raw, internal] = _NONE  # type: ignore[assignment]


class HastyBatch(Lenient, frozen=True, gc=False):
    """`Batch`, read no further."""

    batch: Annotated[list[Hasty], msgspec.Meta(min_length=1), internal]
    context: Annotated[msgspec.Raw, internal] = _NONE
    sent_at: Annotated[Moment | None, public] = None


@dataclass(frozen=True, slots=True)
class _Told:
    """What a context and ids say that came before: the same people and pages come again."""

    context: Context
    member_id: UUID | None
    identifiers: msgspec.Raw
    channel: str | None
    kept: msgspec.Raw


class NotQuick(Exception):
    """The request has to go the careful way as a whole."""


class Quick:
    """Remembers a bounded number of contexts with their ids, and of documents that are harmless:
    the same people look at the same things."""

    def __init__(self, translator: Translator) -> None:
        self._translator, self._declared = translator, translator.declared
        self._told = lru_cache(_REMEMBERED)(self._tell)
        self.forget = self._told.cache_clear  # when keys change
        self._shapes: dict[tuple[str, ...], bool] = {}
        self._events: set[str | None] = {None}
        self._harmless: set[bytes] = set()

    def read(self, body: bytes, arrival: Arrival) -> list[Activity | Plain]:
        """The messages of `/v1/batch`, in sequence. Raises NotQuick, and NotReady."""
        if b"\\u0000" in body:
            raise NotQuick
        try:
            batch = _hasty(body)
            shared = bytes(batch.context)
            arrival = replace(arrival, sent_at=batch.sent_at, context=_context(shared))
            doubtful = self._doubtful(batch.batch)
            return [
                (None if n in doubtful else self._plain(message, arrival, shared))
                or self._careful(message, n, arrival)
                for n, message in enumerate(batch.batch)
            ]
        except (msgspec.DecodeError, BadMessage, UnicodeDecodeError):
            raise NotQuick from None

    def _careful(self, message: Hasty, n: int, arrival: Arrival) -> Activity:
        told = {name: getattr(message, name) for name in message.__struct_fields__}
        told["context"] = _context(message.context)
        return self._translator.activity(Message(**told), n, arrival)

    def _plain(self, message: Hasty, arrival: Arrival, shared: bytes) -> Plain | None:
        """None for one that needs the careful way. Raises BadMessage."""
        kind, event, message_id = message.type, message.event, message.message_id
        if message_id is None or message.traits is not NO_DOCUMENT or kind not in _QUICK:
            return None
        if kind != "track":
            event = message.name
        elif event is None or event == ORDER_COMPLETED:
            return None
        elif self._declared and self._breaks_schema(event, message.properties):
            return None  # the careful way says how
        context = shared if message.context is _NONE else bytes(message.context)
        told = self._told(context, message.user_id, message.anonymous_id)
        if told is None:
            return None
        rest = told.kept
        if message.category is not None or message.group_id is not None:
            rest = msgspec.Raw(msgspec.json.encode(kept(message, told.context)))
        if event not in self._events:
            self._events.add(public_text(event, "/event"))
            if len(self._events) > _REMEMBERED:
                self._events = {None}
        return Plain(
            message_id, kind, occurred_at(message, arrival), told.identifiers, told.member_id,
            event, told.channel, message.properties, rest,
        )  # fmt: skip

    def _breaks_schema(self, event: str, properties: msgspec.Raw) -> bool:
        schema = self._declared.get(event)
        return schema is not None and not schema.validator.is_valid(_decoded(properties))

    def _doubtful(self, messages: Sequence[Hasty]) -> Collection[int]:
        """Messages in which something personal may stand. Raises DecodeError."""
        found = suspects([message.message_id or "" for message in messages])
        texts = [bytes(message.properties) for message in messages]
        if new := set(texts) - self._harmless:
            harmless = self._look(list(new))
            if len(harmless) < len(new):
                doubtful = new - harmless
                found.update(n for n, text in enumerate(texts) if text in doubtful)
            if len(self._harmless) > _REMEMBERED:
                self._harmless.clear()
            self._harmless.update(text for text in harmless if len(text) <= _SHORT)
        return found

    def _look(self, texts: Sequence[bytes]) -> set[bytes]:
        """Those of some documents that hold nothing personal. Raises DecodeError."""
        whole = b",".join(texts)
        documents = _documents(b"[" + whole + b"]")
        foreign = not whole.isascii()
        if foreign:
            whole.decode()  # what was skipped has not been looked at
        asked = suspect_documents(texts, whole)
        nested = b"[" in whole or whole.count(b"{") > len(texts)
        if (
            len(max(texts, key=len)) <= MAX_MESSAGE_BYTES
            and not (asked or nested or foreign)
            and self._shapes_of(documents)
        ):
            return set(texts)  # as most are
        return {
            text
            for n, (text, document) in enumerate(zip(texts, documents, strict=True))
            if len(text) <= MAX_MESSAGE_BYTES
            and (
                not (
                    n in asked
                    or (nested and (b"[" in text or text.find(b"{", 1) > 0))
                    or not self._shape(tuple(document))
                    or _negative(document)
                    or (foreign and "name" in document and not text.isascii())  # whose?
                )
                or _harmless(text, document)
            )
        }

    def _shapes_of(self, documents: Sequence[dict[str, Any]]) -> bool:
        """Whether flat documents are harmless by the names of their fields, and no amount is
        negative."""
        shapes = set(map(tuple, documents))
        if not all(map(self._shape, shapes)):
            return False
        amounts = {name for shape in shapes for name in amounts_in(shape)}
        return not any(
            is_negative(value)
            for name in amounts
            for document in documents
            if (value := document.get(name)) is not None
        )

    def _shape(self, names: tuple[str, ...]) -> bool:
        """Whether no field of a flat document is personal by its name."""
        known = self._shapes.get(names)
        if known is not None:
            return known
        try:
            known = all(PROPERTIES[name] is None and not about_health(name) for name in names)
        except PersonalName:
            return False
        if len(self._shapes) < _SHAPES:
            self._shapes[names] = known
        return known

    def _tell(
        self, raw: bytes, user_id: str | int | None, anonymous_id: str | None
    ) -> _Told | None:
        """None for a context that tells more of somebody than who it is, and for nobody."""
        context = _context(raw) or Context()
        if bytes(context.traits) not in (b"{}", b"null"):
            return None
        try:
            member_id, named = self._translator.who(context, user_id, anonymous_id)
            channel = public_text(context.channel, "/context/channel")
        except BadMessage:
            return None
        if member_id is None and not named:
            return None
        identifiers = msgspec.json.encode([bare(each) for each in named])
        rest = msgspec.json.encode(kept(Message(), context))
        return _Told(context, member_id, msgspec.Raw(identifiers), channel, msgspec.Raw(rest))


class _Found(Exception):
    """Something in a document has to be sealed."""


def _harmless(text: bytes, document: dict[str, Any]) -> bool:
    """The careful look: nothing to seal, nothing about health."""

    def found(_kind: Any, _value: str) -> str:
        raise _Found

    try:
        clean(found, msgspec.Raw(text), "", PROPERTIES)
    except (_Found, BadMessage):
        return False
    return not any(map(about_health, document)) and negative_in(document) is None


def _negative(document: dict[str, Any]) -> bool:
    return any(is_negative(document[name]) for name in amounts_in(tuple(document)))


_context = msgspec.json.Decoder(Context | None).decode
_hasty = msgspec.json.Decoder(HastyBatch).decode
_decoded = msgspec.json.Decoder().decode
_documents = msgspec.json.Decoder(list[dict[str, Any]]).decode
