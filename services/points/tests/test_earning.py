"""Earning rules: what they say, limits that hold, and defaults that give what they always gave."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop
from services.points.tests.rules import body, post

from points_service.catalogue.domain import Goods
from points_service.earning import repository
from points_service.earning.domain import Earned, Limits, Meter, Rule, RuleSet
from points_service.earning.rules.rule import (
    ORDER,
    About,
    Condition,
    Deed,
    Effect,
    Gives,
    Streak,
)
from testkit import together
from testkit.apps import RunningApp

START = datetime(2000, 1, 1, tzinfo=UTC)
ANYBODY = UUID(int=1)
GOODS = {"milk": Goods("GROCERY", "DAIRY", "Cow"), "soap": Goods("DRUG GM", "SOAP", "Foam")}
BASE = Rule("base", ORDER, Effect("per_yuan", Gives.POINTS, 100, by_tier=True), START)


def rule(rule_id: str, kind: str, amount: int, *conditions: Condition, **other: Any) -> Rule:
    """A rule that gives points for orders, unless told otherwise."""
    gives = other.pop("gives", Gives.POINTS)
    on = other.pop("on", ORDER)
    effect = Effect(kind, gives, amount)
    return Rule(rule_id, on, effect, START, conditions=conditions, **other)


def any_of(kind: str, *names: str) -> Condition:
    """A condition about names."""
    return Condition(kind, frozenset(names))


def deed(fen: int = 10_000, **other: Any) -> Deed:
    """100 yuan: 60 of milk and 40 of soap, at noon of a Wednesday in March."""
    told: dict[str, Any] = {
        "kind": ORDER, "at": NOON, "tier": "regular", "paid_fen": fen,
        "items": [("milk", 2, 6000), ("soap", 1, 4000)], "goods": GOODS, "store": "s1",
        "channel": "pos",
    }  # fmt: skip
    return Deed(**told | other)


def rate(rules: list[Rule], what: Deed, meter: Meter | None = None) -> Earned:
    """By the general way, flat or not."""
    plan = RuleSet(rules).plan(what.kind, what.at)
    return plan.rate(what, ANYBODY, meter or Meter())


HOLDS = [
    (Condition("amount", at_least=10_000), True),
    (Condition("amount", at_most=9_999), False),
    (any_of("store", "s1", "s2"), True),
    (any_of("channel", "app"), False),
    (any_of("tier", "regular"), True),
    (any_of("weekday", "3"), True),
    (any_of("weekday", "6", "7"), False),
    (Condition("dates", since=NOON.date(), until=NOON.date()), True),
    (Condition("dates", until=NOON.date() - timedelta(days=1)), False),
    (Condition("first_purchase"), False),
    (any_of("birthday", "month"), True),
    (Condition("birthday"), True),
    (any_of("birthday", "day"), True),
    (any_of("tag", "vip"), True),
    (any_of("tag", "lapsed"), False),
    (any_of("sku", "soap"), True),
    (any_of("sku", "tea"), False),
]


@pytest.mark.parametrize(("condition", "holds"), HOLDS)
def test_conditions(condition: Condition, holds: bool) -> None:
    known = deed(about=About(3, frozenset({NOON.date()}), frozenset({"vip"})))
    assert rate([rule("r", "fixed", 7, condition)], known).points == (7 if holds else 0)


@pytest.mark.parametrize(
    ("condition", "points"),
    [
        (any_of("sku", "milk"), 60),
        (any_of("category", "SOAP"), 40),
        (any_of("department", "GROCERY", "DRUG GM"), 100),
        (any_of("brand", "Foam"), 40),
        (any_of("brand", "Other"), 0),
    ],
)
def test_goods_are_what_the_effect_is_about(condition: Condition, points: int) -> None:
    assert rate([rule("r", "per_yuan", 100, condition)], deed()).points == points
    half = rate([rule("r", "per_yuan", 100, condition)], deed(fen=5000))
    assert half.points == points // 2  # what was paid for them, not what they cost


def test_the_amount_is_that_of_the_goods() -> None:
    milk = (any_of("category", "DAIRY"), Condition("amount", at_least=6001))
    assert rate([rule("r", "fixed", 5, *milk)], deed()).points == 0
    both = (any_of("category", "DAIRY"), any_of("brand", "Foam"))
    assert rate([rule("r", "fixed", 5, *both)], deed()).points == 0


def test_multipliers_add_to_what_their_goods_earn() -> None:
    double = rule("x2", "multiplier", 200, any_of("category", "DAIRY"))
    triple = rule("x3", "multiplier", 300)
    gold = deed(tier_percent=150)
    assert rate([BASE, double], gold).points == 150 + 90
    assert rate([BASE, double, triple], gold).points == 150 + 90 + 300
    assert rate([double, triple], gold).points == 0
    growth = rule("g", "per_yuan", 100, gives=Gives.GROWTH)
    assert rate([BASE, growth, triple], gold) == rate([BASE, triple, growth], gold)
    assert rate([BASE, growth, triple], gold).growth == 100


def test_of_a_group_the_first_applies_or_the_best() -> None:
    small, large = rule("a", "fixed", 5, group="g"), rule("b", "fixed", 9, group="g")
    assert rate([small, large], deed()).points == 9
    first = rule("a", "fixed", 5, group="g", priority=1)
    assert rate([large, first], deed()).points == 5
    assert rate([large, first, rule("c", "fixed", 2)], deed()).points == 7
    x2 = rule("x2", "multiplier", 200, group="g")
    x3 = rule("x3", "multiplier", 300, group="g")
    assert rate([BASE, x2, x3, small], deed()).points == 100 + 200 + 5


def test_a_rule_is_in_force_for_a_time() -> None:
    spring = Rule("r", ORDER, Effect("fixed", Gives.POINTS, 3), NOON, NOON + timedelta(days=1))
    rules = RuleSet([BASE, spring])
    given_at = [-1, 0, 86_399, 86_400]
    points = [
        rules.plan(ORDER, at).rate_flat(100, 1000).points
        for at in (NOON + timedelta(seconds=after) for after in given_at)
    ]
    assert points == [10, 13, 13, 10]


def known(used: int = 0) -> dict[Any, int]:
    day = NOON.date()
    return {("r",): used, ("r", ANYBODY): used, ("r", ANYBODY, day): used}


@pytest.mark.parametrize("limit", ["per_day", "per_member", "budget"])
def test_limits_leave_what_is_left(limit: str) -> None:
    limited = rule("r", "fixed", 30, limits=Limits(**{limit: 50}))
    asked = Meter()
    assert rate([limited], deed(), asked).points == 0
    assert asked.unknown == {("r", ANYBODY, NOON.date())}
    meter = Meter(known(used=10))
    assert [rate([limited], deed(), meter).points for _ in range(3)] == [30, 10, 0]


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 5000)), max_size=30))
def test_limits_hold_for_fractions_too(orders: list[tuple[int, int]]) -> None:
    meter, limits, given = Meter(known()), Limits(budget=100), 0
    for percent, fen in orders:
        limited = rule("r", "per_yuan", percent, limits=limits)
        earned = rate([limited], deed(fen), meter)
        given += sum(each.counted for each in earned.given)
        assert earned.points <= sum(each.counted for each in earned.given)
    assert given == meter.spent[("r",)] <= 100


@given(
    st.lists(st.tuples(st.integers(1, 500), st.sampled_from([None, "milk", "soap"]))),
    st.integers(0, 10**7),
    st.sampled_from([100, 120, 150, 200]),
)
def test_points_are_the_exact_sum_rounded_down_once(
    told: list[tuple[int, str | None]], fen: int, percent: int
) -> None:
    rules = [
        rule(f"r{n}", "per_yuan", amount, *([any_of("sku", sku)] if sku else []))
        for n, (amount, sku) in enumerate(told)
    ]
    paid = {None: fen, "milk": fen * 6000 // 10_000, "soap": fen * 4000 // 10_000}
    expected = (
        fen * percent * 100 + sum(amount * paid[sku] * 100 for amount, sku in told)
    ) // 10**6
    assert rate([BASE, *rules], deed(fen, tier_percent=percent)).points == expected


@given(st.sets(st.integers(0, 40)), st.integers(2, 8), st.randoms(use_true_random=False))
def test_streaks_come_to_the_same_in_any_sequence(days: set[int], length: int, random: Any) -> None:
    bonus = rule("r", "fixed", 1, Condition("streak", at_least=length), on="check_in")
    shuffled, total, done = list(days), 0, set[int]()
    random.shuffle(shuffled)
    for day in shuffled:
        before = next(n for n in range(50) if day - n - 1 not in done)
        after = next(n for n in range(50) if day + n + 1 not in done)
        done.add(day)
        total += rate([bonus], deed(kind="check_in", streak=Streak(before, after))).points
    runs = [day for day in days if day - 1 not in days]
    lengths = [next(n for n in range(50) if day + n not in days) for day in runs]
    assert total == sum(run // length for run in lengths)


async def test_the_defaults_give_what_they_always_gave(shop: Shop) -> None:
    async with shop.running.db.transaction() as tx:
        rules = await repository.rule_set(tx)
    plan = rules.plan(ORDER, NOON)
    assert plan.flat and not plan.asks_about

    @settings(max_examples=500)
    @given(st.integers(0, 10**9), st.sampled_from([100, 120, 150, 200]))
    def same(fen: int, percent: int) -> None:
        before = fen * percent // 10_000, fen // 100  # as of issue 2
        flat = plan.rate_flat(percent, fen)
        assert (flat.points, flat.growth) == before
        assert plan.rate(deed(fen, tier_percent=percent), ANYBODY, Meter()) == flat

    same()
    gives = {
        kind: rules.plan(kind, NOON).rate(deed(kind=kind), ANYBODY, Everything()).growth
        for kind in ("check_in", "share", "referral", "questionnaire")
    }
    assert gives == {"check_in": 5, "share": 20, "referral": 50, "questionnaire": 10}


class Everything(Meter):
    """Limits from which nothing was taken."""

    def take(self, rule: Rule, member_id: UUID, day: Any, parts: int) -> int:
        return parts


async def test_a_rule_counts_from_when_it_is_written(shop: Shop, member: UUID) -> None:
    assert (await shop.buy(member, 10))["points"] == 10
    await post(shop, body("bread", "fixed", 50, {"kind": "sku", "any_of": ["bread"]}))
    bread = [{"sku": "bread", "quantity": 1, "amount": {"amount": 1000}}]
    late = (NOON - timedelta(hours=1)).isoformat()
    assert (await shop.buy(member, 10, items=bread, paid_at=late))["points"] == 10
    assert (await shop.buy(member, 10, items=bread))["points"] == 60
    assert (await shop.buy(member, 10))["points"] == 10
    shop.move(NOON + timedelta(hours=1))
    told = body("bread", "fixed", 1, {"kind": "sku", "any_of": ["bread"]})
    told.pop("rule_id")
    answer = await shop.client.put("/v1/earning-rules/bread", json=told)
    versions = answer.json()["versions"]
    assert [each["version"] for each in versions] == [2, 1]
    assert versions[1]["in_force_until"] == versions[0]["in_force_from"]
    assert versions[0]["written_by"] == "test-admin"
    assert (await shop.buy(member, 10, items=bread))["points"] == 11
    queued = await shop.buy(member, 10, items=bread, paid_at=NOON.isoformat())
    assert queued["points"] == 60  # by the version in force when it was paid
    await shop.client.put("/v1/earning-rules/bread", json=told | {"paused": True})
    assert (await shop.buy(member, 10, items=bread))["points"] == 10
    await shop.check_books()


async def test_refunds_take_back_in_proportion(shop: Shop, member: UUID) -> None:
    await post(shop, body("first", "fixed", 100, {"kind": "first_purchase"}))
    first = await shop.buy(member, 10)
    assert first["points"] == 110
    assert (await shop.buy(member, 10))["points"] == 10
    refund = (await shop.refund(first["order_no"], "r", 500)).json()
    assert (refund["points_reversed"], refund["growth_reversed"]) == (55, 5)
    await shop.check_books()


async def test_a_budget_holds_against_64_callers(shop: Shop) -> None:
    await post(shop, body("gift", "fixed", 30, limits={"budget": 1000, "per_member": 45}))
    members = [uuid4() for _ in range(40)]
    orders = [shop.order(members[n % 40], 0) for n in range(128)]
    turns = asyncio.Semaphore(64)

    async def call(order: dict[str, Any]) -> Any:
        async with turns:
            return await shop.client.post("/v1/orders", json=order)

    answers = await together(
        [
            *(call(order) for order in orders[:100]),
            shop.client.post("/v1/orders/batch", json={"orders": orders[100:]}),
        ]
    )
    single = sum(answer.json()["points"] for answer in answers[:-1])
    batch = [answer["points"] for answer in answers[-1].json()["data"]]
    assert single + sum(batch) == 1000
    again = [(await shop.client.post("/v1/orders", json=order)).json() for order in orders[:9]]
    assert again == [answer.json() for answer in answers[:9]]  # told again, nothing is given again
    assert (await shop.get("/v1/earning-rules/gift"))["used"] == 1000
    stats = await shop.check_books()
    assert stats["issued"] == 1000
    async with shop.running.db.transaction() as tx:
        most = await tx.fetchval("SELECT max(s) FROM (SELECT sum(used) s FROM rule_use"
                                 " GROUP BY member_id) t")  # fmt: skip
    assert most <= 45


async def test_a_dry_run_shows_what_a_rule_would_give(shop: Shop, member: UUID) -> None:
    for yuan in (5, 20, 300):
        await shop.buy(member, yuan)
    told = body(
        "big", "multiplier", 300, {"kind": "amount", "at_least": 2000}, last_orders=10,
        example={"paid": {"amount": 10_000}, "tier": "gold", "items": []},
    )  # fmt: skip
    answer = await shop.client.post("/v1/earning-rules?dry_run=true", json=told)
    tried = answer.json()["preview"]["tried"]
    assert [(each["points_before"], each["points_after"]) for each in tried] == [
        (150, 450), (300, 900), (20, 60), (5, 5),
    ]  # fmt: skip
    assert answer.json()["preview"]["points_more"] == 940
    assert (await shop.client.get("/v1/earning-rules/big")).status_code == 404
    assert (await shop.buy(member, 100))["points"] == 100
    rules = await shop.get("/v1/earning-rules")
    assert "first_purchase" in rules["condition_kinds"] and len(rules["data"]) == 10


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"on": "dance"}, "/on"),
        ({"effect": {"kind": "magic", "amount": 1}}, "/effect/kind"),
        ({"effect": {"kind": "multiplier", "amount": 99}}, "/effect/amount"),
        ({"conditions": [{"kind": "moon"}]}, "/conditions/0/kind"),
        ({"conditions": [{"kind": "sku"}]}, "/conditions/0/any_of"),
        ({"conditions": [{"kind": "birthday", "at_least": 1}]}, "/conditions/0/at_least"),
        ({"conditions": [{"kind": "birthday", "any_of": ["week"]}]}, "/conditions/0/any_of"),
        (
            {"valid_from": "2017-01-02T00:00:00Z", "valid_until": "2017-01-02T00:00:00Z"},
            "/valid_until",
        ),
        ({"effect": {"kind": "fixed", "amount": 0}}, "/effect/amount"),
    ],
)
async def test_a_rule_that_says_nothing_is_refused(
    shop: Shop, change: dict[str, Any], pointer: str
) -> None:
    told = body("r", "fixed", 1) | change
    answer = await shop.client.post("/v1/earning-rules", json=told)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert (await shop.client.put("/v1/earning-rules/r", json=body("r", "fixed", 1))).json()[
        "code"
    ] in {"unknown_rule", "invalid_body"}


async def test_every_process_hears_of_a_rule(
    shop: Shop, member: UUID, service_app: Callable[..., Awaitable[RunningApp]]
) -> None:
    other = replace(shop, running=await service_app("points_service.app"))
    assert (await other.buy(member, 10))["points"] == 10
    await post(shop, body("r", "fixed", 7))
    assert [(await each.buy(member, 10))["points"] for each in (other, shop)] == [17, 17]


async def test_the_same_rule_twice_is_a_conflict(shop: Shop) -> None:
    await post(shop, body("r", "fixed", 1))
    answer = await shop.client.post("/v1/earning-rules", json=body("r", "fixed", 2))
    assert (answer.status_code, answer.json()["code"]) == (409, "rule_exists")
