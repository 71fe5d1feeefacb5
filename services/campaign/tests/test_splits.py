"""A merge taken back leaves both as if there had been none, but for what came meanwhile."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.campaign.tests.world import World, at

from testkit.databases import Databases

_WHO = st.integers(1, 4)
_ACTIONS = st.one_of(
    st.tuples(st.just("order"), _WHO, st.integers(1, 28)),
    st.tuples(st.just("merge"), _WHO, _WHO),
    st.tuples(st.just("split"), st.integers(0, 9), st.just(0)),
)


async def people(world: World) -> dict[int, tuple[datetime | None, int]]:
    """(last order, orders) by member."""
    async with world.db.transaction() as tx:
        rows = await tx.fetch("SELECT member_id, last_order_at, orders FROM member")
    return {row["member_id"].int: (row["last_order_at"], row["orders"]) for row in rows}


class Model:
    """Orders by the id they were told of, and who is merged into whom."""

    def __init__(self) -> None:
        self.orders: dict[int, list[datetime]] = {n: [] for n in range(1, 5)}
        self.merges: dict[int, int] = {}

    def root(self, number: int) -> int:
        while number in self.merges:
            number = self.merges[number]
        return number

    def below(self, top: int) -> list[int]:
        found = [top]
        for each in found:
            found += [gone for gone, kept in self.merges.items() if kept == each]
        return found

    def people(self) -> dict[int, tuple[datetime | None, int]]:
        tops = {self.root(number) for number in self.orders}
        told = {top: [at for n in self.below(top) for at in self.orders[n]] for top in tops}
        return {top: (max(days, default=None), len(days)) for top, days in told.items()}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(actions=st.lists(_ACTIONS, min_size=3, max_size=14))
async def test_any_sequence_of_merges_and_splits_ends_where_it_should(
    actions: Sequence[Any], world: World, databases: Databases
) -> None:
    await databases.empty("campaign")
    model = Model()
    await world.members(1, 2, 3, 4)
    for what, one, other in [*actions, *[("split", 0, 0)] * 3]:
        if what == "order":
            model.orders[one].append(at(f"2017-03-{other:02}"))
            await world.order(one, f"2017-03-{other:02}")
        elif what == "merge" and (kept := model.root(one)) != (gone := model.root(other)):
            await world.merge((gone, kept))
            model.merges[gone] = kept
        elif what == "split" and model.merges:
            gone = list(model.merges)[one % len(model.merges)]
            root = model.root(gone)
            model.merges.pop(gone)
            await world.split(root, gone, *model.below(gone)[1:])
        assert await people(world) == model.people()
    async with world.db.transaction() as tx:
        rows = await tx.fetch("SELECT member_id, original_member_id FROM purchase")
        assert all(row["member_id"] == row["original_member_id"] for row in rows)
        assert await tx.fetch("SELECT * FROM member_alias") == []
        assert await tx.fetch("SELECT * FROM member_part") == []


async def test_messages_and_decisions_return_and_a_held_message_goes_to_its_own(
    world: World,
) -> None:
    await world.launched()
    await world.members(1, 2)
    await world.order(1, "2017-03-01")
    await world.order(2, "2017-03-01 01:00")
    await world.midnight("2017-04-01")
    await world.merge((1, 2))
    await world.split(2, 1)
    await world.split(2, 1)  # redelivered
    await world.release("2017-04-01 09:00")
    assert sorted(member for member, _ in await world.messages()) == [1, 2]
    async with world.db.transaction() as tx:
        rows = await tx.fetch("SELECT member_id FROM contact_decision ORDER BY member_id")
    assert [row["member_id"] for row in rows] == [UUID(int=1), UUID(int=2)]
