"""What a store's tills talk to: the calls of collection, kept here until the centre takes them."""

import base64
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import nats
import nats.errors
from fastapi import FastAPI, Request
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, StreamConfig
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from allinone.edge import enrolment
from chassis import problem
from chassis.problem import Problem
from contracts.collect import CollectAnswer, MessageType
from gateway_service.access.domain import basic_user, hash_secret
from gateway_service.collect.bodies import KINDS, readable, refusal, request_id, unpacked
from gateway_service.edges.domain import STREAM, SUBJECT, Envelope, Sealer

PUBLISH_SECONDS = 10
_AWAY = (nats.errors.Error, OSError, TimeoutError, JetStreamError)


class Settings(msgspec.Struct, frozen=True):
    """What the store's server is started with; `limit` are bytes the store keeps at most."""

    enrolment: str
    nats_url: str
    limit: int


class Counter:
    """Where tills hand in their requests."""

    def __init__(self, settings: Settings) -> None:
        enrolled = enrolment.read(Path(settings.enrolment))
        self._sealer = Sealer(enrolled.store, base64.b64decode(enrolled.public_key))
        self._keys = frozenset(enrolled.write_keys)
        self._settings = settings
        self._stream: JetStreamContext

    @asynccontextmanager
    async def open(self, _app: FastAPI) -> AsyncIterator[None]:
        """Connect, and make the stream if this is the first time."""
        connection = await nats.connect(
            self._settings.nats_url, name="edge", max_reconnect_attempts=-1,
            reconnect_time_wait=0.1, ping_interval=5, error_cb=_quiet,
        )  # fmt: skip
        self._stream = connection.jetstream(timeout=PUBLISH_SECONDS)
        wanted = StreamConfig(
            name=STREAM, subjects=[SUBJECT], max_bytes=self._settings.limit,
            discard=DiscardPolicy.NEW,
        )  # fmt: skip
        try:
            await self._stream.update_stream(wanted)
        except NotFoundError:
            await self._stream.add_stream(wanted)
        yield
        await connection.close()

    async def take(self, request: Request, kind: MessageType | None) -> CollectAnswer:
        """Keep a request. When this returns it is on disk here. Raises Problem."""
        authorization = request.headers.get("authorization", "")
        key, _ = basic_user(authorization) or ("", "")
        if hash_secret(key).hex() not in self._keys:
            raise Problem(
                401, "write_key_invalid", "This call needs a write key as HTTP Basic user name",
                headers={"WWW-Authenticate": "Basic"},
            )  # fmt: skip
        encoding = request.headers.get("content-encoding", "").strip().lower()
        body = unpacked(await request.body(), encoding)
        readable(body, kind)
        kept = self._sealer.sealed(Envelope(authorization, kind, datetime.now(UTC), body))
        known = {"Nats-Msg-Id": request_id(key, kind, body)}
        try:
            await self._stream.publish(SUBJECT, kept, timeout=PUBLISH_SECONDS, headers=known)
        except _AWAY as error:
            raise refusal(error) from None
        return CollectAnswer()

    async def waiting(self) -> dict[str, Any]:
        """How much the centre has not taken yet. Raises Problem 503."""
        try:
            state = (await self._stream.stream_info(STREAM)).state
        except _AWAY as error:
            raise refusal(error) from None
        return {
            "store": self._sealer.store, "requests": state.messages, "bytes": state.bytes,
            "limit_bytes": self._settings.limit,
        }  # fmt: skip


def create_app() -> FastAPI:
    """The app, by the settings in `EDGE_SETTINGS` (JSON of `Settings`)."""
    counter = Counter(msgspec.json.decode(os.environ["EDGE_SETTINGS"], type=Settings))
    app = FastAPI(lifespan=counter.open, docs_url=None, redoc_url=None, openapi_url=None)
    problem.install(app)
    app.add_api_route("/v1/batch", _taking(counter, None), methods=["POST"])
    for kind in KINDS:
        app.add_api_route(f"/v1/{kind}", _taking(counter, kind), methods=["POST"], name=kind)
    app.add_api_route("/readyz", counter.waiting, methods=["GET"])
    return app


def _taking(
    counter: Counter, kind: MessageType | None
) -> Callable[[Request], Awaitable[CollectAnswer]]:
    async def take(request: Request) -> CollectAnswer:
        return await counter.take(request, kind)

    return take


async def _quiet(_error: Exception) -> None:
    """What goes wrong shows where it is asked for."""
