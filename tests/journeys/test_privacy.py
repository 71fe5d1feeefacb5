"""One member, from joining to being forgotten: consent, behaviour, a message, rights."""

import asyncio
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from allinone.demo.campaigns import REPURCHASE
from allinone.pii.files import scan_files
from allinone.pii.live import scan_database, scan_redis
from allinone.pii.scanner import Scanner
from chassis.clock import local_date, midnight
from testkit import eventually
from tests.journeys.conftest import Api, order, phone, registration, unique

SMS = {"purpose": "marketing", "channel": "sms"}
SERVICES = ["gateway", "identity", "profile", "points", "campaign"]


@dataclass
class Shopper:
    """Somebody nobody else is: values that can be searched for."""

    phone: str = field(default_factory=phone)
    card: str = field(default_factory=lambda: f"8617{uuid4().int % 10**12:012d}")
    name: str = field(default_factory=lambda: "欧阳" + _characters(3))
    street: str = field(default_factory=lambda: f"幸福路{_characters(4)}号{_characters(4)}室")

    @property
    def secrets(self) -> list[tuple[str, str]]:
        return [
            ("phone", self.phone), ("card_no", self.card), ("name", self.name),
            ("street", self.street),
        ]  # fmt: skip


def _characters(count: int) -> str:
    return "".join(chr(0x4E00 + byte) for byte in uuid4().bytes[:count])


def yes(what: dict[str, str]) -> dict[str, Any]:
    return {**what, "granted": True, "asked": {"ref": str(uuid4())}}


async def now(api: Api) -> datetime:
    answer = await api.ok("POST", "/dev/clock", {"advance_seconds": 0})
    return datetime.fromisoformat(answer["now"])


async def next_morning(api: Api) -> None:
    """Over midnight, when campaigns decide, to ten o'clock, when messages leave."""
    night = midnight(local_date(await now(api)) + timedelta(days=1))
    for moment in (night + timedelta(minutes=1), night + timedelta(hours=10)):
        await api.move_clock(now=moment.isoformat())
        await api.settled()


async def messages(api: Api, member: str) -> list[str]:
    """What the sandbox holds for a member."""
    found, since = [], "0"
    while True:
        page = (await api.http.get("/dev/outbox", params={"since": since, "limit": 200})).json()
        found += [each["text"] for each in page["data"] if each["member_id"] == member]
        if len(page["data"]) < 200:
            return found
        since = page["next_cursor"]


async def launch(api: Api) -> None:
    """The campaign that asks back who has not bought for thirty days, all of them."""
    asked = {**REPURCHASE.plan, "audience": REPURCHASE.audience}
    plan = {**asked, "name": f"c-{unique()}", "control_share": 0}
    made = await api.ok("POST", "/v1/campaigns", plan, role="planner")
    for step, role in (("submit", "planner"), ("approve", "approver"), ("launch", "planner")):
        await api.ok("POST", f"/v1/campaigns/{made['campaign_id']}/{step}", role=role)


async def claimed(api: Api, member: str, kind: str) -> dict[str, Any]:
    """A right, claimed by the member, and answered by every service."""
    path = f"/v1/members/{member}/rights-requests"
    made = await api.ok("POST", path, {"kind": kind}, role="member", member=member)
    await api.settled()
    path = "/v1/rights-requests?limit=200"
    listed = await api.ok("GET", path, role="compliance")
    (done,) = [each for each in listed["data"] if each["request_id"] == made["request_id"]]
    assert done["state"] == "answered", done
    assert [each["service"] for each in done["answers"] if each["answered_at"]] == SERVICES
    return dict(done)


async def scanned(api: Api, secrets: list[tuple[str, str]]) -> int:
    """Hits of these values anywhere behind the gateway."""
    scanner = Scanner(secrets)
    platform = api.platform
    tables = await scan_database(scanner, platform.admin_dsn)
    cache = await scan_redis(scanner, platform.redis_url)
    files = await asyncio.to_thread(scan_files, scanner, platform.home.root)
    return (tables + cache + files).hits


async def joined(api: Api, who: Shopper) -> str:
    """Registered at the till, asked on the display, seen in the app."""
    identifiers = [{"kind": "phone", "value": who.phone}, {"kind": "card_no", "value": who.card}]
    body = registration(*identifiers, birthday="1990-02-03", address=who.street)
    made = await api.ok("POST", "/v1/members", {**body, "name": who.name}, role="pos")
    member = str(made["member_id"])
    answers = [yes(SMS), yes({"purpose": "personalised_recommendation"})]
    path = f"/v1/members/{member}/consents"
    await api.ok("PUT", path, {"consents": answers}, role="member", member=member)
    told = await api.collect(
        {"type": "identify", "userId": member, "traits": {"style": "organic", "name": who.name}},
        {"type": "track", "userId": member, "event": "Product Viewed",
         "properties": {"product_id": "milk"}},
    )  # fmt: skip
    assert told.status_code == 200
    await api.settled()
    return member


async def test_from_joining_to_being_forgotten(api: Api, shop: str) -> None:
    who = Shopper()
    member = await joined(api, who)
    await launch(api)

    async def buys(days_ago: float) -> None:
        paid_at = (await now(api) - timedelta(days=days_ago)).isoformat()
        card = {"kind": "card_no", "value": who.card}
        await api.ok("POST", "/v1/orders", order(card, 30_000, paid_at=paid_at), role="pos")
        await api.settled()

    await buys(31)
    await next_morning(api)
    (message,) = await messages(api, member)
    assert who.name in message
    no = {"consents": [{**SMS, "granted": False}]}
    path = f"/v1/members/{member}/consents"
    await api.ok("PUT", path, no, role="member", member=member)
    await buys(30.4)
    await next_morning(api)
    assert len(await messages(api, member)) == 1
    points = await api.ok("GET", f"/v1/members/{member}/points", role="member", member=member)
    assert points["redeemable"] == 600  # what was withdrawn costs no other service
    burnt = await api.ok(
        "POST", f"/v1/members/{member}/redemptions", {"points": 100, "reason": "checkout"},
        role="pos", headers={"Idempotency-Key": unique()},
    )  # fmt: skip
    assert burnt["balance"] == 500
    await _the_copy_is_whole(api, who, member)
    await _objection_ends_conclusions(api, member)
    await _nothing_is_left(api, who, member)


async def _the_copy_is_whole(api: Api, who: Shopper, member: str) -> None:
    await api.ok("GET", "/v1/tags/counts", role="analyst")  # whose tags are due gets them
    done = await claimed(api, member, "copy")
    path = f"/v1/members/{member}/rights-requests/{done['request_id']}/archive"
    packed = await api.call("GET", path, role="member", member=member)
    assert packed.status_code == 200, packed.text
    with zipfile.ZipFile(io.BytesIO(packed.content)) as files:
        document, page = json.loads(files.read("data.json")), files.read("index.html").decode()
    services = document["services"]
    (person,) = services["identity"]["member"]
    assert (person["name"], person["address"], person["birthday"]) == (
        who.name, who.street, "1990-02-03",
    )  # fmt: skip
    values = {each["value"] for each in services["identity"]["identifier"]}
    assert values == {f"+86{who.phone}", who.card}
    traits = {each["name"]: each["value"] for each in services["profile"]["trait"]}
    assert traits["style"] == "organic" and traits["name"] == who.name
    assert [each["event"] for each in services["profile"]["activity"]].count("Product Viewed") == 1
    assert len(services["profile"]["purchase"]) == len(services["points"]["orders"]) == 2
    assert services["profile"]["member_tags"][0]["tags"]
    assert sum(entry["amount"] for entry in services["points"]["entry"]) == 500
    assert [each["status"] for each in services["campaign"]["delivery"]] == ["sent"]
    kept_back = services["campaign"]["contact_decision"][-1]
    assert [kept_back["outcome"], kept_back["checks"][-1]["check"]] == ["skipped", "consent"]
    states = [each["state"] for each in services["gateway"]["consent_event"]]
    assert states == ["granted", "granted", "withdrawn"]
    assert who.name in page and "organic" in page


async def _objection_ends_conclusions(api: Api, member: str) -> None:
    path = f"/v1/members/{member}/profile"
    assert (await api.ok("GET", path, role="service_agent"))["tags"]
    await claimed(api, member, "object")
    after = await api.ok("GET", path, role="service_agent")
    assert (after["personalised"], after["tags"], after["portrait"]) == (False, [], None)
    assert after["purchases"]["orders"] == 2
    connection = await asyncpg.connect(api.platform.admin_dsn)
    try:
        query = (
            "SELECT t.tags FROM profile.member_tags t JOIN profile.subject s"
            " ON s.id = t.subject_id WHERE s.member_id = $1"
        )
        assert await connection.fetchval(query, member) in ("{}", None)
    finally:
        await connection.close()


async def _nothing_is_left(api: Api, who: Shopper, member: str) -> None:
    tokens = await _sealed(api, member)
    assert len(tokens) >= 5
    own = {"Authorization": f"Bearer {await api.token('member', member)}"}
    await claimed(api, member, "erase")

    async def shut() -> bool:
        path = f"/v1/members/{member}/points"
        return (await api.http.get(path, headers=own)).status_code == 401

    await eventually(shut)
    assert (await api.call("GET", f"/v1/members/{member}", role="admin")).status_code == 404
    found = await api.call(
        "POST", "/v1/members/lookup", {"kind": "phone", "value": who.phone}, role="service_agent"
    )
    assert found.status_code == 404
    assert await messages(api, member) == []
    assert await _sealed(api, member) == set()
    assert await scanned(api, who.secrets) == 0
    balance = await api.ok("GET", "/v1/ledger/trial-balance", role="analyst")
    assert balance["difference"] == 0
    again = Shopper(phone=who.phone)  # whoever gets the number next is somebody new
    newcomer = await joined(api, again)
    assert newcomer != member
    fresh = await api.ok("GET", f"/v1/members/{newcomer}/profile", role="service_agent")
    assert fresh["purchases"]["orders"] == 0 and fresh["activity"]["events"] == 2


async def _sealed(api: Api, member: str) -> set[str]:
    """Sealed values of a member in the tables of services that keep them."""
    queries = (
        "SELECT unnest(ARRAY[name, birthday, address]) FROM identity.member WHERE member_id = $1",
        "SELECT value FROM identity.identifier WHERE original_member_id = $1",
        "SELECT t.value #>> '{}' FROM profile.trait t JOIN profile.subject s ON s.id = t.subject_id"
        " WHERE s.member_id = $1",
        "SELECT text FROM gateway.sandbox_outbox WHERE member_id = $1",
        "SELECT archive FROM gateway.rights_request WHERE members[1] = $1",
    )
    connection = await asyncpg.connect(api.platform.admin_dsn)
    try:
        found = [row[0] for query in queries for row in await connection.fetch(query, member)]
    finally:
        await connection.close()
    return {value for value in found if value and value.startswith("hy")}
