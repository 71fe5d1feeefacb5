"""From what a shopper does to a message: ten minutes in a zone, told by an app, and a coupon."""

from datetime import timedelta
from typing import Any

from allinone.demo.campaigns import BUDGET
from chassis.clock import local_date, midnight
from tests.journeys.conftest import Api, phone, registration, unique
from tests.journeys.test_privacy import SMS, messages, now, yes

ZONE = "母婴区"


async def shopper(api: Api) -> str:
    """Who may be written to, and whose visits may be used."""
    made = await api.ok(
        "POST", "/v1/members", registration({"kind": "phone", "value": phone()}), role="pos"
    )
    member = str(made["member_id"])
    answers = [yes(SMS), yes({"purpose": "personalised_recommendation"})]
    path = f"/v1/members/{member}/consents"
    await api.ok("PUT", path, {"consents": answers}, role="member", member=member)
    return member


async def launched(api: Api) -> str:
    plan = {
        "name": f"milk powder {unique()}", "scenario": "festival", "control_share": 0,
        "trigger": {"kind": "zone_dwell", "zones": [ZONE], "minutes": 10},
        "offer": {"kind": "cash_off", "off": {"amount": 2_000}, "valid_days": 7},
        "budget": BUDGET,
    }  # fmt: skip
    made = await api.ok("POST", "/v1/campaigns", plan, role="planner")
    assert made["trigger"]["kind"] == "zone_dwell"
    for step, role in (("submit", "planner"), ("approve", "approver"), ("launch", "planner")):
        await api.ok("POST", f"/v1/campaigns/{made['campaign_id']}/{step}", role=role)
        await api.settled()  # points sets the budget aside, profile hears what to look out for
    return str(made["campaign_id"])


async def tracked(api: Api, event: str, *members: str) -> None:
    told = await api.collect(
        *(
            {"type": "track", "userId": member, "event": event, "properties": {"zone": ZONE}}
            for member in members
        )
    )
    assert told.status_code == 200
    await api.settled()


async def after(api: Api, **time: float) -> None:
    await api.move_clock(advance_seconds=timedelta(**time).total_seconds())
    await api.settled()


async def test_ten_minutes_in_the_mother_and_baby_zone(api: Api, shop: str) -> None:
    stays, goes = await shopper(api), await shopper(api)
    noon = midnight(local_date(await now(api)) + timedelta(days=1)) + timedelta(hours=12)
    await api.move_clock(now=noon.isoformat())
    await api.settled()
    campaign = await launched(api)
    await tracked(api, "Zone Entered", stays, goes)
    await after(api, minutes=5)
    await tracked(api, "Zone Left", goes)
    await after(api, minutes=4)
    assert await messages(api, stays) == []
    await after(api, minutes=2)  # decided in this tick
    await after(api, seconds=2)  # and sent in one after it
    (message,) = await messages(api, stays)
    assert "20" in message
    assert await messages(api, goes) == []
    path = f"/v1/members/{stays}/contact-decisions"
    told: dict[str, Any] = await api.ok("GET", path, role="service_agent")
    (decision,) = [each for each in told["data"] if each["campaign_id"] == campaign]
    assert decision["outcome"] == "message"
    await api.ok("POST", f"/v1/campaigns/{campaign}/finish", role="planner")
