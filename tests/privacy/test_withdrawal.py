"""A withdrawal on the running platform: what is held, in an outbox, or in egress does not leave."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic

import asyncpg

from allinone.platform import Platform
from chassis.clock import local_date, midnight
from testkit import eventually
from testkit.never_wrong import Tally
from tests.journeys.conftest import Api, order, unique
from tests.journeys.test_privacy import SMS, Shopper, joined, launch, messages, now

STAGES = {  # where messages wait, and what becomes of them there
    "held": ("withdrawn", "consent_withdrawn"),
    "outbox": ("refused", "no_consent"),
    "egress": ("refused", "no_consent"),
}
LEAVES = "no message leaves once its consent was withdrawn"


@asynccontextmanager
async def _stopped(platform: Platform, *names: str) -> AsyncIterator[None]:
    """These processes stand still."""
    for name in names:
        platform.kill(name, signal.SIGSTOP)
    try:
        yield
    finally:
        for name in names:
            platform.kill(name, signal.SIGCONT)


async def _bought(api: Api, who: Shopper, days_ago: float, fen: int = 30_000) -> None:
    paid_at = (await now(api) - timedelta(days=days_ago)).isoformat()
    card = {"kind": "card_no", "value": who.card}
    await api.ok("POST", "/v1/orders", order(card, fen, paid_at=paid_at), role="pos")


async def _withdrawn(api: Api, member: str) -> float:
    """The member says no; seconds until that was answered."""
    began = monotonic()
    body = {"consents": [{**SMS, "granted": False}]}
    await api.ok("PUT", f"/v1/members/{member}/consents", body, role="member", member=member)
    return monotonic() - began


async def _deliveries(api: Api, member: str) -> list[tuple[str, str | None]]:
    path = f"/v1/members/{member}/deliveries"
    page = await api.ok("GET", path, role="service_agent")
    return [(each["status"], each["reason"]) for each in page["data"]]


async def test_whatever_is_queued_does_not_leave(api: Api, shop: str) -> None:
    people = {name: Shopper() for name in (*STAGES, "agreeing")}
    members = {name: await joined(api, who) for name, who in people.items()}
    await launch(api)
    for who in people.values():
        await _bought(api, who, 31)
    await api.settled()
    night = midnight(local_date(await now(api)) + timedelta(days=1))
    await api.move_clock(now=(night + timedelta(minutes=1)).isoformat())
    for member in members.values():
        await api.token("member", member)  # by the clock of tonight
        assert await _deliveries(api, member) == [("held", None)]
    took = {"held": await _withdrawn(api, members["held"])}
    await api.settled()
    async with _stopped(api.platform, "nats"):
        await api.move_clock(now=(night + timedelta(hours=10)).isoformat())
        assert await _deliveries(api, members["outbox"]) == [("requested", None)]
        took["outbox"] = await _withdrawn(api, members["outbox"])
        async with _stopped(api.platform, "identity"):
            api.platform.kill("nats", signal.SIGCONT)
            await eventually(lambda: _all_told(api))
            took["egress"] = await _withdrawn(api, members["egress"])
    began = monotonic()
    await api.settled()
    seconds = monotonic() - began
    with Tally() as tally:
        for stage, fate in STAGES.items():
            left = await messages(api, members[stage])
            tally.add(LEAVES, violations=len(left))
            assert await _deliveries(api, members[stage]) == [fate]
    assert len(await messages(api, members["agreeing"])) == 1
    answered = ", ".join(f"{stage} {took[stage]:.2f} s" for stage in STAGES)
    print(f"\nwithdrawals answered ({answered}); all refused {seconds:.2f} s after the last")
    assert max(took.values()) <= 5 and seconds <= 60
    await _it_costs_no_other_service(api, people["held"], members["held"])


async def _all_told(api: Api) -> bool:
    """campaign's outbox is empty: the messages are at the gateway, which waits for identity."""
    connection = await asyncpg.connect(api.platform.admin_dsn)
    try:
        query = "SELECT count(*) FROM campaign.outbox WHERE published_at IS NULL"
        return bool(await connection.fetchval(query) == 0)
    finally:
        await connection.close()


async def _it_costs_no_other_service(api: Api, who: Shopper, member: str) -> None:
    """Without any consent left points earn and burn as before."""
    body = {"consents": [{"purpose": "personalised_recommendation", "granted": False}]}
    await api.ok("PUT", f"/v1/members/{member}/consents", body, role="member", member=member)
    path = f"/v1/members/{member}/points"
    before = (await api.ok("GET", path, role="member", member=member))["redeemable"]
    await _bought(api, who, 0, 10_000)
    after = (await api.ok("GET", path, role="member", member=member))["redeemable"]
    assert after == before + 100
    burnt = await api.ok(
        "POST", f"/v1/members/{member}/redemptions", {"points": 100, "reason": "checkout"},
        role="pos", headers={"Idempotency-Key": unique()},
    )  # fmt: skip
    assert burnt["balance"] == after - 100
