"""Which rules gave what: answered, kept, shown later; and what limits get back from refunds."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop
from services.points.tests.rules import NAME, body, post
from services.points.tests.test_earning import ANYBODY, deed, known, rule
from services.points.tests.test_merges import merge

from points_service.earning.domain import Limits, Meter, Plan


def by(answer: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """(points, growth) by rule, which add up to the answer."""
    found = {each["rule_id"]: (each["points"], each["growth"]) for each in answer["earned"]}
    assert sum(points for points, _ in found.values()) == answer["points"]
    assert sum(growth for _, growth in found.values()) == answer["growth"]
    return found


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.sampled_from(["fixed", "per_yuan"]), st.integers(1, 300)), max_size=6),
    st.integers(0, 99_999),
    st.integers(50, 350),
)
def test_shares_add_up_whether_a_plan_is_flat_or_not(
    rules: list[tuple[str, int]], fen: int, percent: int
) -> None:
    made = [rule(f"r{n}", kind, amount) for n, (kind, amount) in enumerate(rules)]
    plan, what = Plan(tuple(made)), deed(fen, tier_percent=percent)
    flat, full = plan.rate_flat(percent, fen), plan.rate(what, uuid4(), Meter())
    assert flat == full
    assert sum(each.units for each in full.given) == full.points


def test_what_a_limit_was_charged_is_told() -> None:
    capped = rule("r", "fixed", 30, limits=Limits(per_day=20))
    [share] = Plan((capped,)).rate(deed(), ANYBODY, Meter(known())).given
    assert (share.units, share.counted) == (20, 20)


async def test_an_order_says_which_rules_gave_what_now_and_later(shop: Shop, member: UUID) -> None:
    await post(shop, body("gift", "fixed", 5, limits={"budget": 8}))
    order = shop.order(member, 10.5)
    tried = await shop.client.post("/v1/orders?dry_run=true", json=order)
    first = await shop.client.post("/v1/orders", json=order)
    assert by(first.json()) == by(tried.json())
    assert by(first.json())["gift"] == (5, 0) and len(by(first.json())) == 3
    [gift] = [each for each in first.json()["earned"] if each["rule_id"] == "gift"]
    assert (gift["version"], gift["name"]) == (1, NAME)
    change = body("gift", "fixed", 7, name={"zh": "新", "en": "new"})
    change.pop("rule_id")
    shop.move(NOON + timedelta(days=40))
    assert (await shop.client.put("/v1/earning-rules/gift", json=change)).status_code == 200
    again = await shop.client.post("/v1/orders", json=order)
    assert again.content == first.content  # byte by byte
    [entry] = (await shop.get(f"/v1/members/{member}/points/entries"))["data"]
    assert entry["earned"] == first.json()["earned"]
    assert by(await shop.buy(member, 10))["gift"] == (7, 0)
    batch = await shop.batch([order])
    assert batch[0]["earned"] == first.json()["earned"]


async def test_limits_get_back_from_refunds_in_proportion_once(shop: Shop, member: UUID) -> None:
    limits = {"budget": 100, "per_member": 60, "per_day": 40}
    await post(shop, body("gift", "fixed", 40, limits=limits))
    order = await shop.buy(member, 10)
    assert by(order)["gift"] == (40, 0)
    assert "gift" not in by(await shop.buy(member, 10))  # the day's are gone
    for _ in range(3):  # told again
        await shop.refund(order["order_no"], "half", 500)
    assert (await shop.get("/v1/earning-rules/gift"))["used"] == 20
    assert by(await shop.buy(member, 10))["gift"] == (20, 0)
    for _ in range(2):
        await shop.refund(order["order_no"], "rest")
    assert (await shop.get("/v1/earning-rules/gift"))["used"] == 20
    other = uuid4()
    await shop.buy(other, 10)
    await merge(shop, (other, member))
    last = await shop.buy(other, 10)  # 60 of 60 by now
    assert "gift" not in by(last)
    await shop.check_books()


async def test_parts_of_refunds_end_where_one_does(shop: Shop) -> None:
    await post(shop, body("gift", "fixed", 33, limits={"budget": 1000}))
    for parts in ([1000], [1, 332, 334, 333], [999, 1]):
        order = await shop.buy(uuid4(), 10)
        assert (await shop.get("/v1/earning-rules/gift"))["used"] == 33
        for n, fen in enumerate(parts):
            answer = await shop.refund(order["order_no"], f"r{n}", fen)
            assert answer.status_code == 200
        assert (await shop.get("/v1/earning-rules/gift"))["used"] == 0
    await shop.check_books()
