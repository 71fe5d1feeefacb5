"""SIGKILL after SIGKILL while campaigns contact members: once each, or known to be open."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from allinone.demo.client import Api
from allinone.platform import Platform
from chassis.clock import local_date, midnight
from testkit import eventually
from testkit.never_wrong import Tally
from testkit.providers.aliyun import AliyunDouble
from tests.faults.test_kills import running
from tests.faults.test_sending import SETTINGS, Provider

VICTIMS = ("campaign", "postgres", "nats", "gateway")
KILLS = 10 if os.environ.get("TEST_LONG") else 1  # of each, and of the provider
MEMBERS = 240 if os.environ.get("TEST_LONG") else 120  # half for each campaign
WITHOUT_CONSENT = 12  # of them, none of whom may hear anything
AT_A_TIME = 4  # members who enter the trigger's audience together
CONTROL = 0.2
MESSAGE_FEN = 5
TEXT = {
    "zh": "{name}，秋日新品到店，欢迎光临。拒收请回复R",
    "en": "{name}, new in our shops. Reply R to opt out",
}
TWICE = "contacts of campaigns made twice through kills"
LOST = "contacts of campaigns lost through kills"
HELD_OUT = "members of control groups contacted through kills"
UNWANTED = "members contacted without consent through kills"
SPENT = "campaigns' budgets exceeded through kills"


@dataclass(frozen=True)
class Crowd:
    """Members by the number of their phone; `silent` agreed to nothing."""

    members: list[UUID]
    silent: set[int]

    def phone(self, number: int) -> str:
        return f"137{number:08d}"

    def number(self, address: str) -> int:
        return int(address[-8:])


async def test_every_contact_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncExitStack() as stack:
        provider = Provider(stack, AliyunDouble())
        await provider.start()
        for name, value in {**SETTINGS, "SMS_URL": provider.url}.items():
            monkeypatch.setenv(f"HUIYUAN_{name}", value)
        monkeypatch.setenv("HUIYUAN_SMS_TEMPLATES", "marketing=SMS_2:content")
        with Tally() as tally:
            async with running() as (platform, api):
                crowd = await _joined(api)
                entering = await _planned(api, crowd)
                await _listed(platform)
                await _clock_to(api, hour=10)
                async with asyncio.TaskGroup() as working:
                    working.create_task(_enter(api, crowd, entering))
                    for victim in VICTIMS:
                        working.create_task(_kill(platform, victim, provider.double))
                    working.create_task(_break(provider))
                await platform.wait_healthy()
                found = await _settled(platform, api, provider.double)
                _count(found, crowd, provider.double, tally)


async def _joined(api: Api) -> Crowd:
    """Members with phones, most of whom agree to messages."""
    crowd = Crowd([], set(random.Random("silent").sample(range(MEMBERS), WITHOUT_CONSENT)))
    wishes = [{"identifiers": [{"kind": "phone", "value": crowd.phone(n)}]} for n in range(MEMBERS)]
    joined = await api.post("/v1/members/batch", {"members": wishes}, "pos", "join")
    crowd.members.extend(UUID(each["member_id"]) for each in joined["results"])
    yes = [
        {
            "member_id": str(member),
            "consents": [
                {
                    "purpose": "marketing", "channel": "sms", "granted": True,
                    "asked": {"ref": str(uuid4())},
                }
            ],
        }
        for number, member in enumerate(crowd.members)
        if number not in crowd.silent
    ]  # fmt: skip
    await api.post("/v1/consents/batch", {"members": yes}, "pos")
    await api.get("/dev/settled")
    return crowd


async def _planned(api: Api, crowd: Crowd) -> str:
    """One campaign that picks its half at midnight, one that waits for the others to enter; the
    budget of each is less than they would need. Answers the segment to be entered."""
    half = MEMBERS // 2
    segment = ""
    for name, trigger, here in (
        ("batch", "daily", crowd.members[:half]), ("entering", "entered", [])
    ):  # fmt: skip
        made = await api.post("/v1/segments", {"name": name}, "planner")
        segment = str(made["segment_id"])
        if here:
            await _list(api, segment, here)
        plan = {
            "name": name, "scenario": "festival", "trigger": trigger, "offer": {"kind": "none"},
            "audience": {"segments": [segment]}, "control_share": CONTROL, "template": TEXT,
            "budget": {"amount": MESSAGE_FEN * half // 2, "currency": "CNY"},
        }  # fmt: skip
        campaign = (await api.post("/v1/campaigns", plan, "planner", f"plan-{name}"))["campaign_id"]
        for step, role in (("submit", "planner"), ("approve", "approver"), ("launch", "planner")):
            path = f"/v1/campaigns/{campaign}/{step}"
            await api.send("POST", path, b"", role=role, key=f"{step}-{name}")
            await api.get("/dev/settled")
    return segment


async def _listed(platform: Platform) -> None:
    """Campaign has heard who is in the batch's segment: profile tells in the background."""
    connection = await asyncpg.connect(platform.admin_dsn)
    count = "SELECT count(*) FROM campaign.segment_member"

    async def all_of_them() -> bool:
        return int(await connection.fetchval(count)) == MEMBERS // 2

    try:
        await eventually(all_of_them, timeout=60)
    finally:
        await connection.close()


async def _list(api: Api, segment: str, members: Sequence[UUID]) -> None:
    await api.post(f"/v1/segments/{segment}/members", {"add": list(map(str, members))}, "operator")


async def _clock_to(api: Api, hour: int) -> None:
    """Over midnight, when campaigns decide, to an hour of the next day, from which it ticks."""
    answer = await api.post("/dev/clock", {"advance_seconds": 0, "ticking": False})
    night = midnight(local_date(datetime.fromisoformat(answer["now"])) + timedelta(days=1))
    for moment, ticking in ((night, False), (night + timedelta(hours=hour), True)):
        api.now = moment
        await api.post("/dev/clock", {"now": moment.isoformat(), "ticking": ticking})


async def _enter(api: Api, crowd: Crowd, segment: str) -> None:
    """The other half enters, a few at a time, whatever is being killed."""
    half = MEMBERS // 2
    for start in range(half, MEMBERS, AT_A_TIME):
        await _list(api, segment, crowd.members[start : start + AT_A_TIME])


async def _kill(platform: Platform, victim: str, double: AliyunDouble) -> None:
    """Again once it is back and something was sent since."""
    chance = random.Random(victim)
    for _ in range(KILLS):
        await _until_sent(double, chance.randrange(2, 8))
        starts = platform.starts(victim) + 1
        platform.kill(victim)
        await eventually(lambda: platform.starts(victim) >= starts, timeout=120)  # noqa: B023


async def _break(provider: Provider) -> None:
    chance = random.Random("provider")
    for _ in range(KILLS):
        await _until_sent(provider.double, chance.randrange(2, 8))
        await provider.kill()


async def _until_sent(double: AliyunDouble, more: int) -> None:
    """So many more, or half of what two budgets allow: later there may be nothing left to send."""
    due = min(len(double.sent) + more, MEMBERS // 4)
    await eventually(lambda: len(double.sent) >= due, timeout=120)


async def _settled(platform: Platform, api: Api, double: AliyunDouble) -> list[Any]:
    """Every decision with its message, once nothing is under way any more.

    An answer that was lost is asked for again; what the provider does not know could still arrive
    while its request is good, so that time is let pass: an hour, by setting tries back.
    """
    connection = await asyncpg.connect(platform.admin_dsn)
    rows: list[Any] = []

    async def still() -> bool:
        await connection.execute("UPDATE gateway.provider_standing SET open_until = NULL")
        await connection.execute(
            "UPDATE gateway.outgoing_message SET next_at = clock_timestamp(),"
            " tried_at = tried_at - interval '1 h', first_at = first_at - interval '1 h'"
            " WHERE state = 'asking' AND next_at > clock_timestamp() + interval '1 s'"
        )
        open_ = await connection.fetchval(
            "SELECT count(*) FROM campaign.delivery WHERE status IN ('held', 'requested')"
        )
        return int(open_) == 0 and bool(await api.get("/dev/settled"))

    try:
        await eventually(still, timeout=90, says="messages stay open")
        rows = await connection.fetch(
            "SELECT p.name, (p.plan -> 'budget' ->> 'amount')::bigint AS budget_fen,"
            " c.original_member_id AS member_id, c.outcome, d.delivery_id, d.status, d.cost_fen"
            " FROM campaign.contact_decision c JOIN campaign.campaign p USING (campaign_id)"
            " LEFT JOIN campaign.delivery d USING (delivery_id)"
        )
    finally:
        await connection.close()
    return rows


def _count(rows: list[Any], crowd: Crowd, double: AliyunDouble, tally: Tally) -> None:
    arrived = Counter(UUID(each.key) for each in double.sent)
    people = Counter(crowd.number(each.address) for each in double.sent)
    outcomes = Counter((row["name"], row["outcome"], row["status"]) for row in rows)
    print(f"\n{KILLS} kills each of {', '.join(VICTIMS)}, the provider: {dict(outcomes)}")
    wanted = [row for row in rows if row["delivery_id"] is not None]
    tally.add(TWICE, len(wanted), sum(n - 1 for n in arrived.values()))
    tally.add(TWICE, MEMBERS, sum(n - 1 for n in people.values()))
    told = {row["delivery_id"]: row["status"] for row in wanted}
    here = ("sent", "delivered")
    wrong = [each for each, status in told.items() if status in here and each not in arrived]
    wrong += [each for each in arrived if told.get(each) not in (*here, "unknown")]
    tally.add(LOST, len(wanted), len(wrong))
    number = {member: n for n, member in enumerate(crowd.members)}
    held_out = {number[row["member_id"]] for row in rows if row["outcome"] == "control"}
    tally.add(HELD_OUT, len(held_out), len(held_out & people.keys()))
    tally.add(UNWANTED, len(crowd.silent), len(crowd.silent & people.keys()))
    left = ("requested", "sent", "delivered", "unknown")
    for name in ("batch", "entering"):
        mine = [row for row in rows if row["name"] == name]
        spent = sum(row["cost_fen"] for row in mine if row["status"] in left)
        tally.add(SPENT, violations=int(spent > mine[0]["budget_fen"]))
        assert sum(row["status"] == "sent" for row in mine) > AT_A_TIME, "both campaigns sent"
        assert any(row["outcome"] == "control" for row in mine)
    assert arrived.total() > MEMBERS // 4
