"""A client of the public surface, as an app, a till or a dashboard would be."""

import base64
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from allinone.platform import Platform


class Api:
    """Calls the gateway over TLS with a token of the role named."""

    def __init__(self, platform: Platform, http: httpx.AsyncClient) -> None:
        self.platform, self.http = platform, http
        self._tokens: dict[tuple[str, str | None], str] = {}

    async def token(self, role: str, member: str | None = None) -> str:
        key = (role, member)
        if key not in self._tokens:
            self._tokens[key] = await self.platform.token(role, member)
        return self._tokens[key]

    def forget_tokens(self) -> None:
        self._tokens.clear()

    async def call(
        self, method: str, path: str, body: Any = None, *, role: str = "admin",
        member: str | None = None, headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:  # fmt: skip
        bearer = {"Authorization": f"Bearer {await self.token(role, member)}"}
        return await self.http.request(
            method, path, json=body, content=content, headers={**bearer, **(headers or {})}
        )

    async def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = await self.call(method, path, body, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def collect(self, *messages: dict[str, Any]) -> httpx.Response:
        clients = json.loads((self.platform.home.clients_file).read_text())
        basic = base64.b64encode(f"{clients['write_keys']['demo']}:".encode()).decode()
        return await self.http.post(
            "/v1/batch", json={"batch": list(messages)}, headers={"Authorization": f"Basic {basic}"}
        )

    async def settled(self) -> None:
        answer = await self.http.get("/dev/settled")
        assert answer.status_code == 200, answer.text

    async def move_clock(self, **change: Any) -> None:
        answer = await self.http.post("/dev/clock", json=change)
        assert answer.status_code == 200, answer.text
        self.forget_tokens()


@pytest.fixture
async def api(platform: Platform) -> AsyncIterator[Api]:
    async with platform.client(timeout=30) as http:
        yield Api(platform, http)


@pytest.fixture
async def shop(api: Api) -> str:
    """A store and two products that every service knows; the store's id."""
    products = [
        {"sku": "milk", "name": "Milk", "department": "DAIRY", "category": "MILK"},
        {"sku": "bread", "name": "Bread", "department": "BAKERY", "category": "BREAD"},
    ]
    await api.ok("POST", "/v1/products/batch", {"products": products}, role="operator")
    stores = {"stores": [{"store_id": "s-1", "name": "West Lake", "city": "杭州"}]}
    await api.ok("POST", "/v1/stores/batch", stores, role="operator")
    await api.settled()
    return "s-1"


def unique() -> str:
    """A fresh suffix for names that must not repeat."""
    return uuid.uuid4().hex[:12]


def phone() -> str:
    """A fresh, valid mobile number."""
    return f"139{uuid.uuid4().int % 10**8:08d}"


def order(identifier: dict[str, str], fen: int, **more: Any) -> dict[str, Any]:
    """A paid order of one line."""
    return {
        "order_no": f"o-{unique()}",
        "store": "s-1",
        "channel": "pos",
        "paid_at": "2026-01-05T10:00:00+08:00",
        "identifier": identifier,
        "items": [{"sku": "milk", "quantity": 1, "amount": {"amount": fen}}],
        "paid": {"amount": fen},
        **more,
    }


def registration(*identifiers: dict[str, str], **more: Any) -> dict[str, Any]:
    """Somebody joins."""
    return {"identifiers": list(identifiers), "name": "欧阳小明", "gender": "male", **more}
