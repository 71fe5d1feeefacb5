"""A client of the public API that no restart on the other side can confuse.

Every call that changes something carries its own name for itself (Idempotency-Key, messageId, order
number), so it is simply sent again until it is answered: after a lost connection, a 5xx, a 429 or
the 409 of a twin that still runs. Tokens are fetched per role and renewed on the driven clock.
"""

from __future__ import annotations

import asyncio
import base64
import random
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

CONNECTIONS = 8
PATIENCE = 180.0  # seconds until a call that is never answered gives up
BUG_PATIENCE = 30.0  # a 500 may be a server that has just been killed, but not for long
_TOKEN_MARGIN = timedelta(seconds=30)
_LOST = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, asyncio.TimeoutError)


Headers = dict[str, str]


class Refused(RuntimeError):
    """The platform answered that it will not: a mistake of the demo or of a service."""

    def __init__(self, call: str, status: int, answer: bytes) -> None:
        super().__init__(f"{call} answered {status}: {answer[:600].decode(errors='replace')}")
        self.status = status


class Failed(RuntimeError):
    """The platform did not take something it should have taken."""


@dataclass(frozen=True, slots=True)
class Client:
    """Credentials of one role."""

    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class _Token:
    header: str
    expires: datetime


class Api:
    """`async with Api(url, ca, clients, now) as api:`; `api.now` follows the platform's clock."""

    def __init__(
        self,
        url: str,
        ca: Path | None,
        clients: Mapping[str, Client],
        now: datetime,
        patience: float = PATIENCE,
    ) -> None:
        self.now = now
        self.retries = 0
        self._url, self._clients, self._patience = url, clients, patience
        self._trust = ssl.create_default_context(cafile=ca) if ca else False
        self._tokens: dict[str, _Token] = {}
        self._renewal = asyncio.Lock()
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            base_url=self._url,
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=self._trust),
            timeout=aiohttp.ClientTimeout(total=self._patience, sock_connect=5),
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trail: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def get(self, path: str, role: str | None = None, **query: str) -> Any:
        """The decoded answer to a GET."""
        return msgspec.json.decode(await self.send("GET", path, role=role, query=query))

    async def post(
        self, path: str, body: Any, role: str | None = None, key: str | None = None
    ) -> Any:
        """The decoded answer to a POST; `body` is anything msgspec encodes."""
        answer = await self.send("POST", path, msgspec.json.encode(body), role=role, key=key)
        return msgspec.json.decode(answer) if answer else None

    async def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        role: str | None = None,
        key: str | None = None,
        query: Mapping[str, str] | None = None,
        write_key: str | None = None,
    ) -> bytes:
        """Send until answered. Raises Refused for a 4xx, and for trouble that outlasts patience."""
        started = monotonic()
        attempt = 0
        while True:
            try:
                headers = await self._headers(body, role, key, write_key)
                async with self._session.request(
                    method, path, data=body, params=query, headers=headers
                ) as response:
                    status, answer = response.status, await response.read()
                    wait = response.headers.get("Retry-After", "")
            except _LOST as lost:
                status, answer, wait = 0, type(lost).__name__.encode(), ""
            if 200 <= status < 300:
                return answer
            patience = min(self._patience, BUG_PATIENCE if status == 500 else PATIENCE)
            if not _worth_repeating(status, wait, attempt) or monotonic() > started + patience:
                raise Refused(f"{method} {path}", status, answer)
            if status == HTTPStatus.UNAUTHORIZED and role is not None:
                self._tokens.pop(role, None)
            attempt += 1
            self.retries += 1
            pause = min(0.05 * 2**attempt, 2.0) * random.uniform(0.5, 1.0)
            await asyncio.sleep(float(wait) if wait.isdigit() else pause)

    async def _headers(
        self, body: bytes | None, role: str | None, key: str | None, write_key: str | None
    ) -> Headers:
        headers: Headers = {"Content-Type": "application/json"} if body is not None else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        if role is not None:
            headers["Authorization"] = await self._authorization(role)
        elif write_key is not None:  # as Segment's libraries do: the key is the user name
            headers["Authorization"] = _basic(write_key, "")
        return headers

    async def _authorization(self, role: str) -> str:
        """A valid bearer header; fetched once however many calls wait for it."""
        async with self._renewal:
            token = self._tokens.get(role)
            if token is None or token.expires <= self.now + _TOKEN_MARGIN:
                token = self._tokens[role] = await self._fetch_token(role)
            return token.header

    async def _fetch_token(self, role: str) -> _Token:
        client = self._clients[role]
        now = self.now
        async with self._session.post(
            "/oauth2/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": _basic(client.client_id, client.client_secret)},
        ) as response:
            answer = await response.read()
            if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise aiohttp.ClientPayloadError  # as good as no answer
            if response.status != HTTPStatus.OK:
                raise Refused("POST /oauth2/token", response.status, answer)
        granted = msgspec.json.decode(answer)
        expires = now + timedelta(seconds=granted["expires_in"])
        return _Token(f"Bearer {granted['access_token']}", expires)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _worth_repeating(status: int, retry_after: str, attempt: int) -> bool:
    """No answer, trouble over there, "come back later", or a token that ended under way."""
    ended = status == HTTPStatus.UNAUTHORIZED and attempt < 3
    return status == 0 or status >= 500 or ended or bool(retry_after)
