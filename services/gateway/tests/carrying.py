"""A gateway that sends SMS to a double of Aliyun's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest_asyncio
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, served
from services.gateway.tests.test_egress import MEMBER, agree, lives, tell, wish
from services.gateway.tests.test_withdrawal import Start

from contracts.base import Event
from contracts.events import MessageSent
from contracts.gateway_events import MessageReported
from contracts.roles import Role
from testkit import eventually
from testkit.providers.aliyun import AliyunDouble

ALIYUN = {
    "SMS_PROVIDER": "aliyun", "SMS_KEY_ID": "ali-id", "SMS_KEY_SECRET": "ali-secret",
    "SMS_SIGN": "汇员", "EGRESS_SECONDS": "0.5", "EGRESS_RETRY_SECONDS": "0.1",
    "SMS_TEMPLATES": "marketing=SMS_1:content,transactional=SMS_2:content,code=SMS_3:code",
}  # fmt: skip


@dataclass
class Post:
    """A gateway and the provider it sends to."""

    gateway: Gateway
    double: AliyunDouble

    async def state(self, delivery_id: UUID) -> tuple[str, str | None]:
        """How a message stands: (state, reason)."""
        async with self.gateway.app.db.transaction(readonly=True) as tx:
            row = await tx.fetchrow(
                "SELECT state, reason FROM outgoing_message WHERE delivery_id = $1", delivery_id
            )
        return (row["state"], row["reason"]) if row else ("", None)

    async def becomes(self, delivery_id: UUID, state: str) -> str | None:
        """Waits until it is so; answers the reason."""

        async def so() -> bool:
            return (await self.state(delivery_id))[0] == state

        await eventually(so, timeout=10, says=f"it never is {state}")
        return (await self.state(delivery_id))[1]

    async def told(self) -> list[tuple[UUID, str, str | None]]:
        """What campaign hears: (delivery, status, reason)."""
        kinds: dict[str, type[Event]] = {
            each.subject: each for each in (MessageSent, MessageReported)
        }
        async with self.gateway.app.db.transaction(readonly=True) as tx:
            rows = await tx.fetch(
                "SELECT subject, payload FROM outbox WHERE subject = ANY($1::text[]) ORDER BY id",
                list(kinds),
            )
        events: list[Any] = [
            msgspec.json.decode(r["payload"], type=kinds[r["subject"]]) for r in rows
        ]
        return [(each.delivery_id, each.status, each.reason) for each in events]

    async def send(self, **fields: Any) -> UUID:
        """A message of campaign's, taken up."""
        request = wish(self.gateway, **fields)
        await tell(self.gateway, request)
        return request.delivery_id

    async def operator(self, method: str, path: str) -> httpx.Response:
        """A call by one."""
        heads = await self.gateway.as_(Role.OPERATOR)
        return await self.gateway.http.request(method, path, headers=heads)

    async def receive(self, query: dict[str, str], body: bytes) -> httpx.Response:
        """The provider posts a receipt where it was told to."""
        (channel,) = [
            each
            for each in (await self.operator("GET", "/v1/channels")).json()["data"]
            if each["channel"] == "sms"
        ]
        path = channel["receipts_url"].removeprefix(self.gateway.parts.settings.public_url)
        return await self.gateway.http.post(path, params=query, content=body)


@pytest_asyncio.fixture(loop_scope="session")
async def post(start_gateway: Start, inner: Inner) -> AsyncIterator[Post]:
    """A member who agreed to marketing by SMS, and a provider."""
    double = AliyunDouble()
    async with served(double) as url:
        gateway = await start_gateway(SMS_URL=url, **ALIYUN)
        await lives(inner, gateway, MEMBER)
        await agree(gateway, MEMBER)
        yield Post(gateway, double)
        double.released.set()
