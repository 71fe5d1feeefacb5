"""Rights while everything dies: each request ends complete, nobody is erased by half."""

import asyncio
import importlib
import io
import json
import signal
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from allinone import tokens
from allinone.platform import Platform
from allinone.servers import External
from allinone.supervisor import Backoff
from testkit import eventually
from testkit.never_wrong import Tally

SERVICES = ("gateway", "identity", "profile", "points", "campaign")
QUIET = ("profile", "points", "campaign")  # a claim does not need these (an erasure asks points)
ROUNDS = (("identity", "gateway"), ("postgres",), ("profile", "points"), ("gateway",))
DONE = "every request about a member is answered by every service after kills"
HALF = "nobody is erased by half after kills"
AT_ONCE = Backoff(first=0.02, longest=0.02)


@dataclass
class Desk:
    """Staff that claim for members, and try again until they are answered."""

    platform: Platform
    http: httpx.AsyncClient
    token: str = ""
    requests: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # by kind

    async def call(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """The answer, whatever it takes."""
        headers = {"Authorization": f"Bearer {self.token}", "Ticket": "T-1"}
        if key:
            headers["Idempotency-Key"] = key

        async def tried() -> httpx.Response | None:
            try:
                answer = await self.http.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                return None
            return answer if answer.status_code < 500 and answer.status_code != 409 else None

        answer = await eventually(tried, timeout=60)
        assert answer is not None
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def claim(self, member: str, kind: str) -> Any:
        """A request by a member; it is remembered."""
        path = f"/v1/members/{member}/rights-requests"
        made = await self.call("POST", path, {"kind": kind}, key=uuid4().hex)
        self.requests.setdefault(kind, []).append((member, made["request_id"]))
        return made

    async def read(self, member: str, request: str) -> Any:
        """How far it is."""
        return await self.call("GET", f"/v1/members/{member}/rights-requests/{request}")


@asynccontextmanager
async def _running() -> AsyncIterator[Desk]:
    """A platform of its own that restarts at once."""
    with TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        starting = Platform(
            Path(folder), dev=True, seed="rights", external=External(), backoff=AT_ONCE
        )
        async with starting as platform, platform.client(timeout=20) as http:
            token = await tokens.fetch(platform.home, "admin", stepped_up=True)
            yield Desk(platform, http, token)


async def _join(desk: Desk, count: int) -> list[str]:
    """Members who have bought, agreed, looked at something."""
    products = {"products": [{"sku": "milk", "name": "Milk"}]}
    await desk.call("POST", "/v1/products/batch", products)
    await desk.call("POST", "/v1/stores/batch", {"stores": [{"store_id": "s-1", "name": "W"}]})
    members = []
    for n in range(count):
        card = {"kind": "card_no", "value": f"rights-{n}"}
        body = {"identifiers": [card], "name": "欧阳小明", "birthday": "1990-02-03"}
        made = await desk.call("POST", "/v1/members", body, key=f"join-{n}")
        members.append(made["member_id"])
        await desk.call("POST", "/v1/orders", {
            "order_no": f"o-{n}", "store": "s-1", "channel": "pos", "identifier": card,
            "paid_at": "2026-01-05T10:00:00+08:00", "paid": {"amount": 10_000},
            "items": [{"sku": "milk", "quantity": 1, "amount": {"amount": 10_000}}],
        })  # fmt: skip
        yes = {"purpose": "marketing", "channel": "sms", "granted": True}
        path = f"/v1/members/{made['member_id']}/consents"
        await desk.call("PUT", path, {"consents": [yes]})
    await desk.call("GET", "/dev/settled")
    return members


async def test_requests_end_complete_whatever_is_killed() -> None:
    began = monotonic()
    with Tally() as tally:
        async with _running() as desk:
            people = iter(await _join(desk, 2 + 3 * len(ROUNDS)))
            await _what_is_missing_shows(desk, next(people), next(people))
            for victims in ROUNDS:
                await _claims_while_killed(desk, victims, [next(people) for _ in range(3)])
            await desk.platform.wait_healthy()
            await desk.call("GET", "/dev/settled")
            await _all_answered(desk, tally)
            await _copies_are_whole(desk, tally)
            await _nothing_half_erased(desk, tally)
            kills = 3 + sum(map(len, ROUNDS))
            print(f"\n{tally.checks[DONE]} requests, {kills} kills, {monotonic() - began:.0f} s")


async def _what_is_missing_shows(desk: Desk, copied: str, erased: str) -> None:
    """Three services stand still: the requests say which; killed, these come back and answer."""
    made = {}
    for name in ("profile", "campaign"):  # an erasure asks points whether money is owed
        desk.platform.kill(name, signal.SIGSTOP)
    made[erased] = (await desk.claim(erased, "erase"))["request_id"]
    desk.platform.kill("points", signal.SIGSTOP)
    made[copied] = (await desk.claim(copied, "copy"))["request_id"]

    async def identity_answered() -> bool:
        now = await desk.read(copied, made[copied])
        return any(a["service"] == "identity" and a["answered_at"] for a in now["answers"])

    await eventually(identity_answered, timeout=30)
    now = await desk.read(copied, made[copied])
    missing = {a["service"] for a in now["answers"] if a["answered_at"] is None}
    assert (now["state"], missing) == ("open", set(QUIET))
    for name in QUIET:
        desk.platform.kill(name)


async def _claims_while_killed(desk: Desk, victims: tuple[str, ...], members: list[str]) -> None:
    """Two erasures and a copy; the victims die under them."""
    async with asyncio.TaskGroup() as claiming:
        for member, kind in zip(members, ("erase", "copy", "erase"), strict=True):
            claiming.create_task(desk.claim(member, kind))
        for victim in victims:
            desk.platform.kill(victim)
    await desk.platform.wait_healthy()


async def _all_answered(desk: Desk, tally: Tally) -> None:
    """By every service, each of them."""
    for requests in desk.requests.values():
        for member, request in requests:

            async def answered(member: str = member, request: str = request) -> bool:
                now = await desk.read(member, request)
                silent = [a["service"] for a in now["answers"] if a["answered_at"] is None]
                return now["state"] == "answered" and not silent

            await eventually(answered, timeout=60)
            tally.add(DONE)


async def _copies_are_whole(desk: Desk, tally: Tally) -> None:
    """Opened by the member: a row of each service, personal values in the clear."""
    for member, request in desk.requests["copy"]:
        token = await tokens.fetch(desk.platform.home, "member", member)
        path = f"/v1/members/{member}/rights-requests/{request}/archive"
        packed = await desk.http.get(path, headers={"Authorization": f"Bearer {token}"})
        with zipfile.ZipFile(io.BytesIO(packed.content)) as files:
            services = json.loads(files.read("data.json"))["services"]
        whole = (
            set(services) == set(SERVICES)
            and services["identity"]["member"][0]["name"] == "欧阳小明"
            and len(services["points"]["orders"]) == len(services["profile"]["purchase"]) == 1
            and services["campaign"]["member"]
            and services["gateway"]["consent_event"]
        )
        tally.add("copies are whole after kills", violations=int(not whole))


async def _nothing_half_erased(desk: Desk, tally: Tally) -> None:
    """No service holds what it lets go of, no key is left, no name answers."""
    connection = await asyncpg.connect(desk.platform.admin_dsn)
    try:
        for member, _ in desk.requests["erase"]:
            left = []
            for service in SERVICES:
                rights = importlib.import_module(f"{service}_service.rights.repository")
                await connection.execute(f"SET search_path = {service}")
                for table in rights.HOLDS.keys() - getattr(rights, "KEPT", {}).keys():
                    rows = await connection.fetch(rights.HOLDS[table], [UUID(member)])
                    left += [(service, table, dict(row)) for row in rows if _says_something(row)]
            query = "SELECT count(*) FROM gateway.data_key WHERE owner = $1"
            keys = await connection.fetchval(query, UUID(member))
            tally.add(HALF, violations=len(left) + keys)
            assert not left, left
    finally:
        await connection.close()
    for member, _ in desk.requests["erase"]:
        answer = await desk.http.get(
            f"/v1/members/{member}", headers={"Authorization": f"Bearer {desk.token}"}
        )
        tally.add(HALF, violations=int(answer.status_code != 404))


def _says_something(row: Any) -> bool:
    """identity keeps the bare id, so that nobody gets it again; a count of nothing is nothing."""
    told = {
        name: value
        for name, value in dict(row).items()
        if name not in ("member_id", "registered_at", "language")
    }
    return any(value not in (None, [], "", 0) for value in told.values())
