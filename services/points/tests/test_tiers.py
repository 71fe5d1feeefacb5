"""Ladders: conditions over windows, versions, what is refused, how members go along."""

from collections.abc import Awaitable, Callable
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from services.points.tests.conftest import NOON, Shop

from chassis.clock import DrivenClock, midnight
from contracts.events import MembersMerged, Product, ProductsChanged, Store, StoresChanged
from points_service.catalogue.subscribers import on_products, on_stores
from points_service.growth.domain import Gain
from points_service.growth.use_cases import gain
from points_service.merges.use_cases import follow
from points_service.programme import Programme
from testkit.apps import RunningApp

ANSWERED = ("ladder_id", "version", "valid_from", "changed_by")


def body(ladder: dict[str, Any]) -> dict[str, Any]:
    """A ladder as it was answered, to be sent again."""
    found = deepcopy({name: value for name, value in ladder.items() if name not in ANSWERED})
    for tier in found["tiers"]:
        del tier["worth"], tier["above_percent"]
    return found


async def put(shop: Shop, ladder_id: str, ladder: dict[str, Any]) -> httpx.Response:
    return await shop.client.put(f"/v1/tier-ladders/{ladder_id}", json=ladder)


async def tier(shop: Shop, member: UUID) -> dict[str, Any]:
    return await shop.get(f"/v1/members/{member}/tier")


async def test_both_ladders_are_shipped(shop: Shop) -> None:
    found = {each["ladder_id"]: each for each in (await shop.get("/v1/tier-ladders"))["data"]}
    assert [(t["name"], t["price_percent"]) for t in found["A"]["tiers"]] == [
        ("regular", 95), ("silver", 90), ("gold", 85), ("diamond", 80),
    ]  # fmt: skip
    assert found["A"]["grace_days"] == 30 and found["A"]["soft_landing"]
    mall = found["B"]
    assert mall["kind"] == "mall"
    assert [(t["name"], t["points_percent"]) for t in mall["tiers"]] == [
        ("bronze", 100), ("silver", 120), ("gold", 150), ("platinum", 200),
    ]  # fmt: skip
    assert [t["worth"]["amount"] for t in mall["tiers"]] == [12_000, 38_900, 92_900, 220_900]
    assert all(t["above_percent"] >= 40 for t in mall["tiers"][1:])
    for ladder_id, ladder in found.items():  # what is shipped would be accepted
        answer = await put(shop, ladder_id, body(ladder))
        assert (answer.status_code, answer.json()) == (200, ladder), answer.text


async def test_versions_are_kept(shop: Shop) -> None:
    before = await shop.get("/v1/tier-ladders/A")
    changed = body(before)
    changed["tiers"][1]["conditions"][0]["at_least"] = 600
    shop.move(shop.clock.now() + timedelta(days=1))
    answer = await put(shop, "A", changed)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert (after["version"], after["changed_by"]) == (2, "test-admin")
    assert after["valid_from"] == "2017-03-16T04:00:00Z"
    assert (await put(shop, "A", changed)).json() == after
    versions = (await shop.get("/v1/tier-ladders/A/versions"))["data"]
    assert [(v["version"], v["valid_until"]) for v in versions] == [
        (2, None), (1, "2017-03-16T04:00:00Z"),
    ]  # fmt: skip
    assert versions[1]["tiers"][1]["conditions"][0]["at_least"] == 500
    assert (await shop.client.get("/v1/tier-ladders/Z/versions")).status_code == 404


def _set(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(ladder: dict[str, Any]) -> None:
        *way, last = path.split("/")
        here: Any = ladder
        for step in way:
            here = here[int(step)] if isinstance(here, list) else here[step]
        here[int(last) if isinstance(here, list) else last] = value

    return change


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        (_set("tiers/1/conditions/0/kind", "x"), "/tiers/1/conditions/0/kind", "unknown_condition"),
        (
            _set("tiers/0/conditions", [{"kind": "growth", "at_least": 1}]),
            "/tiers/0/conditions", "lowest_has_conditions",
        ),
        (_set("tiers/2/conditions", []), "/tiers/2/conditions", "no_conditions"),
        (_set("tiers/2/name", "silver"), "/tiers/2/name", "duplicate_tier"),
        (
            _set("tiers/3/conditions/0/at_least", 1499),
            "/tiers/3/conditions/0/at_least", "falling_threshold",
        ),
        (_set("tiers/1/conditions/0/months", 3), "/tiers/1/conditions/0/months", "no_window"),
        (_set("tiers/1/conditions/0/kind", "spend"), "/tiers/1/conditions/0/months", "no_window"),
        (
            _set("tiers/1/benefits/0/benefit_id", "nothing"),
            "/tiers/1/benefits/0/benefit_id", "unknown_benefit",
        ),
        (
            _set("tiers/1/benefits/0/benefit_id", "birthday_coupon"),
            "/tiers/1/benefits/1/benefit_id", "duplicate_benefit",
        ),
        (_set("moves", {"silver": "gold"}), "/moves", "tier_stays"),
        (_set("moves", {"x": "y"}), "/moves", "unknown_tier"),
        (_set("tiers", []), "/tiers", "too_short"),
        (_set("tiers/1/price_percent", 101), "/tiers/1/price_percent", "less_than_equal"),
    ],
)  # fmt: skip
async def test_wrong_ladders_are_refused_with_pointers(
    shop: Shop, change: Callable[[dict[str, Any]], None], pointer: str, code: str
) -> None:
    ladder = body(await shop.get("/v1/tier-ladders/A"))
    change(ladder)
    answer = await put(shop, "A", ladder)
    assert answer.status_code == 422
    assert (pointer, code) in [(e["pointer"], e["code"]) for e in answer.json()["errors"]]
    assert (await shop.get("/v1/tier-ladders/A"))["version"] == 1


async def test_a_mall_with_tiers_too_close_is_refused_and_told_by_how_much(shop: Shop) -> None:
    mall = body(await shop.get("/v1/tier-ladders/B"))
    mall["tiers"][2]["benefits"] = []
    mall["tiers"][2]["price_percent"] = 98
    answer = await put(shop, "B", mall)
    assert (answer.status_code, answer.json()["code"]) == (422, "tiers_too_close")
    (error,) = answer.json()["errors"]
    assert error["pointer"] == "/tiers/2"
    assert error["detail"] == (
        "Worth 42000 fen a year against 38900 of the tier below, 7 % more;"
        " 12460 fen are missing to 40 %"
    )
    mall["kind"] = "supermarket"  # these are not measured
    assert (await put(shop, "B", mall)).status_code == 200


async def test_members_of_a_ladder_that_changes_go_along(shop: Shop) -> None:
    await shop.tick()
    silver, gold, regular = uuid4(), uuid4(), uuid4()
    for member, yuan in ((silver, 700), (gold, 1600), (regular, 10)):
        await shop.buy(member, yuan)
    ladder = body(await shop.get("/v1/tier-ladders/A"))
    ladder["tiers"][1:3] = [
        ladder["tiers"][1] | {"name": "jade", "conditions": [{"kind": "growth", "at_least": 400}]},
        ladder["tiers"][2]
        | {"name": "pearl", "conditions": [{"kind": "growth", "at_least": 1600}]},
    ]
    answer = await put(shop, "A", ladder)
    assert answer.status_code == 200, answer.text
    # Who had what silver (500) and gold (1,500) asked for stands on jade (400) now, not on pearl.
    assert answer.json()["moves"] == {
        "bronze": "regular", "platinum": "diamond", "silver": "jade", "gold": "jade",
    }  # fmt: skip
    for member, expected in ((silver, "jade"), (gold, "jade"), (regular, "regular")):
        assert (await tier(shop, member))["tier"] == expected
    steps = (await tier(shop, gold))["history"]
    assert (steps[0]["previous"], steps[0]["tier"], steps[0]["reason"]) == (
        "gold",
        "jade",
        "ladder",
    )
    told = [e for e in await shop.events("points.tier_changed.v1") if e["reason"] == "ladder"]
    assert {e["member_id"] for e in told} == {str(silver), str(gold)}
    assert (await shop.buy(gold, 1))["tier"] == "pearl"
    ladder = body(answer.json())
    ladder["tiers"][2]["name"] = "ruby"
    ladder["moves"] = {"pearl": "ruby"}
    assert (await put(shop, "A", ladder)).json()["moves"]["pearl"] == "ruby"
    assert (await tier(shop, gold))["tier"] == "ruby"
    await shop.check_books()


@pytest_asyncio.fixture(loop_scope="session")
async def mall(
    clean: None,
    service_app: Callable[..., Awaitable[RunningApp]],
    clock: DrivenClock,
    tmp_path: Path,
) -> Shop:
    """A shop whose members climb ladder B."""
    clock.move(NOON, ticking=False)
    running = await service_app("points_service.app", TIER_LADDER="B", LEDGER_DIR=str(tmp_path))
    async with running.db.transaction() as tx:
        await on_products(tx, [ProductsChanged([Product("milk")])])
        await on_stores(tx, [StoresChanged([Store("s1")])])
    return Shop(running, clock, tmp_path)


async def test_windows_count_orders_late_ones_refunds_and_deeds(mall: Shop) -> None:
    await mall.tick()
    member = uuid4()
    ago = [(mall.clock.now() - timedelta(days=days)).isoformat() for days in (70, 35, 0)]
    await mall.buy(member, 1000)
    assert (await tier(mall, member))["tier"] == "bronze"  # one order in three months
    answers = await mall.batch([mall.order(member, 1, paid_at=ago[1])])
    assert answers[0]["tier"] == "bronze"  # as things stood in February
    answers = await mall.batch([mall.order(member, 1, paid_at=ago[2])])
    assert answers[0]["tier"] == "silver"
    await mall.batch([mall.order(member, 1998, paid_at=ago[0]), mall.order(member, 1)])
    found = await tier(mall, member)
    assert found["next_conditions"] == [
        {"kind": "growth", "at_least": 3000, "months": 0, "reached": 3001},
        {"kind": "spend", "at_least": 300_000, "months": 12, "reached": 300_100},
        {"kind": "frequency", "at_least": 6, "months": 12, "reached": 5},
    ]
    assert (await mall.refund("o0", "r1", 10_000)).status_code == 200
    found = await tier(mall, member)
    assert [c["reached"] for c in found["next_conditions"]] == [2901, 290_100, 5]
    assert (await mall.refund("o0", "r2")).status_code == 200
    found = await tier(mall, member)
    assert [c["reached"] for c in found["next_conditions"]] == [2001, 200_100, 4]
    other = uuid4()
    await mall.buy(other, 1000)
    async with mall.running.db.transaction() as tx:
        merged = MembersMerged(uuid4(), member, other, NOON, "card_no:x")
        await follow(tx, Programme(ladder_id="B"), [merged])
    found = await tier(mall, member)
    assert [c["reached"] for c in found["next_conditions"]] == [3001, 300_100, 5]
    assert (await mall.buy(member, 1))["tier"] == "gold"


async def test_interactions_and_social_deeds_count(mall: Shop) -> None:
    await mall.tick()
    member = uuid4()
    await mall.batch([mall.order(member, 1000) for _ in range(12)])
    assert (await tier(mall, member))["tier"] == "gold"
    programme = Programme(ladder_id="B")
    for number in range(4):
        async with mall.running.db.transaction() as tx:
            deed = Gain(member, "share", f"s{number}", tx.now, 5, interactions=1, social=1)
            after = (await gain(tx, programme, [deed]))[member]
    assert (after.tier, after.social) == ("platinum", 4)
    found = await tier(mall, member)
    assert (found["tier"], found["next_tier"]) == ("platinum", None)
    assert found["kept_until"] == "2018-04-01"


async def test_members_of_another_ladder_are_brought_to_this_one(mall: Shop) -> None:
    await mall.tick()
    member = uuid4()
    await mall.buy(member, 10)
    async with mall.running.db.transaction() as tx:
        await tx.execute("UPDATE member SET tier = 'diamond'")
    assert (await tier(mall, member))["tier"] == "platinum"
    mall.move(midnight(date(2017, 3, 16)))
    await mall.tick()
    found = await tier(mall, member)
    assert [(s["previous"], s["tier"]) for s in found["history"]] == [("diamond", "platinum")]
    assert (await mall.get("/v1/points/stats"))["tiers"]["platinum"] == 1


async def test_months_are_kept_for_ladders_without_windows_too(shop: Shop) -> None:
    member = uuid4()
    await shop.batch([shop.order(member, 3), shop.order(member, 4)])
    async with shop.running.db.transaction(readonly=True) as tx:
        (row,) = await tx.fetch("SELECT * FROM member_month")
    assert tuple(row) == (member, date(2017, 3, 1), 2, 700, 0)
