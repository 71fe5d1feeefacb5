"""Calls to providers over HTTP: one client each, and what is certain when a call fails."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from gateway_service.dispatch.domain import Outcome, Verdict

_MOST_BYTES = 256 * 1024
_CONNECTIONS = httpx.Limits(max_connections=64, max_keepalive_connections=32)
_NOT_BEGUN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
UNREACHABLE, NO_ANSWER, NO_SENSE = "unreachable", "no_answer", "unreadable_answer"


class Failed(Exception):
    """There is no answer to read. Says nothing of what was sent: neither address nor URL."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and JSON."""

    status: int
    json: Any


@dataclass(slots=True)
class Caller:
    """Calls one provider, within `seconds`. No proxy of the environment is used."""

    seconds: float
    _http: httpx.AsyncClient | None = field(default=None, repr=False)

    async def call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """The answer, whatever its status. Raises Failed: NOT_TAKEN if no connection was made, LOST
        for everything after that, for the provider may have acted on it."""
        if self._http is None:
            self._http = httpx.AsyncClient(
                timeout=self.seconds, limits=_CONNECTIONS, trust_env=False
            )
        try:
            async with asyncio.timeout(self.seconds):
                async with self._http.stream(
                    method, url, headers=dict(headers), content=body
                ) as answer:
                    return Answer(answer.status_code, await _json(answer))
        except _NOT_BEGUN:
            raise Failed(Outcome(Verdict.NOT_TAKEN, UNREACHABLE)) from None
        except (httpx.HTTPError, TimeoutError):
            raise Failed(Outcome(Verdict.LOST, NO_ANSWER)) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Failed(Outcome(Verdict.LOST, NO_SENSE)) from None

    async def close(self) -> None:
        """Give up connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None


async def _json(answer: httpx.Response) -> Any:
    read = b""
    async for chunk in answer.aiter_bytes():
        read += chunk
        if len(read) > _MOST_BYTES:
            break  # is no JSON then
    return msgspec.json.decode(read)
