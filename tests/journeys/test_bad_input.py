"""Each mistake gets a clear problem with a pointer; nothing is lost and nothing counts twice."""

import uuid
from typing import Any

import pytest

from tests.journeys.conftest import Api, order, phone, registration, unique

pytestmark = pytest.mark.usefixtures("shop")

CARD = {"kind": "card_no", "value": "never-registered"}


async def member_with_card(api: Api) -> tuple[str, dict[str, str]]:
    card = {"kind": "card_no", "value": f"c{unique()}"}
    joined = await api.ok("POST", "/v1/members", registration(card), role="pos")
    await api.settled()
    return joined["member_id"], card


def changed(**change: Any) -> Any:
    return lambda body: {**body, **change}


WRONG: dict[str, tuple[Any, int, str]] = {
    "a wrong type": (changed(paid="ten"), 422, "/paid"),
    "a missing field": (lambda b: {k: v for k, v in b.items() if k != "store"}, 422, "/store"),
    "a negative amount": (changed(paid={"amount": -1}), 422, "/paid/amount"),
    "an unknown store": (changed(store="nowhere"), 422, "/store"),
    "an unknown SKU": (
        changed(items=[{"sku": "unicorn", "quantity": 1, "amount": {"amount": 1000}}]),
        422, "/items/0/sku",
    ),
    "an unknown identifier": (changed(identifier=CARD), 404, "/identifier"),
    "nobody at all": (changed(identifier=None), 422, "/identifier"),
    "an unknown field": (changed(phone="13800138000"), 422, "/phone"),
    "an invalid phone": (changed(identifier={"kind": "phone", "value": "12"}), 422,
                         "/identifier/value"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_order_is_refused_with_a_pointer(api: Api, name: str) -> None:
    change, status, pointer = WRONG[name]
    member, card = await member_with_card(api)
    answer = await api.call("POST", "/v1/orders", change(order(card, 1000)), role="pos")
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["errors"][0]["pointer"].startswith(pointer), problem
    assert problem["trace_id"] and "13800138000" not in answer.text
    balance = await api.ok("GET", f"/v1/members/{member}/points", role="pos")
    assert balance["redeemable"] == 0


async def test_in_a_batch_the_good_orders_go_through(api: Api) -> None:
    member, card = await member_with_card(api)
    good, unknown = order(card, 1000), order(CARD, 1000)
    sku = order(card, 1000, items=[{"sku": "no", "quantity": 1, "amount": {"amount": 1000}}])
    body = {"orders": [unknown, good, sku, good]}
    answers = (await api.ok("POST", "/v1/orders/batch", body, role="pos"))["data"]
    assert [answer["status"] for answer in answers] == [404, 200, 422, 200]
    assert answers[1] == answers[3] and answers[2]["problem"]["errors"][0]["pointer"]
    balance = await api.ok("GET", f"/v1/members/{member}/points", role="pos")
    assert balance["redeemable"] == 10


async def test_malformed_json(api: Api) -> None:
    for path in ("/v1/orders", "/v1/members", "/v1/orders/batch"):
        answer = await api.call("POST", path, content=b"{", role="pos")
        assert answer.status_code == 400 and answer.json()["code"] == "malformed_json"


async def test_an_order_number_twice(api: Api) -> None:
    member, card = await member_with_card(api)
    body = order(card, 2000)
    first = await api.call("POST", "/v1/orders", body, role="pos")
    same = await api.call("POST", "/v1/orders", body, role="pos")
    other = await api.call("POST", "/v1/orders", {**body, "paid": {"amount": 1900}}, role="pos")
    assert first.json() == same.json() and first.status_code == same.status_code == 200
    assert other.status_code == 409 and other.json()["errors"][0]["pointer"] == "/order_no"
    balance = await api.ok("GET", f"/v1/members/{member}/points", role="pos")
    assert balance["redeemable"] == 20


async def test_a_foreign_members_id(api: Api) -> None:
    mine, _ = await member_with_card(api)
    theirs, _ = await member_with_card(api)
    for path in ("", "/points", "/profile", "/timeline", "/deliveries", "/consents"):
        own = await api.call("GET", f"/v1/members/{mine}{path}", role="member", member=mine)
        foreign = await api.call("GET", f"/v1/members/{theirs}{path}", role="member", member=mine)
        assert own.status_code == 200, (path, own.text)
        assert foreign.status_code == 403, (path, foreign.text)


async def test_an_unknown_member(api: Api) -> None:
    for path in ("", "/points", "/profile"):
        answer = await api.call("GET", f"/v1/members/{uuid.uuid4()}{path}", role="service_agent")
        assert answer.status_code == 404 and answer.json()["trace_id"], (path, answer.text)


async def test_tokens_missing_garbled_expired(api: Api) -> None:
    path = f"/v1/members/{uuid.uuid4()}"
    missing = await api.http.get(path)
    garbled = await api.http.get(path, headers={"Authorization": "Bearer x.y.z"})
    token = await api.token("pos")
    await api.move_clock(advance_seconds=601)
    expired = await api.http.get(path, headers={"Authorization": f"Bearer {token}"})
    codes = [answer.json()["code"] for answer in (missing, garbled, expired)]
    assert codes == ["token_missing", "token_invalid", "token_expired"]
    assert {answer.status_code for answer in (missing, garbled, expired)} == {401}
    assert all("www-authenticate" in answer.headers for answer in (missing, garbled, expired))


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        ("analyst", "POST", "/v1/orders"),
        ("pos", "POST", "/v1/campaigns"),
        ("planner", "GET", "/v1/ledger/trial-balance"),
        ("data_operator", "POST", "/v1/members/lookup"),
        ("guide", "GET", "/v1/audit"),
    ],
)
async def test_a_role_without_the_right(api: Api, role: str, method: str, path: str) -> None:
    answer = await api.call(method, path, {} if method == "POST" else None, role=role)
    assert answer.status_code == 403 and answer.json()["trace_id"]


async def test_the_same_person_cannot_approve(api: Api) -> None:
    plan = {"name": f"c-{unique()}", "scenario": "repurchase",
            "offer": {"percent_off": 20, "valid_days": 14}, "budget": {"amount": 1000}}  # fmt: skip
    made = await api.ok("POST", "/v1/campaigns", plan, role="planner")
    path = f"/v1/campaigns/{made['campaign_id']}"
    await api.ok("POST", f"{path}/submit", role="planner")
    early = await api.call("POST", f"{path}/launch", role="planner")
    own = await api.call("POST", f"{path}/approve", role="planner")
    assert early.status_code == 409 and own.status_code == 403
    await api.ok("POST", f"{path}/approve", role="approver")


async def test_a_bad_event_is_quarantined_and_the_rest_is_kept(api: Api) -> None:
    good = {"type": "track", "event": "Product Viewed", "messageId": unique(),
            "anonymousId": unique(), "properties": {"sku": "milk"}}  # fmt: skip
    bad = {"type": "track", "messageId": unique(), "event": 7, "anonymousId": "a"}
    answer = await api.collect(good, bad)
    assert answer.status_code == 200, answer.text
    page = await api.ok("GET", "/v1/quarantine", role="operator")
    assert page["data"][0]["reason"] and page["data"][0]["pointer"]


async def test_an_identifier_that_is_taken(api: Api) -> None:
    number = {"kind": "phone", "value": phone()}
    await api.ok("POST", "/v1/members", registration(number), role="pos")
    answer = await api.call("POST", "/v1/members", registration(number), role="pos")
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["pointer"] == "/identifiers/0/value"
    assert number["value"] not in answer.text
