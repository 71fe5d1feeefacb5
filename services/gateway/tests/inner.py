"""The inner services as the gateway sees them: one HTTP server that answers what a test says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from testkit.serving import served

__all__ = ["Inner", "Reply", "Seen", "served"]

Reply = tuple[int, Any] | Callable[["Seen"], tuple[int, Any]]


@dataclass(frozen=True)
class Seen:
    """A request that reached a service."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body decoded."""
        return msgspec.json.decode(self.body)


@dataclass
class Inner:
    """`replies["GET /v1/x"] = 200, {...}`, or a function of the request."""

    url: str = ""
    replies: dict[str, Reply] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    @property
    def last(self) -> Seen:
        """The newest request but for what settling asks."""
        return self.seen[-1]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        seen = Seen(scope["method"], scope["path"], scope["query_string"].decode(), headers, body)
        self.seen.append(seen)
        reply = self.replies.get(f"{seen.method} {seen.path}", (200, {}))
        status, content = reply(seen) if callable(reply) else reply
        raw = content if isinstance(content, bytes) else msgspec.json.encode(content)
        answer = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw))]
        await send({"type": "http.response.start", "status": status, "headers": answer})
        await send({"type": "http.response.body", "body": raw})
