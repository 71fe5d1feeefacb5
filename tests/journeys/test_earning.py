"""Acts, a referral and a rule, from the app's first event to the diamond tier."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.clock import PROGRAM_ZONE
from tests.journeys.conftest import Api, order, phone, registration, unique

pytestmark = pytest.mark.usefixtures("shop")


async def join(api: Api, number: str, **more: Any) -> str:
    body = registration({"kind": "phone", "value": number}, **more)
    member: str = (await api.ok("POST", "/v1/members", body, role="pos"))["member_id"]
    return member


def track(event: str, number: str, device: str) -> dict[str, Any]:
    ids = [{"id": number, "type": "phone", "collection": "users"}]
    at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    return {"type": "track", "event": event, "messageId": unique(), "anonymousId": device,
            "timestamp": at, "context": {"externalIds": ids}}  # fmt: skip


async def test_acts_of_the_app_bring_growth(api: Api) -> None:
    number, device = phone(), unique()
    early = track("Checked In", number, device)
    assert (await api.collect(early)).is_success  # nobody has this phone yet
    await api.settled()
    member = await join(api, number)
    await api.settled()
    messages = [early, track("Product Shared", number, device), track("Viewed", number, device)]
    for _ in range(3):
        assert (await api.collect(*messages)).is_success
    await api.settled()
    growth = await api.ok("GET", f"/v1/members/{member}/growth", role="member", member=member)
    assert growth["by_kind"] == {"check_in": 5, "share": 20}
    told = await api.ok(
        "POST", f"/v1/members/{member}/acts", {"kind": "check_in"}, role="member", member=member
    )
    assert told["streak"] in (1, 2)  # a minute ago may have been yesterday
    other = await api.call(
        "POST", f"/v1/members/{member}/acts", {"kind": "recycle"}, role="member", member=member
    )
    assert other.status_code == 403


async def test_a_friend_brings_the_diamond_tier(api: Api) -> None:
    rich, friend = phone(), phone()
    referrer, referred = await join(api, rich), await join(api, friend)
    await api.ok("POST", "/v1/orders", order({"kind": "phone", "value": rich}, 3_000_00))
    link = await api.ok(
        "POST", f"/v1/members/{referrer}/referral-links", role="member", member=referrer
    )
    await api.settled()
    told = {"code": link["code"], "member_id": referred, "device_id": unique()}
    key = {"Idempotency-Key": unique()}
    first = await api.ok("POST", "/v1/referrals", told, role="member", member=referred, headers=key)
    assert first["status"] == "pending"
    for_another = await api.call("POST", "/v1/referrals", told, role="member", member=referrer)
    assert for_another.status_code == 403
    now = datetime.now(UTC).isoformat()
    bought = order({"kind": "phone", "value": friend}, 10_00, paid_at=now)
    await api.ok("POST", "/v1/orders", bought, role="pos")
    await api.settled()
    tier = await api.ok("GET", f"/v1/members/{referrer}/tier", role="member", member=referrer)
    assert tier["tier"] == "diamond"


async def test_the_same_device_is_noticed(api: Api) -> None:
    one, two, device = phone(), phone(), unique()
    referrer, referred = await join(api, one), await join(api, two)
    identify = track("", one, device) | {"type": "identify"}
    identify.pop("event")
    assert (await api.collect(identify)).is_success
    await api.settled()
    link = await api.ok("POST", f"/v1/members/{referrer}/referral-links", role="pos")
    told = {"code": link["code"], "member_id": referred, "device_id": device}
    assert (await api.ok("POST", "/v1/referrals", told, role="pos"))["status"] == "review"
    shown = await api.ok("GET", "/v1/referrals?status=review", role="service_agent")
    [found] = [each for each in shown["data"] if each["referred_id"] == referred]
    assert found["reasons"] == ["same_device"]
    assert (await api.call("GET", "/v1/referrals", role="analyst")).status_code == 403


async def test_a_rule_is_tried_then_written_then_counts(api: Api) -> None:
    member = phone()
    await join(api, member)
    rule_id = f"dairy-{unique()[:8]}"
    rule = {
        "rule_id": rule_id, "name": {"zh": "乳品双倍", "en": "Dairy ×2"},
        "effect": {"kind": "multiplier", "amount": 200},
        "conditions": [{"kind": "category", "any_of": ["MILK"]},
                       {"kind": "channel", "any_of": [rule_id]}],
        "example": {"paid": {"amount": 1000}, "channel": rule_id,
                    "items": [{"sku": "milk", "amount": {"amount": 1000}}]},
    }  # fmt: skip
    tried = await api.ok("POST", "/v1/earning-rules?dry_run=true", rule, role="planner")
    assert tried["preview"]["points_more"] == 10
    await api.ok("POST", "/v1/earning-rules", rule, role="planner")
    bought = order({"kind": "phone", "value": member}, 10_00) | {"channel": rule_id}
    clock = await api.http.post("/dev/clock", json={"advance_seconds": 0, "ticking": True})
    bought["paid_at"] = clock.json()["now"]  # others move the clock; the rule counts from now on
    answer = await api.ok("POST", "/v1/orders", bought, role="pos")
    assert answer["points"] == 20
    assert (await api.call("POST", "/v1/earning-rules", rule, role="pos")).status_code == 403


async def test_what_somebody_does_gives_a_tag_and_the_tag_multiplies(api: Api) -> None:
    number, other = phone(), phone()
    for each in (number, other):
        await join(api, each)
    await api.settled()
    name = f"sharers-{unique()[:8]}"
    rule = {
        "rule_id": name, "name": {"zh": "分享者三倍", "en": "Sharers ×3"},
        "effect": {"kind": "multiplier", "amount": 300},
        "conditions": [{"kind": "tag", "any_of": ["sharer"]},
                       {"kind": "channel", "any_of": [name]}],
    }  # fmt: skip
    await api.ok("POST", "/v1/earning-rules", rule, role="planner")
    assert (await api.collect(track("Cart Shared", number, unique()))).is_success
    await api.settled()
    await api.ok("GET", "/v1/tags/counts", role="analyst")  # decides whoever is due, and tells
    await api.settled()
    clock = await api.http.post("/dev/clock", json={"advance_seconds": 0, "ticking": True})
    for each, points in ((number, 30), (other, 10)):
        bought = order({"kind": "phone", "value": each}, 10_00) | {"channel": name}
        bought["paid_at"] = clock.json()["now"]
        assert (await api.ok("POST", "/v1/orders", bought, role="pos"))["points"] == points


async def test_a_birthday_is_known_on_its_day_and_only_there(api: Api) -> None:
    clock = await api.http.post("/dev/clock", json={"advance_seconds": 0, "ticking": True})
    now = clock.json()["now"]
    today = datetime.fromisoformat(now).astimezone(PROGRAM_ZONE).date()
    number, other = phone(), phone()
    await join(api, number, birthday=f"1992-{today:%m-%d}")
    await join(api, other, birthday=f"1992-{today - timedelta(days=2):%m-%d}")
    await api.settled()
    name = f"born-{unique()[:8]}"
    rule = {
        "rule_id": name, "name": {"zh": "生日三倍", "en": "Birthday ×3"},
        "effect": {"kind": "multiplier", "amount": 300},
        "conditions": [{"kind": "birthday"}, {"kind": "channel", "any_of": [name]}],
    }  # fmt: skip
    await api.ok("POST", "/v1/earning-rules", rule, role="planner")
    clock = await api.http.post("/dev/clock", json={"advance_seconds": 0, "ticking": True})
    for each, points in ((number, 30), (other, 10)):
        bought = order({"kind": "phone", "value": each}, 10_00) | {"channel": name}
        bought["paid_at"] = clock.json()["now"]
        assert (await api.ok("POST", "/v1/orders", bought, role="pos"))["points"] == points
