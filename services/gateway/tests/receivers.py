"""A partner's server for webhooks, and whoever registers it."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx
import pytest_asyncio
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import served

from contracts.roles import Role
from testkit import eventually

ALL = ["order.recorded", "order.refunded", "points.burnt", "coupon.redeemed", "settlement.closed"]


@dataclass
class Receiver:
    """A partner's server: keeps what it is sent, answers `status`; but for the first `prompt`
    messages not before `released` is set."""

    url: str = ""
    status: int = 204
    prompt: int = 1_000_000
    released: asyncio.Event = field(default_factory=asyncio.Event)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        message = await receive()
        heads = {key.decode(): value.decode() for key, value in scope["headers"]}
        self.got.append((heads, message["body"]))
        if len(self.got) > self.prompt:
            await self.released.wait()
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @property
    def ids(self) -> list[str]:
        return [heads["webhook-id"] for heads, _ in self.got]

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    async def has(self, number: int) -> None:
        """Waits until so much has come."""
        await eventually(lambda: len(self.got) >= number, timeout=15, says="nothing comes")


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    app = Receiver()
    async with served(app) as url:
        app.url = url
        yield app
        app.released.set()


@dataclass
class Caller:
    """Somebody with a token."""

    gateway: Gateway
    heads: dict[str, str]

    async def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.gateway.http.request(method, path, json=body, headers=self.heads)

    async def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.call(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def register(self, url: str, *events: str) -> dict[str, Any]:
        wish = {"url": url, "events": list(events or ALL)}
        made: dict[str, Any] = await self.ok("POST", "/v1/webhooks", wish)
        return made

    async def delivery(self, webhook: dict[str, Any]) -> dict[str, Any]:
        """The newest."""
        path = f"/v1/webhooks/{webhook['webhook_id']}/deliveries"
        newest: dict[str, Any] = (await self.ok("GET", path))["data"][0]
        return newest


async def operator(gateway: Gateway) -> Caller:
    return Caller(gateway, await gateway.as_(Role.OPERATOR))


def verified(webhook: dict[str, Any], heads: dict[str, str], body: bytes) -> bool:
    """As a receiver checks it, by the text of Standard Webhooks."""
    key = base64.b64decode(webhook["secret"].removeprefix("whsec_"))
    signed = f"{heads['webhook-id']}.{heads['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.digest(key, signed, sha256)).decode()
    return f"v1,{right}" in heads["webhook-signature"].split(" ")
