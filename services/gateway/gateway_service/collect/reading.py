"""From the bytes of a request to its messages, each with its verdict."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

import msgspec

from chassis.problem import from_msgspec
from contracts.classification import internal
from contracts.collect import (
    MAX_MESSAGE_BYTES,
    Batch,
    Lenient,
    Message,
    MessageType,
)
from contracts.events import Activity
from gateway_service.collect.bodies import loose
from gateway_service.collect.clean import BadMessage
from gateway_service.collect.translate import TOO_LARGE, Arrival, Translator


@dataclass(frozen=True, slots=True)
class Rejected:
    """The n-th message of a request cannot be taken. `payload` is in the clear: seal it."""

    n: int
    reason: str
    pointer: str
    payload: bytes


class _Named(Lenient, frozen=True, gc=False):
    """Of a message or a batch of them, whom it names."""

    user_id: Annotated[Any, internal] = None
    batch: Annotated[list["_Named"], internal] = []


_named = msgspec.json.Decoder(_Named).decode
_batch = msgspec.json.Decoder(Batch).decode
_message = msgspec.json.Decoder(Message).decode


def members_named(body: bytes) -> set[UUID]:
    """The members that the messages of a request name as such."""
    try:
        told = _named(body)
    except msgspec.DecodeError:
        return set()  # it is refused where it is read
    ids = (each.user_id for each in (told, *told.batch) if isinstance(each.user_id, str))
    found = set()
    for text in ids:
        with suppress(ValueError):
            found.add(UUID(text))
    return found


def read_one(
    translator: Translator, body: bytes, kind: MessageType, arrival: Arrival
) -> Activity | Rejected:
    """The message of `/v1/track` and its like. Raises Problem 400 for malformed JSON."""
    try:
        if len(body) > MAX_MESSAGE_BYTES:
            raise BadMessage(TOO_LARGE, "")
        _refuse_nul(body)
        message = msgspec.structs.replace(_message(body), type=kind)
        return translator.activity(message, 0, arrival)
    except msgspec.ValidationError as error:
        return _shapeless(0, error, _typed(body, kind))
    except msgspec.DecodeError as error:
        raise from_msgspec(error) from None
    except BadMessage as bad:
        return Rejected(0, bad.reason, bad.pointer, _typed(body, kind))


def read_batch(translator: Translator, body: bytes, arrival: Arrival) -> list[Activity | Rejected]:
    """The messages of `/v1/batch`, in sequence. Raises Problem 400 or 422 for the batch itself."""
    try:
        _refuse_nul(body)
        batch = _batch(body)
        arrival = replace(arrival, sent_at=batch.sent_at, context=batch.context)
        return [translator.activity(message, n, arrival) for n, message in enumerate(batch.batch)]
    except (BadMessage, msgspec.ValidationError):
        return list(_one_by_one(translator, body, arrival))
    except msgspec.DecodeError as error:
        raise from_msgspec(error) from None


def _one_by_one(
    translator: Translator, body: bytes, arrival: Arrival
) -> Iterator[Activity | Rejected]:
    """The slow way, for a request with something bad in it."""
    try:
        batch = loose(body)
    except msgspec.DecodeError as error:
        raise from_msgspec(error) from None
    arrival = replace(arrival, sent_at=batch.sent_at, context=batch.context)
    for n, raw in enumerate(batch.batch):
        try:
            _refuse_nul(bytes(raw))
            yield translator.activity(_message(raw), n, arrival)
        except msgspec.ValidationError as error:
            yield _shapeless(n, error, _whole(raw, arrival))
        except BadMessage as bad:
            yield Rejected(n, bad.reason, bad.pointer, _whole(raw, arrival))


def _refuse_nul(text: bytes) -> None:
    """PostgreSQL cannot store U+0000; JSON can only hold it escaped."""
    if b"\\u0000" in text:
        raise BadMessage("a text holds U+0000, which cannot be stored", "")


def _shapeless(n: int, error: msgspec.ValidationError, payload: bytes) -> Rejected:
    (found,) = from_msgspec(error).errors
    return Rejected(n, found.detail, found.pointer, payload)


def _typed(body: bytes, kind: MessageType) -> bytes:
    """A message of a path as it would stand in a batch, so that it can be replayed."""
    message = msgspec.json.decode(body)
    return msgspec.json.encode({**message, "type": kind} if isinstance(message, dict) else message)


def _whole(raw: msgspec.Raw, arrival: Arrival) -> bytes:
    """A message with what its batch said for all of them."""
    message = msgspec.json.decode(raw)
    if not isinstance(message, dict):
        return bytes(raw)
    shared = {"context": arrival.context, "sentAt": arrival.sent_at}
    return msgspec.json.encode({**{k: v for k, v in shared.items() if v is not None}, **message})
