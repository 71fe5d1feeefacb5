"""Checkout: quote → hold → order; and the same price for everybody of a tier."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop

from contracts.events import MemberRegistered, MembersMerged, Product, ProductsChanged
from contracts.points_events import TagsChanged
from contracts.roles import Role
from points_service.catalogue.subscribers import on_products
from points_service.coupons import repository as coupons
from points_service.coupons import templates
from points_service.coupons.domain import Coupon, Effect, Scope, Template, Terms
from points_service.earning.subscribers import on_tags
from points_service.members.subscribers import on_registered
from points_service.merges.subscribers import on_merged
from points_service.programme import Programme
from testkit import together

TEMPLATES = {
    "cash": Template(UUID(int=1), "cash", Effect.CASH_OFF, 500, 5000, stacking_group="a"),
    "tenth": Template(
        UUID(int=2), "tenth", Effect.PERCENT, 10, max_off_fen=900, stacking_group="a",
    ),
    "bread": Template(
        UUID(int=3), "bread", Effect.PERCENT, 50,
        scope=Scope(categories=frozenset({"BREAD"})), stacking_group="b",
    ),
    "ship": Template(UUID(int=4), "ship", Effect.FREE_DELIVERY, 0, stacking_group="c"),
    "gift": Template(UUID(int=5), "gift", Effect.GIFT, 1, gift_sku="milk", stacking_group="d"),
    "there": Template(
        UUID(int=6), "there", Effect.CASH_OFF, 900,
        scope=Scope(stores=frozenset({"s2"})), stacking_group="e",
    ),
}  # fmt: skip

USD = {"amount": 1, "currency": "USD"}


async def grant(shop: Shop, member: UUID | None, *names: str, prefix: str = "") -> list[str]:
    """Coupons of these templates, a week from now on; codes are `<prefix><name>`."""
    until = shop.clock.now() + timedelta(days=7)
    rows = [
        Coupon(
            f"{prefix}{name}", uuid4(), Terms(TEMPLATES[name]), member, shop.clock.now(),
            shop.clock.now() - timedelta(days=1), until,
            claimed_at=shop.clock.now() if member else None,
        )
        for name in names
    ]  # fmt: skip
    async with shop.running.db.transaction() as tx:
        await templates.put(tx, [Terms(TEMPLATES[name]) for name in names], exist=True)
        await coupons.add(tx, rows)
    return [row.code for row in rows]


def goods(*lines: tuple[str, int, int]) -> list[dict[str, Any]]:
    """(sku, quantity, fen of the line) each."""
    return [{"sku": sku, "quantity": n, "amount": {"amount": fen}} for sku, n, fen in lines]


async def ask(
    shop: Shop, member: UUID | None, cart: Any, headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    body: dict[str, Any] = {"store": "s1", "channel": "pos", "lines": cart}
    body |= ({"member_id": str(member)} if member else {}) | more
    return await shop.client.post("/v1/pricing/quote", json=body, headers=headers)


async def quoted(shop: Shop, member: UUID, lines: Any, **more: Any) -> dict[str, Any]:
    answer = await ask(shop, member, lines, **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def order_of(shop: Shop, quote: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The order that pays a quote."""
    price = quote["price"]
    lines = [(each["sku"], each["quantity"], each["listed"]["amount"]) for each in price["lines"]]
    return shop.order(
        UUID(quote["member_id"]), 0, items=goods(*lines),
        paid=price["to_pay"], coupons=price["coupons"], quote_id=quote["quote_id"], **more,
    )  # fmt: skip


async def hold(shop: Shop, member: UUID, points: int) -> str:
    body = {"points": points, "reason": "checkout"}
    answer = await shop.client.post(f"/v1/members/{member}/points/holds", json=body)
    assert answer.is_success, answer.text
    return str(answer.json()["hold"]["hold_id"])


@pytest.fixture
async def silver(shop: Shop, member: UUID) -> UUID:
    """A member who pays 90 % and has 600 points; milk and bread have their categories."""
    await shop.buy(member, 600)
    found = [Product("milk", category="MILK"), Product("bread", category="BREAD")]
    async with shop.running.db.transaction() as tx:
        await on_products(tx, [ProductsChanged(found)])
    return member


async def test_a_quote_tells_its_arithmetic(shop: Shop, silver: UUID) -> None:
    await grant(shop, silver, *TEMPLATES)
    lines = goods(("milk", 2, 4000), ("bread", 3, 2999))
    quote = await quoted(shop, silver, lines, delivery={"amount": 800}, points=None)
    assert quote["quote_id"] is None
    price = quote["price"]
    assert (price["tier"], price["listed"]["amount"]) == ("silver", 7799)
    told = [
        (
            step["kind"], step["name"], step["off"]["amount"],
            {each["line"]: each["off"]["amount"] for each in step["lines"]},
            step["delivery"]["amount"],
        )
        for step in price["steps"]
    ]  # fmt: skip
    assert told == [
        ("tier_price", "silver", 699, {0: 400, 1: 299}, 0),
        ("percent", "bread", 1350, {1: 1350}, 0),
        ("percent", "tenth", 630, {0: 360, 1: 270}, 0),
        ("gift", "gift", 1800, {0: 1800}, 0),
        ("free_delivery", "ship", 800, {}, 800),
        ("points", "points", 600, {0: 343, 1: 257}, 0),
    ]
    assert [line["pays"]["amount"] for line in price["lines"]] == [1097, 823]
    assert (price["to_pay"]["amount"], price["points"], price["gifts"]) == (1920, 600, [])
    nothing = (await quoted(shop, silver, lines, coupons=[]))["price"]
    assert [step["kind"] for step in nothing["steps"]] == ["tier_price"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"store": "moon"}, (422, "unknown_store", "/store")),
        ({"lines": goods(("x", 1, 1))}, (422, "unknown_sku", "/lines/0/sku")),
        ({"lines": [{"sku": "milk", "quantity": 1}]}, (422, "one_amount", "/lines/0")),
        ({"member_id": str(uuid4())}, (404, "unknown_member", None)),
        ({"member_id": None}, (422, "unknown_identifier", "/identifier")),
        ({"coupons": ["NOPE"]}, (422, "unknown_coupon", "/coupons/0")),
        ({"coupons": ["ship", "there"]}, (422, "coupon_out_of_scope", "/coupons/1")),
        ({"coupons": ["cash"]}, (422, "coupon_below_threshold", "/coupons/0")),
        ({"coupons": ["cash", "tenth"]}, (422, "coupons_exclude", "/coupons/1")),
        ({"delivery": USD}, (422, "unknown_currency", "/delivery/currency")),
        ({"points": -1}, (422, "invalid_body", "/points")),
    ],
)  # fmt: skip
async def test_a_cart_that_cannot_be_priced_is_refused(
    shop: Shop, silver: UUID, change: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    await grant(shop, silver, *TEMPLATES)
    answer = await ask(shop, silver, goods(("milk", 1, 1000)), **change)
    body = answer.json()
    pointer = body["errors"][0]["pointer"] if body.get("errors") else None
    assert (answer.status_code, body["code"], pointer) == expected


async def test_a_member_asks_for_itself(shop: Shop, silver: UUID) -> None:
    lines = goods(("milk", 1, 1000))
    headers = shop.running.headers(Role.MEMBER, member_id=silver)
    own = await ask(shop, None, lines, headers=headers)
    assert own.json() == await quoted(shop, silver, lines)
    other = uuid4()
    await shop.buy(other, 1)
    refused = await ask(shop, other, lines, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_own")


async def test_a_key_keeps_one_quote(shop: Shop, silver: UUID) -> None:
    key, lines = {"Idempotency-Key": "k"}, goods(("milk", 1, 1000))
    answers = await together(ask(shop, silver, lines, keep=True, headers=key) for _ in range(5))
    assert {answer.status_code for answer in answers} <= {200, 409}
    again = await ask(shop, silver, lines, keep=True, headers=key)
    assert {a.text for a in answers if a.status_code == 200} == {again.text}
    other = await ask(shop, silver, goods(("milk", 2, 1000)), keep=True, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_an_order_pays_its_quote_once(shop: Shop, silver: UUID) -> None:
    await grant(shop, silver, "cash", "bread")
    lines = goods(("milk", 2, 4000), ("bread", 3, 2999))
    quote = await quoted(shop, silver, lines, keep=True, points=200)
    held = await hold(shop, silver, 200)
    good = order_of(shop, quote, hold_id=held, tender=[
        {"kind": "cash", "amount": {"amount": 1000}}, {"kind": "points", "amount": {"amount": 200}},
        {"kind": "wechat", "amount": {"amount": quote["price"]["to_pay"]["amount"] - 1000}},
    ])  # fmt: skip
    for change, pointer in (
        ({"store": "s2"}, "/store"),
        ({"items": good["items"] + good["items"][:1]}, "/items"),
        ({"items": goods(("milk", 2, 4001), ("bread", 3, 2999))}, "/items/0"),
        ({"paid": {"amount": 1}, "tender": []}, "/paid/amount"),
        ({"coupons": good["coupons"][:1]}, "/coupons"),
        ({"hold_id": None}, "/hold_id"),
        ({"delivery": {"amount": 1}}, "/delivery"),
        ({"quote_id": str(uuid4())}, "/quote_id"),
        ({"hold_id": str(uuid4())}, "/hold_id"),
        ({"tender": [{"kind": "cash", "amount": {"amount": 5}}]}, "/tender"),
    ):
        bad = await shop.client.post("/v1/orders", json=good | change)
        assert (bad.status_code, bad.json()["errors"][0]["pointer"]) in (
            (422, pointer), (409, pointer),
        ), bad.text  # fmt: skip
    answer = await shop.client.post("/v1/orders", json=good)
    assert answer.status_code == 200, answer.text
    assert (await shop.client.post("/v1/orders", json=good)).json() == answer.json()
    again = await shop.client.post("/v1/orders", json=good | {"order_no": "other"})
    assert (again.status_code, again.json()["code"]) == (409, "quote_used")
    paid = quote["price"]["to_pay"]["amount"]
    points = await shop.points(silver)
    assert points["redeemable"] == 400 + paid * 120 // 10_000
    [burnt] = await shop.events("points.points_burnt.v1")
    assert burnt["points"] == 200
    await shop.check_books()


async def test_one_batch_uses_a_quote_a_hold_and_a_coupon_once(shop: Shop, silver: UUID) -> None:
    await grant(shop, silver, "cash")
    quote = await quoted(shop, silver, goods(("milk", 2, 8000)), keep=True, points=100)
    held = await hold(shop, silver, 100)
    one, two = (order_of(shop, quote, hold_id=held) for _ in range(2))
    three = shop.order(silver, 80, hold_id=held)
    codes = [
        each["problem"] and each["problem"]["code"] for each in await shop.batch([one, two, three])
    ]
    assert codes == [None, "quote_used", "hold_resolved"]
    await shop.check_books()


async def test_a_quote_ends_and_follows_a_merge(shop: Shop, silver: UUID) -> None:
    quote = await quoted(shop, silver, goods(("milk", 1, 1000)), keep=True)
    late = order_of(shop, quote, paid_at=(NOON + timedelta(minutes=16)).isoformat())
    refused = await shop.client.post("/v1/orders", json=late)
    assert (refused.status_code, refused.json()["code"]) == (409, "quote_expired")
    stranger = order_of(shop, quote, member_id=str(uuid4()))
    refused = await shop.client.post("/v1/orders", json=stranger)
    assert (refused.status_code, refused.json()["code"]) == (409, "unknown_quote")
    other = uuid4()
    await shop.buy(other, 5)
    merge = MembersMerged(uuid4(), other, silver, NOON, "x")
    async with shop.running.db.transaction() as tx:
        await on_merged(Programme()).handler(tx, [merge])
    shop.move(NOON + timedelta(days=3))  # the till was off line
    late = order_of(shop, quote, paid_at=NOON.isoformat())
    answer = await shop.client.post("/v1/orders", json=late)
    assert answer.json()["member_id"] == str(other)
    shop.move(NOON + timedelta(days=40))
    await shop.tick()
    again = await shop.client.post("/v1/orders", json=order_of(shop, quote))
    assert again.json()["code"] == "quote_used"


async def test_coupons_are_looked_at_without_a_quote_too(shop: Shop, silver: UUID) -> None:
    await grant(shop, silver, "cash", "tenth", "there", "bread")
    answers = await shop.batch([
        shop.order(silver, 49, coupons=["cash"]),
        shop.order(silver, 60, coupons=["there"]),
        shop.order(silver, 60, coupons=["bread"]),
        shop.order(silver, 60, coupons=["cash", "tenth"]),
        shop.order(silver, 60, coupons=["cash"], paid={"amount": 5500}),
    ])  # fmt: skip
    assert [each["problem"] and each["problem"]["errors"][0]["code"] for each in answers] == [
        "coupon_below_threshold", "coupon_out_of_scope", "coupon_out_of_scope", "coupons_exclude",
        None,
    ]  # fmt: skip
    async with shop.running.db.transaction() as tx:
        off = await tx.fetchval("SELECT off_fen FROM coupon WHERE code = 'cash'")
    assert off == 500
    await shop.check_books()


carts = st.lists(
    st.tuples(st.sampled_from(["milk", "bread"]), st.integers(1, 9), st.integers(1, 20_000)),
    min_size=1, max_size=6,
)  # fmt: skip
some = st.sets(st.sampled_from(sorted(TEMPLATES)))
tags = st.sets(st.sampled_from(["high_value", "lifecycle=lost", "price_sensitive", "sharer"]))
lives = st.tuples(st.integers(501, 1400), st.integers(0, 9), st.integers(1930, 2010), tags)
Life = tuple[int, int, int, set[str]]


async def live(shop: Shop, name: str, names: Sequence[str], life: Life) -> UUID:
    """A silver member with a history of its own, and coupons whose codes begin with `name`."""
    yuan, orders, born, tagged = life
    member = uuid4()
    told = MemberRegistered(
        member, NOON, channel=f"c{born}", gender="male", birth_year=born,
        birth_month=born % 12 + 1, city=f"city{orders}",
    )  # fmt: skip
    async with shop.running.db.transaction() as tx:
        await on_registered(Programme()).handler(tx, [told])
        await on_tags(tx, [TagsChanged([(member, 1, sorted(tagged))])])
    first = shop.order(member, yuan)
    others = [shop.order(member, n, store="s2", channel="app") for n in range(1, orders + 1)]
    assert {each["status"] for each in await shop.batch([first, *others])} == {200}
    await grant(shop, member, *names, prefix=name)
    return member


async def test_members_of_a_tier_with_equal_coupons_get_equal_prices(
    shop: Shop, silver: UUID
) -> None:
    """Growth, spend, history, age, place and tags differ; every byte of the price is the same."""
    loop, compared = asyncio.get_running_loop(), 0

    async def compare(
        lines: list[tuple[str, int, int]], names: set[str], ones: Any, others: Any, points: int
    ) -> None:
        nonlocal compared
        prices = []
        for life in (ones, others):
            prefix = uuid4().hex
            member = await live(shop, prefix, sorted(names), life)
            cart = goods(*lines)
            quote = await quoted(shop, member, cart, delivery={"amount": 600}, points=points)
            prices.append(json.dumps(quote["price"]).replace(prefix, ""))
        assert prices[0] == prices[1]
        compared += 1

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(carts, some, lives, lives, st.integers(0, 400)))
    def play(told: Any) -> None:
        asyncio.run_coroutine_threadsafe(compare(*told), loop).result()

    await asyncio.to_thread(play)
    print(f"{compared} pairs of members of a tier compared: 0 prices differ")
