"""The only way to call a URL that somebody else chose.

The name is resolved once, all its addresses are judged, and the connection goes to one of these: a
name that means something else a moment later changes nothing. The certificate is that of the name.
No redirect is followed, no proxy is used, and of the answer nothing but the status is read.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpcore

from gateway_service.outward.domain import Forbidden, Target, is_public, target

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
UNREACHABLE, TIMEOUT, BROKEN = "unreachable", "timeout", "broken_answer"
NO_CONNECTION, NO_TLS = "no_connection", "no_tls"
_TRIED = 3  # addresses of one name


class Failed(Exception):
    """There was no answer. `reason` is a code; it does not tell what our resolver knows."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a name, by the system's resolver. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _Pinned(httpcore.AsyncNetworkBackend):
    """Connects to addresses that have been judged, whatever the name of the host."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """The first of them that takes the connection."""
        error: Exception = httpcore.ConnectError()
        for address in self._addresses[:_TRIED]:
            try:
                return await self._network.connect_tcp(address, port, timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error

    async def sleep(self, seconds: float) -> None:
        """Between tries, of which there is one."""
        await self._network.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Outward:
    """`await post(url, …)`: the status of the answer."""

    ports: frozenset[int]
    seconds: float
    loopback: bool = False
    resolve: Resolve = resolve
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def target(self, url: str) -> Target:
        """Raises Forbidden for a URL that would not be called whatever its name leads to."""
        return target(url, self.ports, loopback=self.loopback)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send, and answer the status. Raises Failed."""
        try:
            async with asyncio.timeout(self.seconds):
                to = self.target(url)
                return await self._post(to, await self._addresses(to), headers, body)
        except Forbidden as forbidden:
            raise Failed(forbidden.code) from None
        except (TimeoutError, httpcore.TimeoutException):
            raise Failed(TIMEOUT) from None
        except httpcore.ConnectError as error:
            tls = isinstance(error.__cause__, ssl.SSLError) or "SSL" in str(error)
            raise Failed(NO_TLS if tls else NO_CONNECTION) from None
        except (httpcore.NetworkError, httpcore.ProtocolError):
            raise Failed(BROKEN) from None

    async def _addresses(self, to: Target) -> Sequence[str]:
        """Those of a name, if all of them are public. What is not and what is nowhere looks alike:
        it must not be learnt here which names exist inside."""
        if to.here is not None:
            return [to.here]
        try:
            found = await self.resolve(to.host, to.port)
        except (OSError, UnicodeError):
            raise Failed(UNREACHABLE) from None
        if not found or not all(map(is_public, found)):
            raise Failed(UNREACHABLE)
        return found

    async def _post(
        self, to: Target, addresses: Sequence[str], headers: Mapping[str, str], body: bytes
    ) -> int:
        url = httpcore.URL(scheme=to.scheme, host=to.host.strip("[]"), port=to.port, target=to.path)
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self.trust, max_connections=1, network_backend=_Pinned(addresses)
            ) as pool,
            pool.stream(
                "POST", url, headers=[*headers.items(), ("Connection", "close")], content=body
            ) as answer,
        ):
            return int(answer.status)
