"""A small pooled HTTP/1.1 client for the inner services: one hop, bodies in memory, no redirects.

A general client spends as long on a request as the service does on its answer; here a call is one
write and a parser's callbacks.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools

from chassis.principal import TOKEN_HEADER
from chassis.problem import Problem

Header = tuple[bytes, bytes]
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
RETRY_AFTER = "1"
LARGEST = 64 * 1024 * 1024  # of an answer
_CONNECT_SECONDS = 2.0


class Gone(ConnectionError):
    """The service cannot be reached, or its connection broke before it answered."""

    def __init__(self, service: str, *, stale: bool = False) -> None:
        super().__init__(f"{service} does not answer")
        self.service, self.stale = service, stale

    def problem(self) -> Problem:
        """What the caller is told."""
        return Problem(
            503,
            "service_unavailable",
            "A part of the platform is away; try again",
            detail=f"{self.service} does not answer",
            headers={"Retry-After": RETRY_AFTER},
        )


@dataclass(slots=True)
class Answer:
    """A complete answer; header names in lower case."""

    status: int
    headers: list[Header]
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(slots=True)
class _Exchange:
    """One request under way on a connection."""

    future: asyncio.Future[Answer]
    headers: list[Header] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0


class _Connection(asyncio.Protocol):
    """One keep-alive connection; knows one exchange at a time."""

    def __init__(self, pool: "_Pool") -> None:
        self._pool = pool
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._exchange: _Exchange | None = None
        self.used = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one, but not by class

    def connection_lost(self, exc: Exception | None) -> None:
        self._pool.forget(self)
        self._fail(Gone(self._pool.service, stale=self.used))

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._exchange:
            self._exchange.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        if self._exchange:
            self._exchange.chunks.append(body)
            self._exchange.size += len(body)
            if self._exchange.size > LARGEST:
                self.close()

    def on_message_complete(self) -> None:
        exchange, self._exchange = self._exchange, None
        status, keep = self._parser.get_status_code(), self._parser.should_keep_alive()
        self._parser = httptools.HttpResponseParser(self)
        self.used = True
        if exchange is None or not keep:
            self.close()
        else:
            self._pool.free(self)
        if exchange is not None and not exchange.future.done():
            answer = Answer(status, exchange.headers, b"".join(exchange.chunks))
            exchange.future.set_result(answer)

    def send(self, request: bytes) -> asyncio.Future[Answer]:
        """Write a request; the future has its answer or raises Gone."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._exchange = _Exchange(future)
        self._transport.write(request)
        return future

    def close(self) -> None:
        """Hang up; whoever waits gets Gone."""
        self._transport.abort()

    def _fail(self, error: Exception) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None and not exchange.future.done():
            exchange.future.set_exception(error)


class _Pool:
    """Connections to one service; the most recently used is taken first."""

    def __init__(self, service: str, url: str, most: int) -> None:
        parts = urlsplit(url)
        self.service = service
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self.host_header = f"host: {parts.netloc}\r\n".encode()
        self._idle: deque[_Connection] = deque()
        self._turn = asyncio.Semaphore(most)

    async def exchange(self, request: bytes) -> Answer:
        async with self._turn:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                return await connection.send(request)
            except asyncio.CancelledError:
                connection.close()  # an answer that nobody waits for must not meet the next request
                raise

    def free(self, connection: _Connection) -> None:
        self._idle.append(connection)

    def forget(self, connection: _Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    lambda: _Connection(self), self._host, self._port
                )
        except (OSError, TimeoutError):
            raise Gone(self.service) from None
        return connection


class InnerClient:
    """Calls the inner services by name, with the shared secret that lets the gateway in."""

    def __init__(
        self, urls: Mapping[str, str], internal_token: str, connections: int, seconds: float
    ) -> None:
        self._pools = {name: _Pool(name, url, connections) for name, url in urls.items()}
        self._secret = f"{TOKEN_HEADER}: {internal_token}\r\n".encode()
        self._seconds = seconds

    @property
    def services(self) -> list[str]:
        """The names it knows."""
        return list(self._pools)

    async def request(
        self,
        service: str,
        method: str,
        target: str,
        headers: Sequence[Header] = (),
        body: bytes = b"",
        *,
        seconds: float | None = None,
    ) -> Answer:
        """The answer, whatever its status. Raises Gone, and TimeoutError after `seconds`.

        A kept connection that turns out to be closed is tried once more where a repetition does
        no harm.
        """
        pool = self._pools[service]
        request = b"".join(
            (
                f"{method} {target} HTTP/1.1\r\n".encode("ascii"),
                pool.host_header,
                self._secret,
                *(b"%b: %b\r\n" % header for header in headers),
                b"content-length: %d\r\n\r\n" % len(body),
                body,
            )
        )
        async with asyncio.timeout(seconds or self._seconds):
            try:
                return await pool.exchange(request)
            except Gone as gone:
                if not gone.stale or method not in IDEMPOTENT:
                    raise
                return await pool.exchange(request)

    async def stop(self) -> None:
        """Close what is idle."""
        for pool in self._pools.values():
            pool.close()
