"""What rules ask about members: what profile and identity tell, in any sequence."""

import random
from uuid import UUID, uuid4

from services.points.tests.conftest import NOON, Shop
from services.points.tests.rules import body, post

from contracts.events import MemberRegistered, MembersMerged, Product, ProductsChanged
from contracts.points_events import TagsChanged
from points_service.catalogue.subscribers import on_products
from points_service.earning.subscribers import on_tags
from points_service.members.subscribers import on_registered
from points_service.merges.subscribers import on_merged
from points_service.programme import Programme


async def test_what_profile_and_identity_tell_is_asked_about(shop: Shop, member: UUID) -> None:
    await post(shop, body("tagged", "fixed", 5, {"kind": "tag", "any_of": ["lapsed"]}))
    await post(shop, body("birthday", "multiplier", 200, {"kind": "birthday", "any_of": ["month"]}))
    await post(shop, body("dairy", "fixed", 1, {"kind": "category", "any_of": ["DAIRY"]}))
    assert (await shop.buy(member, 10))["points"] == 10
    other = uuid4()
    async with shop.running.db.transaction() as tx:
        told = MemberRegistered(other, NOON, birth_month=3)
        await on_registered(Programme()).handler(tx, [told])
        await on_tags(tx, [TagsChanged([(member, 1, ["lapsed"]), (other, 2, ["old"])])])
        await on_products(tx, [ProductsChanged([Product("milk", category="DAIRY")])])
    assert (await shop.buy(member, 10))["points"] == 10 + 5 + 1
    assert (await shop.buy(other, 10))["points"] == 20 + 1
    async with shop.running.db.transaction() as tx:
        gone = MembersMerged(uuid4(), other, member, NOON, "phone:x")
        await on_merged(Programme()).handler(tx, [gone])
        late = TagsChanged([(member, 4, ["old"])])  # before profile heard of the merge
        await on_tags(tx, [TagsChanged([(other, 3, ["lapsed", "lapsed=90"])]), late])
        await on_products(tx, [ProductsChanged([Product("milk", category="OTHER")])])
    assert (await shop.buy(other, 10))["points"] == 20 + 5
    assert await shop.buy(other, 0)


async def test_tags_told_again_and_in_any_sequence_end_the_same(shop: Shop) -> None:
    told = [TagsChanged([(UUID(int=who), version, [f"v={version}"])])
            for who, version in ((1, 1), (2, 2), (1, 3), (1, 5), (2, 7))]  # fmt: skip
    for seed in range(8):
        chance = random.Random(seed)
        again = [each for each in told for _ in range(chance.randint(1, 4))]
        chance.shuffle(again)
        while again:
            size = chance.randint(1, 4)
            async with shop.running.db.transaction() as tx:
                await on_tags(tx, again[:size])
            again = again[size:]
        async with shop.running.db.transaction() as tx:
            rows = await tx.fetch("SELECT * FROM member_tags ORDER BY member_id")
            await tx.execute("DELETE FROM member_tags")
        assert [tuple(row) for row in rows] == [
            (UUID(int=1), 5, ["v=5"]), (UUID(int=2), 7, ["v=7"])
        ]  # fmt: skip
