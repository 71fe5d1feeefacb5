"""Webhooks when receivers are slow and the gateway is killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from services.gateway.tests.conftest import SERVICES, Gateway
from services.gateway.tests.inner import served
from services.gateway.tests.receivers import ALL, Receiver, operator, receiver, verified

from allinone.ports import claim
from chassis.clock import DrivenClock
from chassis.database import Database
from testkit import eventually
from testkit.databases import Databases
from testkit.stack import Stack

__all__ = ["receiver"]
Start = Callable[..., Awaitable[Gateway]]


async def test_one_that_is_slow_holds_up_only_itself(
    start_gateway: Start, receiver: Receiver
) -> None:
    gateway = await start_gateway(WEBHOOK_LOOPBACK="true", WEBHOOK_SECONDS="2")
    head, slow = await operator(gateway), Receiver(prompt=0)
    async with served(slow) as url:
        hooks = [await head.register(url), await head.register(receiver.url)]
        for _ in range(6):
            await head.ok("POST", f"/v1/webhooks/{hooks[0]['webhook_id']}/ping")
        await slow.has(1)
        await head.ok("POST", f"/v1/webhooks/{hooks[1]['webhook_id']}/ping")
        await receiver.has(1)

        async def timed_out() -> Any:
            return any(
                each["error"] == "timeout"
                for each in (
                    await head.ok("GET", f"/v1/webhooks/{hooks[0]['webhook_id']}/deliveries")
                )["data"]
            )

        await eventually(timed_out, timeout=10, says="two seconds are over")
        slow.released.set()


@asynccontextmanager
async def process(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The gateway as a process of its own, ready; killed at the end."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chassis.serve", "gateway_service.app",
        env={**os.environ, **{f"HUIYUAN_{name}": text for name, text in environment.items()}},
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://{environment['BIND']}") as http:

            async def ready() -> bool:
                try:
                    return (await http.get("/readyz")).status_code == 200
                except httpx.HTTPError:
                    return False

            await eventually(ready, timeout=60, says="the gateway is not ready")
        yield running
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGKILL)
        await running.wait()


@pytest.mark.usefixtures("clean")
async def test_a_gateway_killed_in_mid_delivery_loses_nothing(
    stack: Stack, databases: Databases, receiver: Receiver, clock: DrivenClock, short_folder: Path
) -> None:
    taken, key_dir = claim([]), short_folder / "keys-of-killed"
    key_dir.mkdir(mode=0o700, exist_ok=True)
    database: Database = await databases.of("gateway")
    environment = {
        "DATABASE_URL": stack.service_dsn("gateway"), "NATS_URL": stack.nats_url,
        "REDIS_URL": stack.redis_url, "INTERNAL_TOKEN": "x", "DEV": "true",
        "CLOCK_FILE": str(short_folder / "clock"), "SEED": "", "KEY_DIR": str(key_dir),
        "BIND": f"127.0.0.1:{taken.port}", "WEBHOOK_LOOPBACK": "true",
        **dict.fromkeys(SERVICES, "http://127.0.0.1:9"),
    }  # fmt: skip
    taken.release()
    receiver.prompt, messages = 6, 24
    async with process(environment) as first:
        known = msgspec.json.decode((key_dir / "clients.json").read_bytes())
        client = known["clients"]["operator"]
        async with httpx.AsyncClient(base_url=f"http://{environment['BIND']}") as http:
            form = {"grant_type": "client_credentials"}
            pair = (client["client_id"], client["client_secret"])
            token = (await http.post("/oauth2/token", data=form, auth=pair)).json()["access_token"]
            http.headers["Authorization"] = f"Bearer {token}"
            wish = {"url": receiver.url, "events": ALL}
            made = (await http.post("/v1/webhooks", json=wish)).json()
            path = f"/v1/webhooks/{made['webhook_id']}/ping"
            sent = {(await http.post(path)).json()["webhook_message_id"] for _ in range(messages)}
        await receiver.has(8)
        first.send_signal(signal.SIGKILL)
        await first.wait()
    receiver.released.set()
    assert len(sent) == messages > len(set(receiver.ids))
    async with process(environment):
        clock.move(clock.now() + timedelta(minutes=2))

        async def all_there() -> bool:
            async with database.statement() as tx:
                query = "SELECT count(*) FROM webhook_message WHERE state = 'delivered'"
                return bool(await tx.fetchval(query) == messages)

        await eventually(all_there, timeout=30, says="something was lost")
    assert set(receiver.ids) == sent, "nothing is lost; what comes twice has the same id"
    assert all(verified(made, heads, body) for heads, body in receiver.got)
