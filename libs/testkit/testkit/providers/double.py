"""What the doubles have in common: requests, trouble on order, a rate, and what was sent."""

import asyncio
import itertools
import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

HANG, CUT, UNAVAILABLE, NONSENSE = "hang", "cut", "unavailable", "nonsense"


@dataclass(frozen=True)
class Request:
    """As it came in."""

    method: str
    path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        """Its parameters."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body; None if it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Answer:
    """What the double says."""

    status: int
    json: Any
    media_type: str = "application/json"


@dataclass(frozen=True)
class Sent:
    """A message that went to somebody."""

    address: str
    key: str
    said: Mapping[str, Any]
    ref: str


@dataclass
class Double:
    """An ASGI app. `trouble.append(CUT)`: the next message is sent and its answer never given.

    HANG: sent, and no answer until `released`. UNAVAILABLE, NONSENSE: a proxy's page, not sent.
    `per_second`: more in any second is refused, and counted in `too_fast`. `unknown` are addresses
    that are refused for ever.
    """

    per_second: float = 1e9
    sent: list[Sent] = field(default_factory=list)
    trouble: deque[str] = field(default_factory=deque)
    unknown: set[str] = field(default_factory=set)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    too_fast: int = 0
    calls: int = 0
    _times: deque[float] = field(default_factory=deque)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        raw = scope["query_string"].decode()
        request = Request(scope["method"], scope["path"], raw, headers, body)
        self.calls += 1
        before = len(self.sent)
        wanted = self.trouble[0] if self.trouble and self.sends(request) else None
        if wanted:
            self.trouble.popleft()
        if wanted in (UNAVAILABLE, NONSENSE):
            status = 502 if wanted == UNAVAILABLE else 200
            await _write(send, Answer(status, None, "text/html"), b"<html>sorry</html>")
            return
        answer = self.answer(request)
        if wanted and len(self.sent) > before:
            if wanted == HANG:
                await self.released.wait()
            await _cut(send)
        await _write(send, answer, json.dumps(answer.json, ensure_ascii=False).encode())

    def sends(self, request: Request) -> bool:
        """Whether it is a call that sends a message."""
        raise NotImplementedError

    def answer(self, request: Request) -> Answer:
        """What the provider does and says."""
        raise NotImplementedError

    def note(self, address: str, key: str, said: Mapping[str, Any]) -> Sent:
        """It is sent."""
        sent = Sent(address, key, said, f"{next(self._numbers):018d}")
        self.sent.append(sent)
        return sent

    def hurried(self) -> bool:
        """Whether this is one more than a second may have."""
        now = time.monotonic()
        while self._times and now - self._times[0] >= 1:
            self._times.popleft()
        if len(self._times) >= self.per_second:
            self.too_fast += 1
            return True
        self._times.append(now)
        return False


class _CutError(Exception):
    """The connection breaks."""


async def _write(send: Any, answer: Answer, body: bytes) -> None:
    headers = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _cut(send: Any) -> None:
    headers = [(b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    raise _CutError
