"""OWASP API6 (2023): what is worth automating is limited, however often and by whom it is asked."""

from collections import Counter
from typing import Any

import pytest

from testkit import together
from tests.journeys.conftest import Api, order, phone, registration, unique

pytestmark = pytest.mark.usefixtures("shop")
MEMBERS, COUPONS = 12, 5


async def crowd(api: Api, size: int) -> list[tuple[str, dict[str, str]]]:
    """So many members, each with a card."""
    cards = [{"kind": "card_no", "value": f"c{unique()}"} for _ in range(size)]
    wanted = {"members": [registration(card) for card in cards]}
    key = {"Idempotency-Key": unique()}
    made = await api.ok("POST", "/v1/members/batch", wanted, role="operator", headers=key)
    await api.settled()
    return [(each["member_id"], card) for each, card in zip(made["results"], cards, strict=True)]


async def template(api: Api, **more: Any) -> str:
    """The id of a template of coupons that members may take by themselves."""
    terms = {
        "names": {"zh": "立减", "en": "off"}, "effect": "cash_off", "off": {"amount": 500},
        "valid_days": 7, "claimable": True, "per_member_limit": 1, **more,
    }  # fmt: skip
    made: dict[str, Any] = await api.ok("POST", "/v1/coupon-templates", terms, role="planner")
    return str(made["template_id"])


async def test_a_crowd_takes_no_more_coupons_than_there_are(api: Api) -> None:
    """Every member asks four times at once, each under another key."""
    people = await crowd(api, MEMBERS)
    wish = {"template_id": await template(api, total_limit=COUPONS)}
    for member, _ in people:
        await api.token("member", member)

    async def take(member: str) -> tuple[str, int]:
        answer = await api.call(
            "POST", f"/v1/members/{member}/coupons", wish, role="member", member=member,
            headers={"Idempotency-Key": unique()},
        )  # fmt: skip
        return member, answer.status_code

    answers = await together(take(member) for member, _ in people * 4)
    got = Counter(member for member, status in answers if status in (200, 201))
    assert sum(got.values()) == COUPONS and max(got.values()) == 1
    assert {status for _, status in answers} <= {200, 201, 409}


async def test_codes_are_not_guessed(api: Api) -> None:
    """80 random bits; a code that is nobody's and one that is somebody else's look the same."""
    (mine, _), (theirs, _) = await crowd(api, 2)
    body = {"member_ids": [theirs]}
    path = f"/v1/coupon-templates/{await template(api)}/issue"
    issued = await api.ok("POST", path, body, role="planner")
    code = issued["coupons"][0]["code"]
    assert len(code) >= 17
    guesses = [
        code[:-2] + a + b for a, b in zip("0123456789ABCDEF", "FEDCBA9876543210", strict=True)
    ]
    for guess in [each for each in guesses if each != code]:
        answer = await api.call(
            "POST", f"/v1/coupons/{guess}/claim", {}, role="member", member=mine
        )
        assert answer.status_code == 404 and guess not in answer.text
    foreign = await api.call("POST", f"/v1/coupons/{code}/claim", {}, role="member", member=mine)
    assert foreign.status_code in (403, 404, 409) and theirs not in foreign.text
    kept = await api.ok("GET", f"/v1/members/{theirs}/coupons", role="operator")
    assert code in {each["code"] for each in kept["data"]}


async def test_referrals_are_not_farmed(api: Api) -> None:
    """Oneself, and members who share the referrer's device, bring nothing without staff."""
    (referrer, own), *friends = await crowd(api, 4)
    device = {"kind": "device_id", "value": f"device-{unique()}"}
    await api.ok("POST", f"/v1/members/{referrer}/identifiers", device, role="operator")
    await api.settled()
    link = f"/v1/members/{referrer}/referral-links"
    code = (await api.ok("POST", link, role="member", member=referrer))["code"]

    async def bring(member: str) -> str:
        body = {"code": code, "member_id": member, "device_id": device["value"]}
        answer = await api.call("POST", "/v1/referrals", body, role="pos")
        assert device["value"] not in answer.text
        return str(answer.json().get("status", answer.status_code))

    assert await bring(referrer) not in ("pending", "rewarded")
    before = await api.ok("GET", f"/v1/members/{referrer}/growth", role="operator")
    for member, card in friends:
        assert await bring(member) == "review"
        assert await bring(member) in ("review", "409"), "brought once"
        await api.ok("POST", "/v1/orders", order(card, 5_000), role="pos")
    await api.settled()
    after = await api.ok("GET", f"/v1/members/{referrer}/growth", role="operator")
    assert after == before, "nothing is given before somebody has looked"
    assert own["value"] not in str(after)


async def test_registering_and_asking_who_is_a_member_at_random_end_soon(api: Api) -> None:
    """Members cannot register others; codes by SMS and guesses are counted by caller."""
    (member, _), *_ = await crowd(api, 1)
    body = registration({"kind": "phone", "value": phone()})
    for path, wish in (("/v1/members", body), ("/v1/members/batch", {"members": [body]})):
        answer = await api.call("POST", path, wish, role="member", member=member)
        assert answer.status_code == 403
    codes = [await api.http.post("/v1/login/codes", json={"phone": phone()}) for _ in range(25)]
    found = Counter(each.status_code for each in codes)
    assert 429 in found and found[202] <= 21, found
    refused = next(each for each in codes if each.status_code == 429)
    assert int(refused.headers["retry-after"]) > 0

    async def ask() -> int:
        identifier = {"kind": "phone", "value": phone()}
        return (await api.call("POST", "/v1/members/lookup", identifier, role="guide")).status_code

    asked = Counter(
        [status for _ in range(4) for status in await together(ask() for _ in range(90))]
    )
    assert asked[404] <= 305 and asked[429] >= 50, asked
