"""A store goes on collecting while its link is cut and its processes are killed; the centre gets
everything, once, in order; what does not fit is refused."""

import asyncio
import random
import shutil
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from services.gateway.tests.test_collect import batches

from allinone.edge import enrolment
from allinone.edge.link import Link
from allinone.edge.run import StoreEdge
from allinone.home import Home, write_atomically
from allinone.ports import claim
from allinone.supervisor import Backoff, Supervisor
from allinone.tls import ensure_certificates
from gateway_service.audit.chain import AUDIT
from gateway_service.edges.domain import read_links
from testkit import eventually
from testkit.apps import RunningApp
from testkit.never_wrong import Tally
from tests.faults.cables import Cable, cable

KEY, PHONE = "a-write-key", "13911112222"
SENDERS, EVENTS, VISITORS = 3, 20, 6
LIMIT = 1024**2
LOST = "events accepted by a store in profiles after its link was cut"
TWICE = "events accepted by a store counted once after its link was cut"
ORDER = "events of a visitor out of order after a link was cut"
Start = Callable[..., Awaitable[RunningApp]]


@dataclass
class World:
    """A centre, a store, and the cable between them."""

    profile: RunningApp
    store: StoreEdge
    link: Cable
    http: httpx.AsyncClient
    accepted: Counter[tuple[str, str]] = field(default_factory=Counter)  # visitor, event
    refused: int = 0

    async def send(self, messages: list[dict[str, Any]], patience: float = 30) -> bool:
        """Until it is accepted; False if it is refused for want of room."""
        body = msgspec.json.encode({"batch": messages})

        async def answered() -> int:
            try:
                answer = await self.http.post("/v1/batch", content=body, auth=(KEY, ""))
            except httpx.TransportError:  # killed; the answer may have been lost
                return 0
            assert answer.status_code in (200, 429, 503), answer.text
            assert answer.status_code == 200 or "retry-after" in answer.headers
            return 0 if answer.status_code == 503 else answer.status_code

        if await eventually(answered, timeout=patience) == 429:
            self.refused += 1
            return False
        self.accepted.update((each["anonymousId"], each["event"]) for each in messages)
        return True

    async def goes_on(self) -> None:
        """Come back when some hundred more events were accepted."""
        due = self.accepted.total() + 300
        await eventually(lambda: self.accepted.total() > due, timeout=20)

    async def stored(self) -> Counter[tuple[str, str]]:
        """Events in profiles: how many people did what how often, without names."""
        async with self.profile.db.transaction(readonly=True) as tx:
            rows = await tx.fetch(
                "SELECT subject_id, event, count(*) AS n FROM activity"
                " WHERE event LIKE 'Product %' GROUP BY 1, 2"
            )
        return Counter({(row["subject_id"], row["event"]): row["n"] for row in rows})

    async def kept(self) -> dict[str, Any]:
        """What waits in the store; it may say that it cannot tell at the moment."""
        answer = await self.http.get("/readyz")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def caught_up(self) -> None:
        """The centre has what was accepted, and the store keeps nothing any more."""

        async def done() -> bool:
            there = (await self.stored()).total()
            kept = await self.kept()
            assert (there, kept["requests"]) == (self.accepted.total(), 0)
            return True

        await eventually(done, timeout=30)


@asynccontextmanager
async def worlds(service_app: Start, folder: Path) -> AsyncIterator[World]:
    """Profile and gateway in this process, their link server and a store beside it."""
    centre = Home(folder / "centre").prepare()
    clients = {"dev": True, "clients": {}, "write_keys": {"demo": KEY}}
    write_atomically(centre.clients_file, clients)
    leaves, laid = claim(), claim()
    tls = ensure_certificates(centre.tls)
    enrolment.listen(centre, f"127.0.0.1:{leaves.port}")
    there = f"tls://localhost:{laid.port}"
    enrolled = enrolment.add(centre, "s-1", [KEY], there, tls.ca.read_text())
    write_atomically(folder / "s-1.json", enrolment.as_json(enrolled))
    link, supervisor = Link(centre, read_links(centre.keys), tls, None), Supervisor(centre.logs)
    leaves.release()
    laid.release()
    quick = Backoff(longest=0.2)
    async with AsyncExitStack() as running:
        running.push_async_callback(supervisor.stop, "link")
        await supervisor.start(link.program())
        between = await running.enter_async_context(cable(laid.port, leaves.port))
        profile = await service_app("profile_service.app")
        await service_app("gateway_service.app", KEY_DIR=str(centre.keys), EDGE_NATS_URL=link.url)
        store = StoreEdge(folder / "store", folder / "s-1.json", limit=LIMIT, backoff=quick)
        await running.enter_async_context(store)
        trust = ssl.create_default_context(cafile=store.ca_path)
        http = httpx.AsyncClient(base_url=store.url, verify=trust, timeout=10)
        yield World(profile, store, between, await running.enter_async_context(http))


@pytest.fixture
def folder(short_folder: Path) -> Path:
    made = short_folder / "edge"
    shutil.rmtree(made, ignore_errors=True)
    shutil.rmtree(short_folder / "keys" / AUDIT, ignore_errors=True)
    made.mkdir()
    return made


async def work(world: World, number: int, stop: asyncio.Event) -> None:
    """One batch after the other; each visitor's events are numbered. Some are sent twice."""
    chance, n = random.Random(number), 0
    while not stop.is_set():
        messages = []
        for _ in range(EVENTS):
            n += 1
            messages.append(event(f"v-{number}-{chance.randrange(VISITORS)}", f"{number}-{n}", n=n))
        await world.send(messages)
        if chance.random() < 0.2:  # as after a lost answer, in a batch with something new
            again = [*messages, event(f"v-{number}-0", f"{number}-{n}-more", n=n)]
            if await world.send(again):
                world.accepted.subtract((each["anonymousId"], each["event"]) for each in messages)


def event(visitor: str, key: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "track", "messageId": key, "anonymousId": visitor,
        "event": random.Random(key).choice(["Product Viewed", "Product Added"]),
        "properties": properties,
    }  # fmt: skip


async def flood(world: World) -> None:
    """More than the store has room for, while its link is cut."""
    chance = random.Random(5)
    for n in range(200):
        bulky = event("v-flood", f"flood-{n}", text=chance.randbytes(14_000).hex())
        if not await world.send([bulky]):
            return
    raise AssertionError("a store with a limit kept everything")


async def test_a_store_whose_link_is_cut_loses_nothing(
    clean: None, service_app: Start, folder: Path, nats_url: str
) -> None:
    async with worlds(service_app, folder) as world:
        told = {"type": "identify", "messageId": "i", "anonymousId": "v-i", "event": "Told",
                "traits": {"phone": PHONE, "style": "organic"}}  # fmt: skip
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for number in range(SENDERS):
                group.create_task(work(world, number, stop))
            await world.goes_on()
            world.link.cut()
            for victim in ("nats", "edge"):
                await world.goes_on()
                world.store.kill(victim)
                await world.store.all_answer()
            await world.send([told])
            del world.accepted["v-i", "Told"]  # only what is done is counted
            assert (await world.stored()).total() < world.accepted.total() - 300
            assert not await found_in(folder / "store", PHONE, "v-0-1", KEY, "organic")
            world.link.mend()
            await world.goes_on()
            world.link.cut()  # in the middle of catching up
            world.link.mend()
            stop.set()
        await world.caught_up()
        world.link.cut()
        await flood(world)
        kept = await eventually(world.kept)
        assert world.refused == 1 and 0 < kept["bytes"] <= kept["limit_bytes"]
        world.link.mend()
        await world.caught_up()
        assert await world.send([event("v-flood", "after")])
        await world.caught_up()
        await compare(world, nats_url)


async def found_in(folder: Path, *values: str) -> list[str]:
    """Which of some values lie open in files that a store keeps of what was collected."""
    files = [each for each in (folder / "nats").rglob("*") if each.is_file()]
    content = await asyncio.to_thread(lambda: b"".join(each.read_bytes() for each in files))
    assert content
    return [value for value in values if value.encode() in content]


async def compare(world: World, nats_url: str) -> None:
    """Counts by person and event, and each visitor's sequence on the stream."""
    wanted = Counter((event, n) for (_, event), n in world.accepted.items() if n)
    counted = Counter((event, n) for (_, event), n in (await world.stored()).items())
    last: dict[str, int] = {}
    seen: set[str] = set()
    disorder = 0
    for batch in await batches(nats_url):
        for activity in batch.activities:
            visitor = activity.identifiers[0].index
            number = activity.properties.get("n", 0)
            if activity.message_id not in seen and number:
                seen.add(activity.message_id)
                disorder += number < last.get(visitor, 0)
                last[visitor] = number
    with Tally() as tally:
        tally.add(LOST, world.accepted.total(), (wanted - counted).total())
        tally.add(TWICE, world.accepted.total(), (counted - wanted).total())
        tally.add(ORDER, len(seen), disorder)
    assert len(seen) > 1_000
