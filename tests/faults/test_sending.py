"""SIGKILL after SIGKILL while messages leave: none is sent twice, none is lost without a word."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import msgspec
import nats
import pytest

from allinone.demo.client import Api
from allinone.platform import Platform
from contracts.events import MessageRequested
from testkit import eventually
from testkit.never_wrong import Tally
from testkit.providers.aliyun import AliyunDouble
from testkit.providers.double import CUT
from testkit.serving import served
from tests.faults.test_kills import running

VICTIMS = ("gateway", "postgres", "nats")
KILLS = 30 if os.environ.get("TEST_LONG") else 1  # of each, and of the provider
MESSAGES = 1_500 if os.environ.get("TEST_LONG") else 80
MEMBERS = 12
TWICE = "messages sent twice through kills"
LOST = "messages that nobody knows what became of"
SETTINGS = {
    "SMS_PROVIDER": "aliyun", "SMS_KEY_ID": "ali-id", "SMS_KEY_SECRET": "ali-secret",
    "SMS_SIGN": "汇员", "SMS_TEMPLATES": "transactional=SMS_2:content", "SMS_PER_SECOND": "40",
    "EGRESS_SECONDS": "1", "EGRESS_RETRY_SECONDS": "0.3",
}  # fmt: skip


class Provider:
    """The double at an address that stays the same; it can be killed and come back."""

    def __init__(self, stack: AsyncExitStack, double: AliyunDouble) -> None:
        self._stack, self.double, self.url = stack, double, ""

    async def start(self) -> None:
        """Be there."""
        port = int(self.url.rpartition(":")[2]) if self.url else 0
        self.url = await self._stack.enter_async_context(served(self.double, port))

    async def kill(self) -> None:
        """Be gone, whatever was being answered, and come back."""
        self.double.trouble.extend([CUT] * 3)
        await self._stack.aclose()
        await self.start()


async def test_no_message_is_sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncExitStack() as stack:
        provider = Provider(stack, AliyunDouble())
        await provider.start()
        for name, value in {**SETTINGS, "SMS_URL": provider.url}.items():
            monkeypatch.setenv(f"HUIYUAN_{name}", value)
        with Tally() as tally:
            async with running() as (platform, api):
                wishes = await _asked_for(platform, api)
                async with asyncio.TaskGroup() as killing:
                    for victim in VICTIMS:
                        killing.create_task(_kill(platform, victim, provider.double))
                    killing.create_task(_break(provider))
                await platform.wait_healthy()
                states = await _settled(platform, provider.double)
        sent = Counter(UUID(each.key) for each in provider.double.sent)
        print(
            f"\n{KILLS} kills each of {', '.join(VICTIMS)}, the provider: {len(wishes)} messages,"
            f" {dict(Counter(states.values()))}, {sent.total()} sent"
        )
        tally.add(TWICE, len(wishes), sum(n - 1 for n in sent.values()))
        tally.add(LOST, len(wishes), len(wishes - states.keys()))
        wrong = [each for each, state in states.items() if (state == "sent") is not (each in sent)]
        assert wrong == [] and sent.total() >= MESSAGES // 2


async def _asked_for(platform: Platform, api: Api) -> set[UUID]:
    """Members with phones, and what campaign would ask for them."""
    members = []
    for n in range(MEMBERS):
        phone = {"kind": "phone", "value": f"139{n:08d}"}
        joined = await api.post("/v1/members", {"identifiers": [phone]}, "pos", f"join-{n}")
        members.append(UUID(joined["member_id"]))
    await api.get("/dev/settled")
    wishes = [
        MessageRequested(
            delivery_id=uuid4(), member_id=members[n % MEMBERS], campaign_id=UUID(int=1),
            channel="sms", purpose="transactional", text="{name}", requested_at=datetime.now(UTC),
        )
        for n in range(MESSAGES)
    ]  # fmt: skip
    bus = await nats.connect(platform.nats_url)
    for wish in wishes:
        heads = {"Nats-Msg-Id": str(wish.delivery_id)}
        await bus.jetstream().publish(wish.subject, msgspec.json.encode(wish), headers=heads)
    await bus.close()
    return {wish.delivery_id for wish in wishes}


async def _kill(platform: Platform, victim: str, double: AliyunDouble) -> None:
    """Again once it is back and something was sent since."""
    chance = random.Random(victim)
    for _ in range(KILLS):
        due = min(len(double.sent) + chance.randrange(3, 15), MESSAGES * 3 // 4)
        await _until(lambda: len(double.sent), due)
        starts = platform.starts(victim) + 1
        platform.kill(victim)
        await _until(lambda: platform.starts(victim), starts)


async def _break(provider: Provider) -> None:
    chance = random.Random("provider")
    for _ in range(KILLS):
        due = len(provider.double.sent) + chance.randrange(3, 15)
        await _until(lambda: len(provider.double.sent), min(due, MESSAGES * 3 // 4))
        await provider.kill()


async def _until(counted: Callable[[], int], due: int) -> None:
    await eventually(lambda: counted() >= due, timeout=120)


async def _settled(platform: Platform, double: AliyunDouble) -> dict[UUID, str]:
    """How messages stand once nothing is left to do but to wait until signatures run out."""
    connection = await asyncpg.connect(
        platform.admin_dsn, server_settings={"search_path": "gateway"}
    )
    found: dict[UUID, str] = {}

    async def still() -> bool:
        sent = {UUID(each.key) for each in double.sent}
        await connection.execute(
            "UPDATE outgoing_message SET next_at = clock_timestamp() WHERE state = 'asking'"
            " AND delivery_id = ANY ($1::uuid[]) AND next_at > clock_timestamp() + interval '2 s'",
            list(sent),
        )
        await connection.execute("UPDATE provider_standing SET open_until = NULL")
        rows = await connection.fetch("SELECT delivery_id, state FROM outgoing_message")
        found.update({row["delivery_id"]: row["state"] for row in rows})
        open_ = [each for each, state in found.items() if state != "sent"]
        return len(found) == MESSAGES and all(
            found[each] == "asking" and each not in sent for each in open_
        )

    try:
        await eventually(still, timeout=90, says="messages stay open")
    finally:
        await connection.close()
    return found
