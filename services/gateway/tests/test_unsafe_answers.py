"""OWASP API10: whoever answers the gateway may be hostile. What comes of it is a clear problem,
nothing of the answer, no endless waiting, no endless reading."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import pytest
from services.gateway.tests.conftest import Gateway

from chassis.problem import Problem
from contracts.roles import Role
from gateway_service.login.providers import Session, WeChat
from gateway_service.proxy import client

MEMBER = UUID(int=5)
CANARY = "13800138000"
Start = Callable[..., Awaitable[Gateway]]


@dataclass
class Hostile:
    """A socket that answers each request with these bytes, `repeated` for ever if that is set."""

    url: str = ""
    answer: bytes = b""
    repeated: bytes = b""
    sent: int = 0
    asked: list[bytes] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.answer)
            while self.repeated:
                writer.write(self.repeated)
                self.sent += len(self.repeated)
                await writer.drain()
                await asyncio.sleep(0)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def hostile() -> AsyncIterator[Hostile]:
    app = Hostile()
    server = await asyncio.start_server(app, "127.0.0.1", 0)
    app.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield app
    finally:
        app.repeated = b""
        server.close()


def http(status: str, body: bytes, *heads: str, kind: str = "application/json") -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {len(body)}", *heads]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte is much."""
    monkeypatch.setattr(client, "LARGEST", 1024 * 1024)


@pytest.mark.usefixtures("small")
async def test_inner_services_that_answer_nonsense(start_gateway: Start) -> None:
    async with hostile() as inner:
        gateway = await start_gateway(IDENTITY_URL=inner.url, UPSTREAM_SECONDS="1")
        heads = await gateway.as_(Role.SERVICE_AGENT)
        chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        elsewhere = "location: http://169.254.169.254/latest/"
        cases: list[tuple[bytes, bytes, set[int]]] = [
            (http("302 Found", b"", elsewhere), b"", {502}),
            (http("101 Switching Protocols", b""), b"", {502, 503}),
            (http("200 OK", b'{"name": "' + CANARY.encode()), b"", {502}),
            (http("200 OK", b"\xff\xfe" + CANARY.encode()), b"", {502}),
            (http("200 OK", msgspec.json.encode([CANARY])), b"", {500, 502}),
            (http("200 OK", msgspec.json.encode({"name": [CANARY]})), b"", {200}),  # masked
            (b"SSH-2.0-OpenSSH_9.6 13800138000\r\n\r\n", b"", {503}),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n13800138000", b"", {503}),
            (b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n13800138000", b"", {503}),
            (b"", b"", {503}),
            (chunked, piece, {503}),
            (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n", {503, 504}),
        ]
        for answer, repeated, expected in cases:
            inner.answer, inner.repeated, inner.sent = answer, repeated, 0
            got = await gateway.http.get(f"/v1/members/{MEMBER}", headers=heads)
            inner.repeated = b""
            assert got.status_code in expected, (answer[:60], got.text)
            kind = "application/json" if expected == {200} else "application/problem+json"
            assert got.headers["content-type"] == kind
            assert CANARY not in got.text and "location" not in got.headers
            assert inner.sent < 64 * 1024 * 1024, "read for ever"
        inner.answer, inner.repeated = b"HTTP/1.1 200 OK\r\n", b""
        assert (await gateway.http.get("/livez")).status_code == 200


async def said(app: Hostile) -> Any:
    """What WeChat's place says about a code: who it is, or the status of the problem."""
    try:
        return await WeChat(app.url, "wx", "secret").session("code")
    except Problem as problem:
        assert CANARY not in problem.document().model_dump_json()
        return problem.status


async def test_code2session_that_answers_nonsense() -> None:
    async with hostile() as wechat:
        right = msgspec.json.encode({"openid": "o-1", "session_key": "k"})
        wechat.answer = http("200 OK", right, kind="text/plain")
        assert await said(wechat) == Session("o-1", None)
        elsewhere = "location: http://127.0.0.1:1/"
        for answer in (
            http("302 Found", right, elsewhere), http("500 Oops", right), b"",
            b"HTTP/9 what\r\n\r\n",
            http("200 OK", b"{"), http("200 OK", b"[]"), http("200 OK", CANARY.encode()),
            http("200 OK", msgspec.json.encode({"openid": 5})),
            http("200 OK", msgspec.json.encode({"openid": "x" * 5000})),
            http("200 OK", msgspec.json.encode({"openid": "o", "errcode": "no"})),
            http("200 OK", b"{" * 10_000), http("200 OK", b"null"), http("204 No Content", b""),
        ):  # fmt: skip
            wechat.answer = answer
            asked = len(wechat.asked)
            assert await said(wechat) == 503, answer[:80]
            assert len(wechat.asked) == asked + 1, "nobody is followed elsewhere"
        wechat.answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        wechat.repeated, wechat.sent = b"10000\r\n" + b" " * 65536 + b"\r\n", 0
        assert await said(wechat) == 503
        assert wechat.sent < 64 * 1024 * 1024, "read for ever"
