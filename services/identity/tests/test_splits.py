"""A merge can be taken back exactly, whatever was merged and split before and after it."""

import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.identity.tests.samples import activity, batch, hear, index, member_id
from services.identity.tests.test_members import join, told
from services.identity.tests.test_merging import CARD, OPENID, PHONE, link, merge

from contracts.events import MembersSplit
from contracts.roles import Role
from testkit.apps import RunningApp
from testkit.databases import Databases

CITIES = {1: "Beijing", 2: "Shanghai", 4: "Xiamen"}  # 3 and 5 have a gap
_NUMBER = st.integers(1, 5)
_ACTIONS = st.one_of(
    st.tuples(st.just("merge"), _NUMBER, _NUMBER),
    st.tuples(st.just("split"), st.integers(0, 9), st.none()),
    st.tuples(st.just("link"), _NUMBER, st.sampled_from("abcd")),
    st.tuples(st.just("move"), _NUMBER, st.sampled_from(("Wuhan", "Xi'an"))),
)


async def split(app: RunningApp, merge_id: str, **more: Any) -> Any:
    return await app.client.post(f"/v1/merges/{merge_id}/split", **more)


async def person(app: RunningApp, number: int) -> dict[str, Any]:
    found: dict[str, Any] = (await app.client.get(f"/v1/members/{member_id(number)}")).json()
    return found


async def kinds(app: RunningApp, number: int) -> list[str]:
    page = (await app.client.get(f"/v1/members/{member_id(number)}/identifiers")).json()
    return sorted(row["kind"] for row in page["data"])


async def test_a_split_gives_back_what_the_merge_moved(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD, city="Beijing")
    done = (await merge(identity, 1, 2)).json()
    await link(identity, 1, OPENID)
    would = await split(identity, done["merge_id"], params={"dry_run": "true"})
    assert would.json()["split_at"] is None and (await person(identity, 2))["city"] == "Beijing"
    answer = await split(identity, done["merge_id"], headers={"Idempotency-Key": "once"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["identifiers"] == ["card_no"] and answer.json()["cleared"] == ["city"]
    again = await split(identity, done["merge_id"], headers={"Idempotency-Key": "once"})
    assert again.json() == answer.json()
    assert (await split(identity, done["merge_id"])).json()["code"] == "already_split"
    for number, city, owned in (
        (1, None, ["miniprogram_openid", "phone"]),
        (2, "Beijing", ["card_no"]),
    ):
        member = await person(identity, number)
        assert (member["member_id"], member["city"]) == (str(member_id(number)), city)
        assert member["absorbed"] == [] and await kinds(identity, number) == owned
    assert (await told(identity))[-1] == "members_split"
    undone = (await identity.client.get(f"/v1/merges/{done['merge_id']}")).json()
    assert undone["undone_at"] == answer.json()["split_at"]


async def test_who_may_and_what_is_refused(identity: RunningApp) -> None:
    unknown = await split(identity, str(member_id(9)))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_merge")
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    done = (await merge(identity, 1, 2)).json()
    async with identity.db.transaction() as tx:
        await tx.execute("UPDATE member SET erased_at = now()")
    gone = await split(identity, done["merge_id"])
    assert (gone.status_code, gone.json()["code"]) == (409, "member_erased")


async def test_the_same_evidence_does_not_merge_again_but_staff_do(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    both = batch([activity(PHONE, CARD)])
    await hear(identity, both)
    async with identity.db.transaction() as tx:
        merge_id = await tx.fetchval("SELECT merge_id FROM merge")
    await split(identity, str(merge_id))
    await hear(identity, both)
    assert (await person(identity, 2))["member_id"] == str(member_id(2))
    assert (await link(identity, 1, CARD, Role.MEMBER)).status_code == 409
    again = (await merge(identity, 1, 2)).json()
    await split(identity, again["merge_id"])
    await merge(identity, 1, 2)
    async with identity.db.transaction() as tx:
        assert await tx.fetch("SELECT * FROM kept_apart") == []


class Model:
    """What should be: facts by the id they were told of, and the merges in force, in sequence."""

    def __init__(self) -> None:
        self.city: dict[int, str | None] = {n: CITIES.get(n) for n in range(1, 6)}
        self.owned: dict[int, set[str]] = {n: {f"card_no:{n}"} for n in range(1, 6)}
        self.merges: list[tuple[str, int, int]] = []

    def root(self, number: int) -> int:
        for _, kept, gone in self.merges:
            if gone == number:
                return self.root(kept)
        return number

    def below(self, number: int) -> set[int]:
        return {n for n in range(1, 6) if self.root(n) == number}

    def cities(self) -> dict[int, str | None]:
        found = dict(self.city)
        for _, kept, gone in self.merges:
            found[kept] = found[kept] or found[gone]
        return found


async def act(app: RunningApp, model: Model, action: Any) -> None:
    match action:
        case ("merge", one, other):
            kept, gone = model.root(one), model.root(other)
            answer = await merge(app, one, other)
            if kept == gone:
                assert answer.status_code == 409
            else:
                model.merges.append((answer.json()["merge_id"], kept, gone))
        case ("split", which, _):
            if model.merges:
                undone = model.merges.pop(which % len(model.merges))
                assert (await split(app, undone[0])).status_code == 200
        case ("link", number, value):
            answer = await link(app, number, ("phone", value), Role.MEMBER)
            if answer.status_code == 201:
                model.owned[model.root(number)].add(index("phone", value))
        case ("move", number, city):
            await app.client.patch(f"/v1/members/{member_id(number)}", json={"city": city})
            model.city[model.root(number)] = city


@settings(
    max_examples=300 if os.environ.get("TEST_LONG") else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(actions=st.lists(_ACTIONS, min_size=4, max_size=14))
async def test_any_sequence_of_merges_and_splits_ends_where_it_should(
    actions: Sequence[Any], identity: RunningApp, databases: Databases
) -> None:
    await databases.empty("identity")
    model = Model()
    for number, city in model.city.items():
        known = {"city": city} if city else {}
        await join(identity, number, ("card_no", str(number)), **known)
        model.owned[number] = {index("card_no", str(number))}
    for action in actions:
        await act(identity, model, action)
    await _check(identity, model)
    while model.merges:  # and all the way back
        await act(identity, model, ("split", 0, None))
    await _check(identity, model)


async def _check(app: RunningApp, model: Model) -> None:
    cities = model.cities()
    async with app.db.transaction() as tx:
        rows = await tx.fetch("SELECT member_id, index FROM identifier")
    owned: dict[UUID, set[str]] = {}
    for row in rows:
        owned.setdefault(row["member_id"], set()).add(row["index"])
    for number in range(1, 6):
        root = model.root(number)
        member = await person(app, number)
        assert member["member_id"] == str(member_id(root))
        assert member["city"] == cities[root]
        assert set(member["absorbed"]) == {str(member_id(n)) for n in model.below(root) - {root}}
        if root == number:
            wanted = set().union(*(model.owned[n] for n in model.below(root)))
            assert owned[member_id(root)] == wanted


async def test_what_is_told_is_enough_to_follow(identity: RunningApp) -> None:
    """A reader that hears merges and splits in sequence knows who answers for whom."""
    for number in (1, 2, 3):
        await join(identity, number, ("card_no", str(number)))
    await merge(identity, 2, 3)
    second = (await merge(identity, 1, 2)).json()
    await split(identity, second["merge_id"])
    async with identity.db.transaction() as tx:
        payload = await tx.fetchval(
            "SELECT payload FROM outbox WHERE subject = $1", MembersSplit.subject
        )
    event = msgspec.json.decode(payload, type=MembersSplit)
    assert (event.survivor_id, event.restored_id) == (member_id(1), member_id(2))
    assert event.members == [member_id(3)]
    assert set(event.identifiers) == {index("card_no", "2"), index("card_no", "3")}
