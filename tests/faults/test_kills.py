"""SIGKILL after SIGKILL while tills sell: nothing acknowledged is lost or doubled."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import asyncpg
from services.points.tests.conftest import BOOKS

from allinone import books
from allinone.demo.client import Api, Client
from allinone.home import read_json
from allinone.platform import Platform
from allinone.servers import External
from allinone.supervisor import Backoff
from testkit import eventually
from testkit.never_wrong import Tally
from tests.faults.tills import STORE, Till, send

VICTIMS = ("postgres", "points", "nats")
KILLS = 30  # of each
TILLS = 12
AT_ONCE = Backoff(first=0.02, longest=0.02)
FACTS = "nothing acknowledged lost by kills"
TWICE = "nothing acknowledged doubled by kills"


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Platform, Api]]:
    """A platform of its own that restarts at once, and tills' way to it."""
    with TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        starting = Platform(
            Path(folder), dev=True, seed="kills", external=External(), backoff=AT_ONCE
        )
        async with starting as platform:
            known = read_json(platform.home.clients_file)["clients"]
            clients = {role: Client(**client) for role, client in known.items()}
            async with Api(platform.url, platform.ca_path, clients, datetime.now(UTC)) as api:
                yield platform, api


async def _opened(api: Api) -> list[str]:
    """A store, an article, and a member for each till."""
    await api.post(
        "/v1/products/batch", {"products": [{"sku": "milk", "name": "Milk"}]}, "operator"
    )
    await api.post("/v1/stores/batch", {"stores": [{"store_id": STORE, "name": "W"}]}, "operator")
    members = []
    for n in range(TILLS):
        card = {"kind": "card_no", "value": f"till-{n}"}
        joined = await api.post("/v1/members", {"identifiers": [card]}, "pos", f"join-{n}")
        members.append(joined["member_id"])
    await api.get("/dev/settled")
    return members


class Killer:
    """Kills each victim again once it is back and some calls were acknowledged since."""

    def __init__(self, platform: Platform) -> None:
        self.acknowledged = 0
        self.kills = dict.fromkeys(VICTIMS, 0)
        self._platform = platform

    def told(self) -> None:
        """A call was acknowledged."""
        self.acknowledged += 1

    async def kill(self, victim: str) -> None:
        """As often as it is due; more than a call of each till shows that everything works."""
        chance = random.Random(victim)
        for _ in range(KILLS):
            await self._until(self.acknowledged + chance.randrange(TILLS + 1, 2 * TILLS))
            starts = self._platform.starts(victim)
            self._platform.kill(victim)
            self.kills[victim] += 1
            await self._until_started(victim, starts + 1)

    async def _until(self, acknowledged: int) -> None:
        await eventually(lambda: self.acknowledged >= acknowledged, timeout=120)

    async def _until_started(self, victim: str, starts: int) -> None:
        await eventually(lambda: self._platform.starts(victim) >= starts, timeout=120)


async def test_nothing_acknowledged_is_lost_by_kills() -> None:
    with Tally() as tally:
        async with running() as (platform, api):
            members = await _opened(api)
            killer, stop = Killer(platform), asyncio.Event()
            tills = [Till(api, member, n, killer.told) for n, member in enumerate(members)]
            began = monotonic()
            async with asyncio.TaskGroup() as selling:
                for till in tills:
                    selling.create_task(till.work(stop))
                async with asyncio.TaskGroup() as killing:
                    for victim in VICTIMS:
                        killing.create_task(killer.kill(victim))
                stop.set()
            await platform.wait_healthy()
            assert killer.kills == dict.fromkeys(VICTIMS, KILLS)
            print(
                f"\n{KILLS} kills each of {', '.join(VICTIMS)} in {monotonic() - began:.0f} s,"
                f" {killer.acknowledged} calls acknowledged, {api.retries} tried again"
            )
            await _present_once(platform, tills, tally)
            await _answered_alike(api, tills, tally)
            await _no_drift(api, tills, tally)
            await _told_once(api, platform, tills, tally)
            await _whole(platform, tally)


async def _present_once(platform: Platform, tills: Sequence[Till], tally: Tally) -> None:
    """Every acknowledged order, redemption and refund is there, once; nothing else is."""
    connection = await asyncpg.connect(platform.admin_dsn)
    try:
        for acknowledged, query in (
            ([no for till in tills for no in till.orders], "SELECT order_no FROM points.orders"),
            (
                [no for till in tills for no in till.orders],
                "SELECT ref FROM points.journal WHERE kind = 'earn'",
            ),
            (
                [reason for till in tills for reason in till.spends],
                "SELECT reason FROM points.redemption WHERE reason LIKE 'r-%'",
            ),
            ([no for till in tills for no in till.refunds], "SELECT refund_no FROM points.refund"),
        ):
            found = [row[0] for row in await connection.fetch(query)]
            tally.add(FACTS, len(acknowledged), len(set(acknowledged) - set(found)))
            extra = len(found) - len(set(found)) + len(set(found) - set(acknowledged))
            tally.add(TWICE, len(acknowledged), extra)
    finally:
        await connection.close()


async def _answered_alike(api: Api, tills: Sequence[Till], tally: Tally) -> None:
    """Each call, sent once more, gets the answer it got."""
    invariant = "same key, same body, same answer after kills"

    async def again(till: Till) -> None:
        for call in till.calls:
            answer = await send(api, call.path, call.body, call.key)
            same = json.loads(answer) == json.loads(call.answer)
            tally.add(invariant, violations=int(not same))

    async with asyncio.TaskGroup() as asking:
        for till in tills:
            asking.create_task(again(till))


async def _no_drift(api: Api, tills: Sequence[Till], tally: Tally) -> None:
    """Each member has what the acknowledged answers add up to."""
    for till in tills:
        there = await api.get(f"/v1/members/{till.member}/points", "pos")
        found = there["redeemable"], there["held"], there["pending"]
        tally.add("no drift by kills", violations=int(found != (till.balance, till.held, 0)))


async def _told_once(api: Api, platform: Platform, tills: Sequence[Till], tally: Tally) -> None:
    """profile has counted every order once."""
    await api.get("/dev/settled")
    due = {till.member: len(till.orders) for till in tills}
    connection = await asyncpg.connect(platform.admin_dsn)
    try:
        rows = await connection.fetch(
            "SELECT s.member_id::text AS member, p.orders FROM profile.spending p"
            " JOIN profile.subject s ON s.id = p.subject_id WHERE s.member_id IS NOT NULL"
        )
        purchases = await connection.fetchval("SELECT count(*) FROM profile.purchase")
    finally:
        await connection.close()
    counted = {row["member"]: row["orders"] for row in rows}
    wrong = sum(counted.get(member) != orders for member, orders in due.items())
    wrong += int(purchases != sum(due.values()))
    tally.add("orders told once on the bus through kills", sum(due.values()), wrong)


async def _whole(platform: Platform, tally: Tally) -> None:
    """The books add up in SQL, and the chain of entries is whole."""
    settings = {"search_path": "points"}
    connection: Any = await asyncpg.connect(
        platform.service_dsn("points"), server_settings=settings
    )
    try:
        for query in BOOKS.values():
            wrong = await connection.fetch(query)
            tally.add("every invariant in SQL after kills", violations=len(wrong))
    finally:
        await connection.close()
    await eventually(lambda: _audited(platform), timeout=30)
    tally.add("the chain is whole after kills")


async def _audited(platform: Platform) -> bool:
    """Whether the audit finds nothing; the witness catches up within seconds of a crash."""
    findings = (await books.verify_ledger(platform.home)).findings
    assert findings == []
    return True
