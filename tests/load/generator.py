"""Load from a process of its own: `python generator.py < plan.json > result.json`.

Raw HTTP/1.1 over keep-alive connections, so that the generator costs as little as it can.
"""

import asyncio
import json
import ssl
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import httptools
import uvloop

PATIENCE = 60.0  # seconds for the last answers
MARK = b"@@@@@@@@"  # in a body: replaced by the number of the request


@dataclass(frozen=True)
class Request:
    """What to send; `headers` without host and content-length."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Plan:
    """`requests` in turn for `seconds`: as fast as answers come, or at `rate` a second."""

    url: str
    requests: Sequence[Request]
    seconds: float
    connections: int = 32
    ca: str | None = None
    rate: float | None = None
    first: int = 0  # number of the first request, for MARK


@dataclass(frozen=True)
class Result:
    """Latencies in milliseconds; at a rate they count from the moment a call was due."""

    answers: int
    per_second: float
    p50_ms: float
    p99_ms: float
    statuses: dict[str, int]

    @property
    def good(self) -> bool:
        """Whether every answer was a success."""
        return all(status.startswith("2") for status in self.statuses)


def run(plan: Plan) -> Result:
    """Generate the load in another process and wait for what it measured."""
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps(asdict(plan)).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return Result(**json.loads(done.stdout))


class _Connection(asyncio.Protocol):
    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._parser: Any = httptools.HttpResponseParser(self)
        self._transport: Any = None
        self._since = 0.0
        self._asked = b""  # what is not answered yet
        self._heard = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._load.idle(self)

    def send(self, request: bytes, since: float) -> None:
        self._since, self._asked, self._heard = since, request, False
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        self._parser = httptools.HttpResponseParser(self)
        self._asked = b""
        self._load.answered(status, perf_counter() - self._since)
        self._load.idle(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """A server may close what is idle, and we may be asking just then: a read is asked anew."""
        if self._asked and (self._heard or not self._asked.startswith(b"GET ")):
            self._load.answered(0, perf_counter() - self._since)
            self._asked = b""
        self._load.lost(self, self._asked, self._since)


class _Load:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._host = urlsplit(plan.url).netloc
        self._heads = [self._head(request) for request in plan.requests]
        self._bodies = [request.body.encode() for request in plan.requests]
        self._idle: deque[_Connection] = deque()
        self._due: deque[float] = deque()
        self._again: deque[tuple[bytes, float]] = deque()
        self._trust: ssl.SSLContext | None = None
        self._repairs: set[asyncio.Task[None]] = set()
        self._sent = 0
        self._ends = 0.0  # not begun
        self._over = asyncio.Event()
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []

    def _head(self, request: Request) -> bytes:
        size = len(request.body.encode())
        headers = {"host": self._host, **request.headers, "content-length": str(size)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{request.method} {request.path} HTTP/1.1\r\n{lines}\r\n".encode()

    async def run(self) -> float:
        """Seconds from the first request to the last answer."""
        plan = self._plan
        self._trust = ssl.create_default_context(cafile=plan.ca) if plan.ca else None
        for _ in range(plan.connections):
            await self._connect()
        started = perf_counter()
        self._ends = started + plan.seconds
        if plan.rate:
            await self._at_rate(started, plan.rate)
        else:
            waiting, self._idle = self._idle, deque()
            for connection in waiting:
                self.idle(connection)
        try:
            async with asyncio.timeout(max(self._ends - perf_counter(), 0.0) + PATIENCE):
                await self._over.wait()
        except TimeoutError:
            self.answered(0, PATIENCE)
        return perf_counter() - started

    async def _connect(self) -> None:
        parts = urlsplit(self._plan.url)
        await asyncio.get_running_loop().create_connection(
            lambda: _Connection(self), parts.hostname or "", parts.port or 0, ssl=self._trust
        )

    def lost(self, connection: _Connection, asked: bytes, since: float) -> None:
        """A connection is gone: another one takes its place, and first what it did not answer."""
        if self._over.is_set():
            return
        if connection in self._idle:
            self._idle.remove(connection)
        if asked:
            self._again.append((asked, since))
        repair = asyncio.create_task(self._reconnect())
        self._repairs.add(repair)
        repair.add_done_callback(self._repairs.discard)

    async def _reconnect(self) -> None:
        try:
            await self._connect()
        except OSError:
            self.answered(0, 0.0)

    async def _at_rate(self, started: float, rate: float) -> None:
        n = 0
        while (due := started + n / rate) < self._ends:
            await asyncio.sleep(max(0.0, due - perf_counter()))
            self._due.append(due)
            n += 1
            self._serve()
        await asyncio.sleep(max(0.0, self._ends - perf_counter()))
        self._ends = perf_counter()  # a timer may be early, and nobody would look again
        self._look()

    def idle(self, connection: _Connection) -> None:
        """A connection may send again."""
        self._idle.append(connection)
        if perf_counter() < self._ends and not self._plan.rate:
            self._due.append(perf_counter())
        self._serve()
        self._look()

    def _look(self) -> None:
        """Is it over?"""
        ended = perf_counter() >= self._ends > 0
        if (
            ended
            and not self._due
            and not self._again
            and len(self._idle) == self._plan.connections
        ):
            self._over.set()

    def _serve(self) -> None:
        while self._idle and self._again:
            self._idle.popleft().send(*self._again.popleft())
        while self._idle and self._due:
            n = self._sent % len(self._heads)
            body = self._bodies[n].replace(MARK, b"%08d" % (self._plan.first + self._sent))
            self._sent += 1
            self._idle.popleft().send(self._heads[n] + body, self._due.popleft())

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer; 0 is a lost connection."""
        self.statuses[str(status)] += 1
        self.latencies.append(seconds * 1000)
        if status == 0:
            self._over.set()


async def _measure(plan: Plan) -> Result:
    load = _Load(plan)
    seconds = await load.run()
    ordered = sorted(load.latencies) or [0.0]
    return Result(
        len(load.latencies),
        len(load.latencies) / seconds,
        ordered[len(ordered) // 2],
        ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)],
        dict(load.statuses),
    )


if __name__ == "__main__":
    given = json.load(sys.stdin)
    given["requests"] = [Request(**request) for request in given["requests"]]
    json.dump(asdict(uvloop.run(_measure(Plan(**given)))), sys.stdout)
