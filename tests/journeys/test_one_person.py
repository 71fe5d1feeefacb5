"""One person with a card, a mini-program and a phone, from first purchase to one profile."""

from typing import Any

import pytest

from tests.journeys.conftest import Api, order, phone, registration, unique

pytestmark = pytest.mark.usefixtures("shop")


async def join(api: Api, **identifier: str) -> str:
    body = registration(
        {"kind": identifier["kind"], "value": identifier["value"]},
        birthday="1990-04-01", address="杭州市西湖区文三路 478 号 12 幢 301 室", city="杭州",
    )  # fmt: skip
    member: str = (await api.ok("POST", "/v1/members", body, role="pos"))["member_id"]
    return member


async def test_three_members_become_one_and_nothing_is_lost(api: Api) -> None:
    card = {"kind": "card_no", "value": f"c{unique()}"}
    openid = {"kind": "miniprogram_openid", "value": f"o{unique()}"}
    mobile = {"kind": "phone", "value": phone()}
    by_card, by_openid = await join(api, **card), await join(api, **openid)
    first = await api.ok("POST", "/v1/orders", order(card, 60_000), role="pos")
    second = await api.ok("POST", "/v1/orders", order(openid, 15_050), role="pos")
    assert (first["growth"], first["points"], first["tier"]) == (600, 600, "silver")
    assert (second["growth"], second["points"], second["tier"]) == (150, 150, "regular")
    await api.settled()

    def identify(a: dict[str, str], b: dict[str, str]) -> dict[str, Any]:
        ids = [{"id": i["value"], "type": i["kind"], "collection": "users"} for i in (a, b)]
        return {"type": "identify", "messageId": unique(), "anonymousId": unique(),
                "context": {"externalIds": ids}, "traits": {"fruit": "pomelo"}}  # fmt: skip

    answer = await api.collect(identify(card, openid), identify(openid, mobile))
    assert answer.status_code == 200, answer.text
    await api.settled()

    for identifier in (card, openid, mobile):
        found = await api.ok("POST", "/v1/members/lookup", identifier, role="service_agent")
        assert found["member_id"] == by_card
    for known in (card, mobile):  # linked by registration, and by what was collected
        body = {"kind": known["kind"], "last4": known["value"][-4:], "name": "欧阳小明"}
        found = await api.ok("POST", "/v1/members/lookup", body, role="service_agent")
        (mine,) = [each for each in found["candidates"] if each["member_id"] == by_card]
        assert mine["name"] == "欧阳**" and mine["absorbed"] == [by_openid]
        assert [each["value"][-4:] for each in mine["identifiers"]] == [body["last4"]]
    member = await api.ok("GET", f"/v1/members/{by_openid}", role="service_agent")
    assert (member["member_id"], member["absorbed"]) == (by_card, [by_openid])
    balance = await api.ok("GET", f"/v1/members/{by_openid}/points", role="pos")
    assert (balance["member_id"], balance["redeemable"]) == (by_card, 750)
    profile = await api.ok("GET", f"/v1/members/{by_card}/profile", role="service_agent")
    assert profile["purchases"]["orders"] == 2
    assert profile["purchases"]["paid"]["amount"] == 75_050
    timeline = await api.ok("GET", f"/v1/members/{by_openid}/timeline", role="service_agent")
    assert [item["kind"] for item in timeline["data"]].count("purchase") == 2
    books = await api.ok("GET", "/v1/ledger/trial-balance", role="compliance")
    assert books["difference"] == 0


async def test_a_merge_is_taken_back_everywhere(api: Api) -> None:
    one, other = [{"kind": "phone", "value": phone()} for _ in range(2)]
    first, second = await join(api, **one), await join(api, **other)
    await api.ok("POST", "/v1/orders", order(one, 20_000), role="pos")
    await api.ok("POST", "/v1/orders", order(other, 70_000), role="pos")
    await api.settled()

    async def everything() -> list[Any]:
        found = [
            await api.ok("GET", f"/v1/members/{member}/{what}", role="service_agent")
            for member in (first, second)
            for what in ("identifiers", "points", "tier", "profile", "consents")
        ]
        for page in found:
            page.pop("history", None)  # tiers remember that there was a merge
            for row in page.get("data", ()):
                row.pop("ask_from", None)  # now
        return found

    before = await everything()
    merge = await api.ok(
        "POST", "/v1/merges", {"survivor_id": first, "absorbed_id": second}, role="service_agent"
    )
    await api.settled()
    points = await api.ok("GET", f"/v1/members/{second}/points", role="service_agent")
    assert (points["member_id"], points["redeemable"]) == (first, 900)
    path = f"/v1/merges/{merge['merge_id']}/split"
    would = await api.ok("POST", f"{path}?dry_run=true", role="service_agent")
    done = await api.ok("POST", path, role="service_agent", headers={"Idempotency-Key": unique()})
    assert {**would, "split_at": done["split_at"]} == done and done["identifiers"] == ["phone"]
    await api.settled()
    assert await everything() == before
    again = await api.call("POST", path, role="service_agent")
    assert (again.status_code, again.json()["code"]) == (409, "already_split")
    books = await api.ok("GET", "/v1/ledger/trial-balance", role="compliance")
    assert books["difference"] == 0


async def test_spend_and_give_back(api: Api) -> None:
    mobile = {"kind": "phone", "value": phone()}
    member = await join(api, **mobile)
    bought = order(mobile, 100_00)
    await api.ok("POST", "/v1/orders", bought, role="pos")
    again = await api.ok("POST", "/v1/orders", bought, role="pos")
    assert again["points"] == 100
    spend = {"points": 100, "reason": "checkout"}
    key = {"Idempotency-Key": unique()}
    path = f"/v1/members/{member}/redemptions"
    tried = await api.ok("POST", f"{path}?dry_run=true", spend, role="pos")
    first = await api.ok("POST", path, spend, role="pos", headers=key)
    second = await api.ok("POST", path, spend, role="pos", headers=key)
    assert first == second and first["value"]["amount"] == 100 and tried["redemption_id"] is None
    other = await api.call("POST", path, {**spend, "points": 50}, role="pos", headers=key)
    assert other.status_code == 422
    refunds = f"/v1/orders/{bought['order_no']}/refunds"
    half = {"refund_no": unique(), "amount": {"amount": 50_00}}
    refund = await api.ok("POST", refunds, half, role="pos")
    assert refund["points_reversed"] == 50 and refund["growth_reversed"] == 50
    assert await api.ok("POST", refunds, half, role="pos") == refund
    points = await api.ok("GET", f"/v1/members/{member}/points", role="member", member=member)
    assert points["redeemable"] + points["pending"] == 100 - 100 - 50


async def test_each_role_sees_what_it_may(api: Api) -> None:
    number = phone()
    member = await join(api, kind="phone", value=number)
    path = f"/v1/members/{member}"
    masked = await api.call("GET", f"{path}/identifiers", role="service_agent")
    assert f"{number[:3]}****{number[-4:]}" in masked.text and number not in masked.text
    name = await api.ok("GET", path, role="service_agent")
    assert name["name"] == "欧阳**"
    plain = await api.call(
        "GET", f"{path}/identifiers", role="service_agent",
        headers={"Purpose": "service", "Ticket": "T-1"},
    )  # fmt: skip
    assert number in plain.text
    audit = await api.ok("GET", f"/v1/audit?member_id={member}", role="compliance")
    assert [entry["ticket"] for entry in audit["data"]] == ["T-1"]
    assert member not in str(audit)
    assert (await api.call("GET", path, role="analyst")).status_code == 403
    own = await api.call("GET", path, role="member", member=member)
    assert own.status_code == 200 and "hy1." not in own.text


async def test_openapi_tells_roles_and_classes(api: Api) -> None:
    document = (await api.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "/v1/orders/batch" in document["paths"]
