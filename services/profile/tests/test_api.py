"""The service as the gateway and the bus meet it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from services.profile.tests.world import NOON, activity, batch, index, member, order

from chassis.bus import Bus
from chassis.clock import DrivenClock
from contracts.base import Event
from contracts.classification import Kind
from contracts.events import (
    IdentifierLinked,
    MemberRegistered,
    MembersMerged,
    OrderRefunded,
    OrdersRecorded,
    ProductsChanged,
)
from contracts.roles import Role
from testkit import eventually
from testkit.apps import RunningApp


async def tell(app: RunningApp, *events: Event) -> None:
    """Publish, each as a new message, and wait until the service has read everything."""
    bus: Bus = app.app.state.runtime.bus
    for event in events:
        await bus.publish(event.subject, str(uuid4()), msgspec.json.encode(event))

    async def read() -> bool:
        lag: dict[str, int] = await app.app.state.runtime.lag()
        return lag["unread"] == 0

    await eventually(read, says="unread messages")


async def get(app: RunningApp, path: str, role: Role | None = None) -> Any:
    headers = app.headers(role) if role else {}
    answer = await app.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def registered(number: int, **fields: Any) -> MemberRegistered:
    return MemberRegistered(member(number), NOON, **fields)


async def test_a_member_from_all_sides(profile: RunningApp, clock: DrivenClock) -> None:
    clock.move(NOON + timedelta(hours=1), ticking=False)
    await profile.client.post(
        "/v1/products/batch",
        json={"products": [{"sku": "apple", "department": "FRUIT"}]},
    )
    await tell(
        profile,
        registered(1, gender="female", birth_year=1982, birth_month=3, city="北京"),
        IdentifierLinked(member(1), Kind.PHONE, index(1), NOON, "registration"),
        batch(activity("m-1", phone=1, channel="app", properties={"sku": "apple"})),
        OrdersRecorded([order("o-1", member(1)), order("o-2", member(1), channel="ecommerce")]),
        OrderRefunded("o-2", "r-1", member(1), NOON, 50, 0, 0),
    )
    seen = await get(profile, f"/v1/members/{member(1)}/profile")
    assert seen["member_id"] == str(member(1))
    assert (seen["gender"], seen["birth_band"], seen["city"]) == ("female", "1980-1984", "北京")
    assert seen["purchases"]["orders"] == seen["purchases"]["last_30_days"]["orders"] == 2
    assert seen["purchases"]["refunded"] == {"amount": 50, "currency": "CNY"}
    assert seen["purchases"]["by_department_fen"] == {"FRUIT": 500}
    assert seen["purchases"]["by_channel"] == {"pos": 1, "ecommerce": 1}
    assert seen["activity"]["viewed"] == ["apple"]
    assert seen["rfm"].pop("strategy")["name"]["zh"] == "新客试水"
    assert seen["rfm"] == {
        "recency_days": 0, "frequency": 2,
        "monetary": {"amount": 450, "currency": "CNY"}, "cell": "1-1-1",
    }  # fmt: skip
    assert seen["lifecycle"] == "new"
    assert seen["portrait"]["zh"].startswith("女，35-44岁，住在北京，新会员，每月购买FRUIT2次")
    named = {tag["tag"]: tag for tag in seen["tags"]}
    assert named["recent_buyer"]["expires_at"] == "2017-03-22T16:00:00Z"
    tags = await get(profile, f"/v1/members/{member(1)}/tags")
    assert tags == {"member_id": str(member(1)), "data": seen["tags"]}
    assert {row["tag"] for row in (await get(profile, "/v1/tags"))["data"]} >= named.keys()
    figures = await get(profile, "/v1/insights/purchases", Role.ANALYST)
    assert figures == {
        "orders": 2, "lines": 2, "paid_fen": 500, "refunded_fen": 50, "members": 1,
    }  # fmt: skip


async def test_facts_told_again_change_nothing(profile: RunningApp, clock: DrivenClock) -> None:
    clock.move(NOON + timedelta(hours=1), ticking=False)  # tags say when they were decided
    facts = (
        registered(1),
        OrdersRecorded([order("o-1", member(1))]),
        batch(activity("m-1", member_id=member(1))),
    )
    await tell(profile, *facts)
    before = await get(profile, f"/v1/members/{member(1)}/profile")
    await tell(profile, *facts)
    assert await get(profile, f"/v1/members/{member(1)}/profile") == before


async def test_an_absorbed_id_answers_with_the_survivor(
    profile: RunningApp, clock: DrivenClock
) -> None:
    clock.move(NOON + timedelta(hours=1), ticking=False)  # tags say when they were decided
    await tell(
        profile,
        registered(1, city="北京"),
        registered(2, gender="male"),
        OrdersRecorded([order("o-1", member(2)), order("o-2", member(1))]),
        MembersMerged(UUID(int=9), member(1), member(2), NOON, index(1)),
    )
    one, other = [await get(profile, f"/v1/members/{member(n)}/profile") for n in (1, 2)]
    assert one == other
    assert one["member_id"] == str(member(1))
    assert (one["city"], one["gender"], one["purchases"]["orders"]) == ("北京", "male", 2)
    timeline = await get(profile, f"/v1/members/{member(2)}/timeline")
    bought = [entry["order_no"] for entry in timeline["data"] if entry["kind"] == "purchase"]
    assert bought == ["o-2", "o-1"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/members/{member(99)}/profile", 404, "unknown_member"),
        (f"/v1/members/{member(99)}/tags", 404, "unknown_member"),
        (f"/v1/members/{member(99)}/timeline", 404, "unknown_member"),
        ("/v1/members/x/profile", 422, "invalid_body"),
        (f"/v1/members/{member(99)}/timeline?cursor=x", 422, "invalid_cursor"),
        (f"/v1/members/{member(99)}/timeline?limit=201", 422, "invalid_body"),
        (f"/v1/members/{member(99)}/timeline?kind=purchase,nonsense", 422, "unknown_kind"),
        (f"/v1/members/{member(99)}/timeline?since=yesterday", 422, "invalid_body"),
        ("/v1/products/nothing", 404, "unknown_product"),
        ("/v1/stores/nothing", 404, "unknown_store"),
        ("/v1/insights/rfm?scheme=other", 422, "invalid_body"),
        ("/v1/insights/rfm?at=2017-10-01", 422, "invalid_body"),
    ],
)
async def test_what_is_not_there_is_a_problem(
    profile: RunningApp, path: str, status: int, code: str
) -> None:
    answer = await profile.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_rfm_takes_a_time_with_its_zone(profile: RunningApp) -> None:
    for zone in ("+08:00", "%2B08:00"):
        got = await get(profile, f"/v1/insights/rfm?at=2017-10-01T00:00:00{zone}&scheme=days")
        assert datetime.fromisoformat(got["at"]) == datetime.fromisoformat("2017-10-01T00:00+08:00")


async def test_the_catalogue_tells_what_changed(profile: RunningApp) -> None:
    rows = [{"sku": f"s{n}", "department": "FRUIT"} for n in range(3)]
    first = await profile.client.post("/v1/products/batch", json={"products": [*rows, rows[0]]})
    assert first.json() == {"received": 3, "changed": 3}
    rows[1]["department"] = "MEAT"
    again = await profile.client.post("/v1/products/batch", json={"products": rows})
    assert again.json() == {"received": 3, "changed": 1}
    path = "/v1/products/s1"
    put = await profile.client.put(path, json={"name": "Beef", "department": "MEAT"})
    assert put.json() == await get(profile, path)
    assert put.json() == {"sku": "s1", "name": "Beef", "department": "MEAT"}
    async with profile.db.transaction(readonly=True) as tx:
        told = await tx.fetch("SELECT payload FROM outbox ORDER BY id")
    events = [msgspec.json.decode(row["payload"], type=ProductsChanged) for row in told]
    assert [[p.sku for p in event.products] for event in events] == [
        ["s0", "s1", "s2"], ["s1"], ["s1"],
    ]  # fmt: skip


async def test_stores(profile: RunningApp) -> None:
    stores = [{"store_id": "1", "city": "北京"}, {"store_id": "2"}]
    answer = await profile.client.post("/v1/stores/batch", json={"stores": stores})
    assert answer.json() == {"received": 2, "changed": 2}
    put = await profile.client.put("/v1/stores/2", json={"store_id": "2", "name": "Harbour"})
    assert put.json() == await get(profile, "/v1/stores/2") == {"store_id": "2", "name": "Harbour"}


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("PUT", "/v1/products/a", {"sku": "b"}, "/sku"),
        ("PUT", "/v1/stores/a", {"store_id": "b"}, "/store_id"),
        ("PUT", "/v1/products/a", {"colour": "red"}, "/colour"),
        ("POST", "/v1/products/batch", {"products": []}, "/products"),
        ("POST", "/v1/products/batch", {"products": [{"name": "x"}]}, "/products/0/sku"),
        ("POST", "/v1/products/batch", {"products": [{"sku": 7}]}, "/products/0/sku"),
    ],
)
async def test_bad_bodies(
    profile: RunningApp, method: str, path: str, body: Any, pointer: str
) -> None:
    answer = await profile.client.request(method, path, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
