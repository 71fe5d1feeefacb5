"""Points exchanged for goods, services and coupons, and back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_merges import merge

from testkit import together

MANY = 64


async def offer(shop: Shop, reward_id: str = "cup", points: int = 100, **other: Any) -> None:
    """A reward in the catalogue."""
    answer = await shop.client.post(
        "/v1/rewards", json=terms(points, **other) | {"reward_id": reward_id}
    )
    assert answer.status_code == 201, answer.text


def terms(points: int = 100, **other: Any) -> dict[str, Any]:
    return {
        "name": {"zh": "杯子", "en": "A cup"},
        "kind": "goods",
        "points": points,
        "valid_from": (NOON - timedelta(days=1)).isoformat(),
    } | other


async def exchange(
    shop: Shop, member: UUID, reward_id: str = "cup", quantity: int = 1, **other: Any
) -> httpx.Response:
    query = "?dry_run=true" if other.pop("dry_run", False) else ""
    headers = {"Idempotency-Key": other.pop("key")} if "key" in other else {}
    path = f"/v1/members/{member}/rewards/{reward_id}/exchanges{query}"
    return await shop.client.post(path, json={"quantity": quantity, **other}, headers=headers)


async def cancel(shop: Shop, member: UUID, exchange_id: str) -> httpx.Response:
    return await shop.client.post(f"/v1/members/{member}/reward-exchanges/{exchange_id}/cancel")


async def taken(shop: Shop, reward_id: str = "cup") -> int:
    return int((await shop.get(f"/v1/rewards/{reward_id}"))["taken"])


async def test_an_exchange_and_its_way_back(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 200, paid_at=(NOON - timedelta(days=3)).isoformat())
    await shop.buy(member, 300)
    await offer(shop, stock=5, sku="milk")
    before = await shop.points(member)
    would = await exchange(shop, member, quantity=3, store="s2", dry_run=True)
    assert await shop.points(member) == before and await taken(shop) == 0
    answer = (await exchange(shop, member, quantity=3, store="s2")).json()
    done = answer["exchange"]
    assert (done["points"], answer["balance"], await taken(shop)) == (300, 200, 3)
    assert would.json() == answer | {"exchange": done | {"exchange_id": None}}
    assert (await shop.get(f"/v1/members/{member}/reward-exchanges"))["data"] == [done]
    [event] = await shop.events("points.points_burnt.v1")
    assert (event["points"], event["journal_id"]) == (300, done["exchange_id"])
    assert (await shop.check_books())["burnt"] == 300
    undone = (await cancel(shop, member, done["exchange_id"])).json()
    assert (undone["balance"], await taken(shop)) == (500, 0)
    assert undone["exchange"] == done | {"cancelled_at": "2017-03-15T04:00:00Z"}
    assert await shop.points(member) == before
    assert (await shop.check_books())["burnt"] == 0
    again = await cancel(shop, member, done["exchange_id"])
    assert (again.status_code, again.json()["code"]) == (409, "exchange_cancelled")
    stranger = uuid4()
    await shop.buy(stranger, 1)
    for who, which in ((stranger, done["exchange_id"]), (member, str(uuid4()))):
        assert (await cancel(shop, who, which)).json()["code"] == "unknown_exchange"


async def test_the_last_pieces_go_once_however_many_call(shop: Shop) -> None:
    members = [uuid4() for _ in range(MANY)]
    await shop.batch([shop.order(member, 100) for member in members])
    await offer(shop, stock=10)
    answers = await together(exchange(shop, member) for member in members)
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [409] * (MANY - 10)
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"out_of_stock"}
    assert await taken(shop) == 10
    stats = await shop.check_books()
    assert (stats["burnt"], stats["outstanding"]) == (1000, 6400 - 1000)
    print(f"stock of 10, {MANY} callers: {await taken(shop)} gone, 0 violations")


async def test_nobody_has_more_than_allowed_however_often_called(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 10_000)
    await offer(shop, member_limit=5, stock=1000)
    answers = await together(exchange(shop, member) for _ in range(MANY))
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) == 5 and await taken(shop) == 5
    assert {a.json()["code"] for a in answers if a not in good} == {"member_limit"}
    other = uuid4()
    await shop.buy(other, 10_000)
    await exchange(shop, other, quantity=2)
    await merge(shop, (other, member))
    assert (await exchange(shop, other)).json()["code"] == "member_limit"  # they are one: 7
    for answer in good[:3]:
        await cancel(shop, other, answer.json()["exchange"]["exchange_id"])
    assert (await exchange(shop, member)).status_code == 200
    await shop.check_books()


async def test_exchanges_and_cancellations_at_once_keep_the_books(shop: Shop) -> None:
    members = [uuid4() for _ in range(8)]
    await shop.batch([shop.order(member, 1000) for member in members])
    await offer(shop, stock=30)
    first = await together(exchange(shop, m) for m in members for _ in range(3))
    ids = [
        (m, a.json()["exchange"]["exchange_id"])
        for m, a in zip([m for m in members for _ in range(3)], first, strict=True)
    ]
    calls = [exchange(shop, m) for m in members for _ in range(5)]
    calls += [cancel(shop, *each) for each in ids]
    answers = await together(calls)
    assert len(calls) == MANY
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert all(answer.status_code == 200 for answer in answers[40:])
    assert await taken(shop) <= 30
    await shop.check_books()


async def test_one_key_exchanges_once(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 1000)
    await offer(shop)
    answers = await together(exchange(shop, member, key="k") for _ in range(20))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    assert (await exchange(shop, member, quantity=2, key="k")).status_code == 422
    assert await taken(shop) == 1


async def test_who_may_have_what_and_when(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 450)
    await offer(shop, "silver", tiers=["silver", "gold"])
    await offer(shop, "dear", points=451)
    await offer(shop, "over", valid_until=NOON.isoformat())
    await offer(shop, "soon", valid_from=(NOON + timedelta(hours=1)).isoformat())
    await offer(shop, "gone", stock=0)
    for reward_id, body, status, code, pointer in (
        ("silver", {}, 409, "other_tier", ""),
        ("dear", {}, 409, "insufficient_points", "/quantity"),
        ("over", {}, 409, "reward_not_valid", ""),
        ("soon", {}, 409, "reward_not_valid", ""),
        ("gone", {}, 409, "out_of_stock", "/quantity"),
        ("dear", {"store": "moon"}, 422, "unknown_store", "/store"),
        ("dear", {"quantity": 0}, 422, "invalid_body", "/quantity"),
    ):
        answer = await exchange(shop, member, reward_id, **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await exchange(shop, member, "none")).json()["code"] == "unknown_reward"
    assert (await exchange(shop, uuid4(), "dear")).json()["code"] == "unknown_member"
    shop.move(NOON + timedelta(hours=1))
    assert (await exchange(shop, member, "soon")).status_code == 200
    await shop.buy(member, 100)  # silver
    assert (await exchange(shop, member, "silver")).status_code == 200
    await shop.check_books()


async def test_the_catalogue(shop: Shop) -> None:
    for reward_id in ("b", "a", "c"):
        await offer(shop, reward_id, stock=3)
    page = await shop.get("/v1/rewards?limit=2")
    rest = await shop.get(f"/v1/rewards?limit=2&cursor={page['next_cursor']}")
    assert [each["reward_id"] for each in page["data"] + rest["data"]] == ["a", "b", "c"]
    assert rest["next_cursor"] is None
    for change, status, code, pointer in (
        ({"valid_until": (NOON - timedelta(days=2)).isoformat()}, 422, "ends_before_it_begins",
         "/valid_until"),
        ({"kind": "coupon"}, 422, "template_of_coupons", "/template_id"),
        ({"template_id": str(uuid4())}, 422, "template_of_coupons", "/template_id"),
        ({"kind": "coupon", "template_id": str(uuid4())}, 422, "unknown_template", "/template_id"),
        ({"kind": "service", "sku": "milk"}, 422, "article_of_goods", "/sku"),
        ({"sku": "gold"}, 422, "unknown_sku", "/sku"),
        ({"tiers": ["silver", "tin"]}, 422, "unknown_tier", "/tiers/1"),
        ({"points": 0}, 422, "invalid_body", "/points"),
    ):  # fmt: skip
        answer = await shop.client.post("/v1/rewards", json=terms(**change) | {"reward_id": "d"})
        assert (answer.status_code, answer.json()["code"]) == (status, code), change
        assert answer.json()["errors"][0]["pointer"] == pointer
    taken_id = await shop.client.post("/v1/rewards", json=terms() | {"reward_id": "a"})
    assert (taken_id.status_code, taken_id.json()["code"]) == (409, "reward_exists")
    assert (await shop.client.put("/v1/rewards/d", json=terms())).status_code == 404


async def test_terms_change_for_the_future(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 1000)
    await offer(shop, stock=3)
    done = (await exchange(shop, member, quantity=2)).json()["exchange"]
    less = await shop.client.put("/v1/rewards/cup", json=terms(stock=1))
    assert (less.status_code, less.json()["code"]) == (422, "stock_is_gone")
    changed = await shop.client.put("/v1/rewards/cup", json=terms(300, stock=None))
    assert (changed.json()["points"], changed.json()["taken"]) == (300, 2)
    assert (await exchange(shop, member)).json()["balance"] == 500
    assert (await cancel(shop, member, done["exchange_id"])).json()["balance"] == 700
    await shop.check_books()


async def test_coupons_are_issued_and_taken_back(shop: Shop, member: UUID) -> None:
    await shop.buy(member, 1000)
    template = await shop.client.post(
        "/v1/coupon-templates",
        json={
            "names": {"zh": "五元券", "en": "5 yuan off"},
            "effect": "cash_off",
            "off": {"amount": 500},
            "valid_days": 7,
            "per_member_limit": 3,
            "budget": {"amount": 1500},
        },
    )
    assert template.status_code == 201, template.text
    template_id = template.json()["template_id"]
    await offer(shop, "five", 200, kind="coupon", template_id=template_id)
    done = (await exchange(shop, member, "five", 2)).json()["exchange"]
    held = (await shop.get(f"/v1/members/{member}/coupons"))["data"]
    assert sorted(each["code"] for each in held) == sorted(done["coupons"])
    for dry_run in (True, False):
        too_many = await exchange(shop, member, "five", 2, dry_run=dry_run)
        assert too_many.status_code == 409
        assert too_many.json()["errors"][0]["pointer"] == "/quantity"
    assert (await shop.points(member))["redeemable"] == 600
    undone = (await cancel(shop, member, done["exchange_id"])).json()
    assert undone["balance"] == 1000
    held = (await shop.get(f"/v1/members/{member}/coupons"))["data"]
    assert {each["status"] for each in held} == {"expired"}
    late = shop.order(member, 20, coupons=[held[0]["code"]])
    [answer] = await shop.batch([late])
    assert answer["status"] == 422
    used = (await exchange(shop, member, "five")).json()["exchange"]
    await shop.buy(member, 20, paid={"amount": 1500}, coupons=used["coupons"])
    refused = await cancel(shop, member, used["exchange_id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "coupon_redeemed")
    await shop.check_books()


async def test_what_comes_back_late_has_lost_what_it_would_have_lost(
    shop: Shop, member: UUID
) -> None:
    shop.move(datetime(2017, 12, 30, 4, tzinfo=UTC))
    await shop.tick()
    figures = {"percent": 50, "month": 12, "day": 31}
    await shop.client.put(
        "/v1/expiry-policies/depreciation",
        json={"kind": "depreciation", "active": True, "figures": figures},
    )
    await shop.buy(member, 100, paid_at=(shop.clock.now() - timedelta(days=364)).isoformat())
    await shop.buy(member, 300)
    await offer(shop)
    first, second = [(await exchange(shop, member)).json()["exchange"] for _ in range(2)]
    shop.move(datetime(2018, 1, 3, 4, tzinfo=UTC))
    await shop.tick()
    assert (await shop.points(member))["redeemable"] == 100  # half of 200
    assert (await cancel(shop, member, first["exchange_id"])).json()["balance"] == 100  # past
    assert (await cancel(shop, member, second["exchange_id"])).json()["balance"] == 150  # half
    stats = await shop.check_books()
    assert (stats["expired"], stats["burnt"], stats["outstanding"]) == (250, 0, 150)
