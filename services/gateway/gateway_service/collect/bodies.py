"""Requests as bytes: unpacked, looked at, known by a hash, and refused. Light to import."""

import hashlib
import zlib
from typing import Annotated, get_args

import msgspec
from nats.js.errors import APIError

from chassis.problem import Problem, from_msgspec
from contracts.classification import internal, public
from contracts.collect import MAX_BATCH_BYTES, Context, Lenient, MessageType, Moment

KINDS: tuple[MessageType, ...] = get_args(MessageType)
_GZIP = 31  # zlib's name for "gzip, largest window"
_FULL = {10_077, 10_047, 10_023}  # maximum bytes exceeded; no resources; insufficient resources


class Loose(Lenient, frozen=True, gc=False):
    """A batch whose messages are looked at one by one."""

    batch: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1), internal]
    context: Annotated[Context | None, internal] = None
    sent_at: Annotated[Moment | None, public] = None


loose = msgspec.json.Decoder(Loose).decode


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body without its content coding. Raises Problem 413, 415 or 400."""
    if encoding == "gzip":
        unpacking = zlib.decompressobj(_GZIP)
        try:
            body = unpacking.decompress(body, MAX_BATCH_BYTES + 1)
        except zlib.error:
            raise Problem(400, "malformed_gzip", "The body is not gzip") from None
    elif encoding not in ("", "identity"):
        raise Problem(415, "unknown_encoding", "The body's coding must be gzip or none")
    if len(body) > MAX_BATCH_BYTES:
        detail = f"a batch has {MAX_BATCH_BYTES} bytes at most"
        raise Problem(413, "body_too_large", "The body is too large", detail=detail)
    return body


def readable(body: bytes, kind: MessageType | None) -> None:
    """Whether it is a request at all, whatever is wrong in it. Raises Problem 400 or 422."""
    try:
        if kind is None:
            loose(body)
        else:
            msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError as error:
        raise from_msgspec(error) from None


def request_id(source: str, kind: MessageType | None, body: bytes) -> str:
    """What a request is known by: the same request again is the same."""
    about = hashlib.sha256(f"{source}\0{kind}\0".encode())
    about.update(body)
    return about.hexdigest()[:32]


def is_full(error: BaseException) -> bool:
    """Whether a message was refused because there is no room for it."""
    return isinstance(error, APIError) and error.err_code in _FULL


def refusal(error: BaseException) -> Problem:
    """What a client is told when a stream did not take its request."""
    if is_full(error):
        return Problem(
            429, "stream_full", "Events cannot be taken as fast as they come; slow down",
            headers={"Retry-After": "5"},
        )  # fmt: skip
    return Problem(
        503, "not_durable", "Events cannot be kept at the moment; try again",
        headers={"Retry-After": "1"},
    )  # fmt: skip
