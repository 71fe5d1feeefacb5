"""What is remembered of who owns what is what the tables say, at once, in every process."""

from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.identity.tests.samples import activity, batch, hear, index, member_id
from services.identity.tests.test_any_sequence import act
from services.identity.tests.test_members import join
from services.identity.tests.test_merging import CARD, OPENID, PHONE, link, merge
from services.identity.tests.test_splits import split

from chassis.database import Tx
from contracts.roles import Role
from identity_service.identifiers import owners as remembering
from identity_service.identifiers import repository
from identity_service.identifiers.owners import Owners
from identity_service.merges.repository import owned, roots_of
from identity_service.rights.repository import erase
from testkit.apps import RunningApp
from testkit.databases import Databases

INDEXES = [index(kind, value) for kind in ("phone", "card_no", "device_id") for value in "abc"]
INDEXES += [index(*each) for each in (PHONE, CARD, OPENID)]
MEMBERS = [member_id(number) for number in range(1, 7)]


class Counting:
    """A transaction that counts the queries that go through it."""

    def __init__(self, tx: Tx) -> None:
        self._tx, self.asked = tx, 0

    def __getattr__(self, name: str) -> Any:
        self.asked += 1
        return getattr(self._tx, name)


@pytest_asyncio.fixture(loop_scope="session")
async def processes(identity: RunningApp) -> list[Owners]:
    """Another replica beside the running one."""
    return [identity.app.state.owners, Owners()]


async def agree(app: RunningApp, processes: list[Owners]) -> None:
    """What everybody remembers, against the tables."""
    for remembered in processes:
        async with app.db.transaction(readonly=True) as tx:
            found = await remembered.of(tx, INDEXES, MEMBERS)
            assert found == (await owned(tx, INDEXES), await roots_of(tx, MEMBERS))


async def test_every_change_counts_at_once(identity: RunningApp, processes: list[Owners]) -> None:
    async def ask(wanted: dict[tuple[str, str], int | None]) -> None:
        body = {"indexes": [index(*each) for each in wanted]}
        answer = await identity.client.post("/internal/resolve", json=body)
        assert answer.json()["members"] == {
            index(*each): str(member_id(number)) for each, number in wanted.items() if number
        }
        await agree(identity, processes)

    await ask({PHONE: None, CARD: None})
    await join(identity, 1, PHONE)
    await join(identity, 2, CARD)
    await ask({PHONE: 1, CARD: 2, OPENID: None})
    await hear(identity, batch([activity(CARD, OPENID)]))
    await ask({PHONE: 1, CARD: 2, OPENID: 2})
    done = (await merge(identity, 1, 2)).json()
    await ask({PHONE: 1, CARD: 1, OPENID: 1})
    assert (await split(identity, done["merge_id"])).status_code == 200
    await ask({PHONE: 1, CARD: 2, OPENID: 2})
    account = ("external", "u")
    await link(identity, 1, account, Role.MEMBER)
    await ask({account: 1})
    await link(identity, 2, account)
    await ask({account: 2})
    async with identity.db.transaction() as tx:
        await erase(tx, [member_id(2)])
    await ask({PHONE: 1, CARD: None, OPENID: None, account: None})
    async with identity.db.transaction() as tx:
        (left,) = await tx.fetch("SELECT keys FROM ownership_change")
    assert left["keys"] is None, "no index of the erased stays behind"


async def test_what_is_remembered_costs_one_query(identity: RunningApp) -> None:
    await join(identity, 1, PHONE)
    remembered = Owners()
    for asked in (3, 1, 1):
        async with identity.db.transaction(readonly=True) as tx:
            counting: Any = Counting(tx)
            await remembered.of(counting, INDEXES, [member_id(1)])
        assert counting.asked == asked


async def test_who_fell_behind_forgets_everything(
    identity: RunningApp, processes: list[Owners], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "MOST_CHANGES", 3)
    monkeypatch.setattr(remembering, "MOST", 20)
    await agree(identity, processes)
    for number in range(1, 6):
        await join(identity, number, ("card_no", str(number)))
    await agree(identity, processes)
    async with identity.db.transaction() as tx:
        await repository.forget_changes(tx)
        assert await tx.fetchval("SELECT count(*) FROM ownership_change") == 3
    await merge(identity, 1, 2)
    await agree(identity, processes)


ACTIONS = st.one_of(
    st.tuples(
        st.sampled_from(("join", "behave")),
        st.integers(1, 5),
        st.lists(
            st.tuples(st.sampled_from(("phone", "card_no", "device_id")), st.sampled_from("abc")),
            min_size=1, max_size=3, unique=True,
        ),
    ),
    st.tuples(st.just("merge"), st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.just("erase"), st.integers(1, 5)),
)  # fmt: skip


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(actions=st.lists(ACTIONS, min_size=4, max_size=10))
async def test_after_any_sequence_nothing_is_remembered_that_is_not_so(
    actions: list[Any], identity: RunningApp, processes: list[Owners], databases: Databases
) -> None:
    await databases.empty("identity")
    for action in actions:
        if action[0] == "erase":
            async with identity.db.transaction() as tx:
                await erase(tx, [member_id(action[1])])
        else:
            await act(identity, action)
        await agree(identity, processes)
