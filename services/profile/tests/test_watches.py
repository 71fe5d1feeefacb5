"""What somebody waits for is told as it is collected: of whom may be told, once, while of use."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest_asyncio
from services.profile.tests.world import NOON, World, activity, batch, index, member, order, utc

from chassis.clock import DrivenClock
from contracts.behaviour import (
    BACK_IN_STOCK,
    BackInStock,
    BehaviourSeen,
    Interested,
    Seen,
    Watch,
    WatchesChanged,
)
from contracts.classification import Kind
from contracts.events import IdentifierLinked, Product, Store
from contracts.forecasts import StockBatch, StockLevel
from contracts.gateway_events import ConsentAnswer, ConsentChanged
from profile_service.catalogue import use_cases as catalogue
from profile_service.forecasts import use_cases as forecasts
from profile_service.rights import use_cases as rights
from profile_service.segments.subscribers import consents
from profile_service.subjects.subscribers import subscriptions
from profile_service.watches import use_cases as watches
from profile_service.watches.domain import chosen

MINUTE = timedelta(minutes=1)


class Watching(World):
    """A profile of which campaign wants to know some things."""

    async def wait_for(self, *names: str, within: int = 30, version: int = 1) -> None:
        event = WatchesChanged(version, [Watch(name, within) for name in names])
        async with self.db.transaction() as tx:
            await watches.follow(tx, [event])

    async def agree(self, number: int, *, granted: bool = True, at: datetime = NOON) -> None:
        answer = ConsentAnswer(member(number), "personalised_recommendation", None, granted)
        event = ConsentChanged([answer], at)
        async with self.db.transaction() as tx:
            await rights.changed(tx, self.ids, [event])
            await consents(tx, self.ids, [event])

    async def identify(self, phone: int, number: int) -> None:
        """An identifier turns out to be a member's, the way the subscriber does it."""
        _, linked, *_ = subscriptions(self.ids, self.collector.lookout)
        event = IdentifierLinked(member(number), Kind.PHONE, index(phone), NOON, "activity")
        async with self.db.transaction() as tx:
            await linked.handler(tx, [event])

    async def told(self, event: type[Any] = BehaviourSeen) -> list[Any]:
        """What was told since the last call."""
        async with self.db.transaction() as tx:
            rows = await tx.fetch(
                "WITH gone AS (DELETE FROM outbox WHERE subject = $1 RETURNING id, payload)"
                " SELECT payload FROM gone ORDER BY id",
                event.subject,
            )
        return [msgspec.json.decode(row["payload"], type=event) for row in rows]

    async def seen(self) -> list[Seen]:
        return [each for event in await self.told() for each in event.seen]

    async def stock(self, **levels: int) -> None:
        async with self.db.transaction() as tx:
            rows = [StockLevel(sku, n) for sku, n in levels.items()]
            await forecasts.write_stock(tx, StockBatch(rows))
        async with self.db.transaction() as tx:
            await watches.tell_restocks(tx)


@pytest_asyncio.fixture(loop_scope="session")
async def watching(world: World, clock: DrivenClock) -> Watching:
    clock.move(NOON, ticking=False)
    found = Watching(world.db)
    await found.register(1)
    await found.agree(1)
    return found


def viewed(key: str, *, at: datetime = NOON, **fields: Any) -> Any:
    fields.setdefault("member_id", member(1))
    return batch(activity(key, at=at, **fields))


async def test_what_is_waited_for_is_told_once_and_nothing_else(watching: Watching) -> None:
    await watching.collect(viewed("before"))
    assert await watching.seen() == []
    await watching.wait_for("Product Viewed")
    await watching.collect(viewed("a", channel="app"), viewed("b", event="Product Shared"))
    await watching.collect(viewed("a", channel="app"))
    assert await watching.seen() == [Seen(member(1), "Product Viewed", utc(NOON), "app")]
    await watching.wait_for("Product Shared", version=3)
    await watching.wait_for("Product Viewed", version=2)  # late
    await watching.collect(viewed("c"), viewed("d", event="Product Shared"))
    assert [each.name for each in await watching.seen()] == ["Product Shared"]


async def test_only_of_who_said_yes_and_not_what_is_long_ago(watching: Watching) -> None:
    await watching.wait_for("Product Viewed")
    await watching.register(2)  # was never asked
    await watching.collect(viewed("a", member_id=member(2)), viewed("b", at=NOON - 31 * MINUTE))
    assert await watching.seen() == []
    await watching.collect(viewed("c", at=NOON - 30 * MINUTE))
    assert len(await watching.seen()) == 1
    await watching.agree(1, granted=False, at=NOON + MINUTE)
    await watching.collect(viewed("d"))
    assert await watching.seen() == []


async def test_a_visitor_who_turns_out_to_be_a_member(watching: Watching) -> None:
    """What was done of late is told when it is known who did it; what is old is not, nor twice."""
    await watching.wait_for("Product Viewed", within=20)
    await watching.collect(
        viewed("old", at=NOON - 25 * MINUTE, member_id=None, phone=5),
        viewed("new", at=NOON - 5 * MINUTE, member_id=None, phone=5),
        viewed("other", event="Product Shared", member_id=None, phone=5),
    )
    assert await watching.seen() == []
    await watching.identify(5, 1)
    await watching.identify(5, 1)
    assert [each.occurred_at for each in await watching.seen()] == [utc(NOON - 5 * MINUTE)]


async def test_the_catalogue_adds_its_words(watching: Watching) -> None:
    await watching.wait_for("Product Viewed", "Store Entered")
    stores = [
        Store("s1", "一楼店", "北京", "mall-1"), Store("s2", "鞋店", "北京", "mall-1"),
        Store("s3", "别处", "北京", "mall-2"), Store("s4", None, "北京", "mall-1"),
        Store("s5", "天津店", "天津"), Store("s6", "天津二店", "天津"),
    ]  # fmt: skip
    async with watching.db.transaction() as tx:
        await catalogue.write_products(tx, [Product("milk", "奶粉" * 60, "母婴", "奶粉类", "甲")])
        await catalogue.write_stores(tx, stores)
    said = {"sku": "milk", "category": "whatever", "price": 199, "secret": "x"}
    await watching.collect(
        viewed("a", properties=said),
        viewed("b", event="Store Entered", properties={"store_id": "s1"}),
        viewed("c", event="Store Entered", properties={"store_id": "s5"}),
    )
    told = sorted((each.properties for each in await watching.seen()), key=str)
    assert told == sorted(
        [
            {"sku": "milk", "category": "奶粉类", "price": 199.0, "name": "奶粉" * 50,
             "department": "母婴", "brand": "甲"},
            {"store": "s1", "store_name": "一楼店", "city": "北京", "mall": "mall-1",
             "nearby": ["鞋店"]},
            {"store": "s5", "store_name": "天津店", "city": "天津", "nearby": ["天津二店"]},
        ],
        key=str,
    )  # fmt: skip


def test_nothing_that_identifies_anybody_is_chosen() -> None:
    sealed = "hy2.am1.phone.AAAAAAAAAAAAAAAAAAAAAA.BBBB.CCCC"
    given = {
        "zone": sealed, "topic": f"call {sealed}", "activity": "x" * 101, "name": "张三",
        "phone": "13800000000", "quantity": True, "price": "9", "category": ["a"], "seconds": 630,
    }  # fmt: skip
    assert chosen(given) == {"minutes": 10.5}


async def test_goods_that_are_there_again_with_who_wanted_them(watching: Watching) -> None:
    await watching.register(2)
    await watching.agree(2)
    await watching.register(3)  # was never asked
    await watching.collect(
        viewed("a", at=NOON - timedelta(days=29), properties={"sku": "milk"}),
        viewed("b", at=NOON - timedelta(days=31), member_id=member(2), properties={"sku": "milk"}),
        viewed("c", member_id=member(3), properties={"sku": "milk"}),
    )
    await watching.record(*_bought(("o1", 2, 100), ("o2", 1, 200), ("o3", 3, 1)))
    await watching.stock(milk=0, soap=0)
    await watching.stock(milk=5)
    assert await watching.told(BackInStock) == []  # nobody waited
    await watching.wait_for(BACK_IN_STOCK)
    await watching.stock(milk=0, soap=0)
    await watching.stock(milk=3, soap=1, bread=9)
    await watching.stock(milk=4)
    assert await watching.told(BackInStock) == [
        BackInStock(
            "milk", utc(NOON),
            [Interested(member(1), viewed=True), Interested(member(2), bought=True)],
        )
    ]  # fmt: skip


def _bought(*rows: tuple[str, int, int]) -> Sequence[Any]:
    return [
        order(number, member(who), at=NOON - timedelta(days=days), items=[("milk", 1, 100)])
        for number, who, days in rows
    ]
