"""SIGKILL after SIGKILL while behaviour is collected: what was accepted is in profiles, once."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import msgspec

from allinone.home import read_json
from allinone.platform import Platform
from testkit import eventually
from testkit.never_wrong import Tally
from tests.faults.test_kills import running

VICTIMS = ("profile", "identity", "postgres", "nats")
KILLS = 30 if os.environ.get("TEST_LONG") else 4  # of each
SENDERS, EVENTS, VISITORS = 4, 200, 300
NAMES = ("Product Viewed", "Product Added", "Product Shared")
LOST = "accepted events in profiles through kills"
TWICE = "accepted events counted once through kills"


@dataclass
class Sender:
    """Sends batches one after the other, each until it is accepted, some once more."""

    http: httpx.AsyncClient
    auth: tuple[str, str]
    number: int
    accepted: int = 0
    expected: Counter[tuple[str, str]] = field(default_factory=Counter)  # visitor, event

    async def work(self, stop: asyncio.Event) -> None:
        """Until told to stop; the batch in hand is finished."""
        chance = random.Random(self.number)
        n = 0
        while not stop.is_set():
            events = [self._event(chance, n, each) for each in range(EVENTS)]
            body = msgspec.json.encode({"batch": events})
            await self._until_accepted(body)
            self.expected.update((each["anonymousId"], each["event"]) for each in events)
            self.accepted += 1
            n += 1
            if chance.random() < 0.3:  # the same in another batch, as after a lost answer
                again = [*events[: EVENTS // 2], self._event(chance, n, 0)]
                await self._until_accepted(msgspec.json.encode({"batch": again}))
                self.expected[again[-1]["anonymousId"], again[-1]["event"]] += 1
                n += 1

    def _event(self, chance: random.Random, batch: int, n: int) -> dict[str, Any]:
        return {
            "type": "track",
            "messageId": f"{self.number}-{batch}-{n}",
            "anonymousId": f"visitor-{chance.randrange(VISITORS)}",
            "event": chance.choice(NAMES),
        }

    async def _until_accepted(self, body: bytes) -> None:
        async def sent() -> bool:
            try:
                answer = await self.http.post("/v1/batch", content=body, auth=self.auth)
            except httpx.TransportError:
                return False
            assert answer.status_code in (200, 429, 503), answer.text
            return answer.status_code == 200

        await eventually(sent, timeout=120)


async def test_what_was_accepted_is_in_profiles_once() -> None:
    with Tally() as tally:
        async with running() as (platform, api):
            stop = asyncio.Event()
            async with platform.client(timeout=15) as http, asyncio.TaskGroup() as sending:
                senders = _senders(platform, http)
                for sender in senders:
                    sending.create_task(sender.work(stop))
                async with asyncio.TaskGroup() as killing:
                    for victim in VICTIMS:
                        killing.create_task(_kill(platform, victim, senders))
                stop.set()
            await platform.wait_healthy()
            await api.get("/dev/settled")
            due = sum((sender.expected for sender in senders), Counter[tuple[str, str]]())
            print(f"\n{KILLS} kills each of {', '.join(VICTIMS)}; {due.total()} events accepted")
            await _compare(platform, due, tally)


def _senders(platform: Platform, http: httpx.AsyncClient) -> list[Sender]:
    key = read_json(platform.home.clients_file)["write_keys"]["demo"]
    return [Sender(http, (key, ""), n) for n in range(SENDERS)]


async def _kill(platform: Platform, victim: str, senders: list[Sender]) -> None:
    """Again once it is back and something was accepted since."""
    chance = random.Random(victim)
    for _ in range(KILLS):
        due = sum(sender.accepted for sender in senders) + chance.randrange(4, 12)
        await _until(lambda: sum(sender.accepted for sender in senders), due)
        due = platform.starts(victim) + 1
        platform.kill(victim)
        await _until(lambda: platform.starts(victim), due)


async def _until(counted: Callable[[], int], due: int) -> None:
    await eventually(lambda: counted() >= due, timeout=120)


async def _compare(platform: Platform, due: Counter[tuple[str, str]], tally: Tally) -> None:
    """Rows, daily counts and known messages against what was accepted, visitor by visitor."""
    connection = await asyncpg.connect(
        platform.admin_dsn, server_settings={"search_path": "profile"}
    )
    try:
        rows = await connection.fetch(
            "SELECT event, count(*) AS n FROM activity GROUP BY event, subject_id"
        )
        days = await connection.fetch(
            "SELECT event, sum(n) AS n FROM activity_day GROUP BY event, subject_id"
        )
        known = await connection.fetchval("SELECT count(*) FROM seen")
        sizes = await connection.fetchval("SELECT sum(size) FROM seen_part")
        letters = await connection.fetchval("SELECT count(*) FROM dead_letter")
    finally:
        await connection.close()
    wanted = Counter((event, n) for (_, event), n in due.items())
    for found in (rows, days):
        counted = Counter((row["event"], int(row["n"])) for row in found)
        tally.add(LOST, due.total(), (wanted - counted).total())
        tally.add(TWICE, due.total(), (counted - wanted).total())
    tally.add(TWICE, violations=int(known != due.total()) + int(sizes != due.total()) + letters)
