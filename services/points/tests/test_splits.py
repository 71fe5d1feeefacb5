"""A merge taken back gives each member what was theirs (points and lots: test_books_machine)."""

from datetime import timedelta
from uuid import UUID, uuid4

from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_merges import merge

from contracts.events import CouponOffered, MemberRegistered, MembersSplit
from points_service import tables
from points_service.coupons.subscribers import on_offered
from points_service.members.subscribers import on_registered
from points_service.merges.carried import ONCE
from points_service.merges.repository import MOVING
from points_service.programme import Programme
from points_service.splits.subscribers import on_split

# Facts, told of the id they happened to: read for all of a member's ids, so they need not move.
FACTS = {
    "redemption", "reward_exchange", "orders", "refund", "growth_entry", "tier_change",
    "tier_warning", "enrolment", "identifier",
}  # fmt: skip
ADDED_UP = {"member", "member_month", "rule_use"}
TOLD_ANEW = {"member_tags"}  # by profile


async def split(shop: Shop, survivor: UUID, restored: UUID) -> None:
    event = MembersSplit(uuid4(), survivor, restored, [], [], [], NOON, NOON)
    async with shop.running.db.transaction() as tx:
        await on_split(Programme()).handler(tx, [event])


async def standing(shop: Shop, *people: UUID) -> list[object]:
    """Everything a member can see, but for what tells that there was a merge."""
    found = [
        [await shop.get(f"/v1/members/{who}/{what}") for who in people]
        for what in ("points", "tier", "growth", "coupons", "badges", "benefits")
    ]
    for page in found[1]:
        page["history"] = None
    return list(found)


def test_every_table_of_members_has_a_way_back() -> None:
    named = {table.__tablename__ for table in vars(tables).values() if hasattr(table, "__table__")}
    found = {
        name
        for name in named
        if any(
            column.name in {"member_id", "referrer_id", "referred_id"}
            for column in tables.Table.metadata.tables[str(name)].columns
        )
    }
    ways = {thing.table for thing in MOVING} | set(ONCE) | FACTS | ADDED_UP | TOLD_ANEW
    assert found == ways


async def test_both_are_as_if_never_merged(shop: Shop) -> None:
    one, other = uuid4(), uuid4()
    async with shop.running.db.transaction() as tx:
        registered = [MemberRegistered(who, NOON, birth_month=5) for who in (one, other)]
        await on_registered(Programme()).handler(tx, registered)
    await shop.buy(one, 300)
    await shop.buy(other, 1800, paid_at=(NOON - timedelta(days=5)).isoformat())
    await shop.redeem(other, 100)
    for who, code in ((one, "A"), (other, "B")):
        async with shop.running.db.transaction() as tx:
            offer = CouponOffered(uuid4(), code, who, uuid4(), 20, NOON, NOON + timedelta(days=7))
            await on_offered(tx, [offer])
        answer = await shop.client.post(
            f"/v1/members/{who}/acts", json={"kind": "check_in", "ref": f"c-{code}"}
        )
        assert answer.status_code in (200, 201), answer.text
    before = await standing(shop, one, other)
    for _ in range(2):  # and again
        await merge(shop, (one, other))
        assert (await shop.get(f"/v1/members/{one}/tier"))["tier"] == "gold"
        await split(shop, one, other)
        await split(shop, one, other)  # redelivered
        assert await standing(shop, one, other) == before
    await shop.check_books()
    await shop.check_chain()


async def test_what_is_refunded_after_a_split_finds_the_lots_it_was_spent_from(shop: Shop) -> None:
    one, other = uuid4(), uuid4()
    brought = await shop.buy(other, 500, paid_at=(NOON - timedelta(days=5)).isoformat())
    await merge(shop, (one, other))
    bought = await shop.buy(one, 10)
    spent = {"order_no": bought["order_no"], "store": "s1"}
    assert (await shop.redeem(one, 300, **spent)).status_code == 200
    assert (await shop.refund(brought["order_no"], "r0", 100_00)).status_code == 200
    await split(shop, one, other)
    assert (await shop.points(other))["redeemable"] == 100  # 500 - 300 spent - 100 taken back
    assert (await shop.points(one))["redeemable"] == 12  # as silver
    assert (await shop.refund(bought["order_no"], "r1")).json()["points_restored"] == 300
    assert (await shop.points(one))["redeemable"] == 300
    assert (await shop.refund(brought["order_no"], "r2")).json()["points_reversed"] == 400
    assert (await shop.get(f"/v1/members/{other}/points"))["redeemable"] == 0
    growth = [(await shop.get(f"/v1/members/{who}/growth"))["growth"] for who in (one, other)]
    assert growth == [0, 0]
    await shop.check_books()


async def test_a_split_inside_a_merge(shop: Shop) -> None:
    """Somebody who came by two merges leaves alone, and later the one in between."""
    top, middle, leaf = uuid4(), uuid4(), uuid4()
    for who, yuan in ((top, 10), (middle, 20), (leaf, 40)):
        await shop.buy(who, yuan)
    before = await standing(shop, top, middle, leaf)
    await merge(shop, (middle, leaf), (top, middle))
    await split(shop, top, leaf)
    assert (await shop.points(top))["redeemable"] == 30
    await split(shop, top, middle)
    assert await standing(shop, top, middle, leaf) == before
    await shop.check_books()
