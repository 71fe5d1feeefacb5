"""Whatever is done in whatever sequence: one live owner each, and the way back is known."""

from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.identity.tests.samples import activity, batch, hear, member_id, registration, token

from chassis.database import Database
from testkit.apps import RunningApp
from testkit.databases import Databases

NUMBERS = st.integers(1, 5)
IDENTIFIERS = st.tuples(
    st.sampled_from(["phone", "card_no", "device_id"]), st.sampled_from(["a", "b", "c"])
)
SOME = st.lists(IDENTIFIERS, min_size=1, max_size=3, unique=True)
ACTIONS = st.one_of(
    st.tuples(st.just("join"), NUMBERS, SOME),
    st.tuples(st.just("link"), NUMBERS, IDENTIFIERS),
    st.tuples(st.just("merge"), NUMBERS, NUMBERS),
    st.tuples(st.just("behave"), st.none() | NUMBERS, SOME),
)


async def act(app: RunningApp, action: Any) -> None:
    """Do one thing; problems are answers, too."""
    match action:
        case ("join", number, identifiers):
            members = {"members": [registration(number, *identifiers)]}
            answer = await app.client.post("/v1/members/batch", json=members)
        case ("link", number, (kind, value)):
            path = f"/v1/members/{member_id(number)}/identifiers"
            answer = await app.client.post(path, json={"kind": kind, "value": token(kind, value)})
        case ("merge", one, other):
            body = {"survivor_id": str(member_id(one)), "absorbed_id": str(member_id(other))}
            answer = await app.client.post("/v1/merges", json=body)
        case ("behave", number, identifiers):
            named = member_id(number) if number else None
            await hear(app, batch([activity(*identifiers, member_id=named)]))
            return
    assert answer.status_code in (200, 201, 404, 409, 422), answer.text


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(actions=st.lists(ACTIONS, min_size=3, max_size=14))
async def test_any_sequence_leaves_one_live_owner_each_and_the_way_back(
    actions: list[Any], identity: RunningApp, databases: Databases
) -> None:
    await databases.empty("identity")
    for action in actions:
        await act(identity, action)
    members, identifiers, merges = await _everything(identity.db)
    live = {one for one, into in members.items() if into is None}
    assert all(into is None or into in live for into in members.values())
    assert all(row["member_id"] in live for row in identifiers)
    owned: dict[UUID, set[str]] = {one: set() for one in live}
    for row in identifiers:
        owned[row["member_id"]].add(row["index"])
    while undoable := [one for one in merges if one["survivor_id"] in owned]:
        merges.remove(undone := undoable[0])
        moved = set(undone["moved"]["identifiers"])
        assert moved <= owned[undone["survivor_id"]]
        owned[undone["survivor_id"]] -= moved
        owned[undone["absorbed_id"]] = moved
    assert not merges and set(owned) == set(members)
    for member, indexes in owned.items():
        assert indexes == {
            row["index"] for row in identifiers if row["original_member_id"] == member
        }


async def _everything(db: Database) -> tuple[dict[UUID, UUID | None], list[Any], list[Any]]:
    async with db.transaction() as tx:
        members = await tx.fetch("SELECT member_id, merged_into FROM member")
        identifiers = await tx.fetch("SELECT * FROM identifier")
        merges = await tx.fetch("SELECT survivor_id, absorbed_id, moved FROM merge")
    return {row["member_id"]: row["merged_into"] for row in members}, identifiers, merges
