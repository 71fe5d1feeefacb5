"""The search for those whom an incident concerns: services that are away, and kills in between."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, Seen

from chassis.clock import DrivenClock
from contracts.roles import Role
from gateway_service.incidents.use_cases import DUE, search
from gateway_service.proxy.client import Answer
from testkit import eventually

Start = Callable[..., Awaitable[Gateway]]
LEAK = {
    "nature": "leak", "cause": "intrusion", "since": "2000-01-01T00:00:00Z",
    "until": "2100-01-01T00:00:00Z",
}  # fmt: skip
MEMBERS = {"member": [UUID(int=1), UUID(int=2)], "orders": [UUID(int=2), UUID(int=3)]}


@pytest.fixture
def services(inner: Inner) -> set[str]:
    """Services that hold rows; the tables named in the set do not answer."""
    away: set[str] = set()

    def affected(seen: Seen) -> tuple[int, Any]:
        table = seen.json["table"]
        if table in away:
            return 503, {}
        return 200, {"members": [str(each) for each in MEMBERS[table]]}

    inner.replies["POST /internal/affected"] = affected
    return away


async def opened(gateway: Gateway, *tables: str) -> str:
    headers = await gateway.as_(Role.COMPLIANCE)
    wish = {**LEAK, "tables": list(tables)}
    answer = await gateway.http.post("/v1/incidents", json=wish, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["incident_id"])


async def shown(gateway: Gateway, incident: str) -> dict[str, Any]:
    headers = await gateway.as_(Role.COMPLIANCE)
    found: dict[str, Any] = (
        await gateway.http.get(f"/v1/incidents/{incident}", headers=headers)
    ).json()
    return found


async def until(gateway: Gateway, incident: str, what: Callable[[Any], Any]) -> dict[str, Any]:
    async def seen() -> Any:
        now = await shown(gateway, incident)
        return what(now) and now

    found: dict[str, Any] = await eventually(seen, says="the search does not come so far")
    return found


async def test_a_service_that_is_away_is_seen_and_holds_up_nobody(
    gateway: Gateway, services: set[str], clock: DrivenClock
) -> None:
    services.add("orders")
    first = await opened(gateway, "points.orders", "identity.member")
    second = await opened(gateway, "identity.member")
    await until(gateway, second, lambda now: now["finished_at"])  # opened later, and done
    halfway = await until(gateway, first, lambda now: now["done"] == 1)
    assert halfway["waiting"] == ["points.orders"] and halfway["members"] == 2
    assert halfway["finished_at"] is None and halfway["notices"] is None and not halfway["late"]
    clock.move(clock.now() + DUE * 2)
    assert (await shown(gateway, first))["late"]
    services.clear()
    whole = await until(gateway, first, lambda now: now["finished_at"])
    assert (whole["waiting"], whole["members"], whole["late"]) == ([], 3, False)
    assert whole["notices"] and {each["of"]: each["members"] for each in whole["by_table"]} == {
        "identity.member": 2, "points.orders": 2,
    }  # fmt: skip


async def test_an_answer_that_nobody_understands_is_none(
    gateway: Gateway, inner: Inner, services: set[str]
) -> None:
    good = inner.replies["POST /internal/affected"]
    nonsenses: tuple[Any, ...] = (b"not json", {"members": ["13800138000"]}, {"who": []})
    for nonsense in nonsenses:
        inner.replies["POST /internal/affected"] = 200, nonsense
        incident = await opened(gateway, "identity.member")
        for _ in range(2):
            assert not await search(gateway.app.db, gateway.parts.inner, gateway.parts.audit)
        assert (await shown(gateway, incident))["waiting"] == ["identity.member"]
    inner.replies["POST /internal/affected"] = good
    assert (await until(gateway, incident, lambda now: now["finished_at"]))["members"] == 2


async def test_a_search_that_is_killed_goes_on_where_it_was(
    gateway: Gateway, services: set[str], start_gateway: Start
) -> None:
    services.update(("member", "orders"))
    incident = await opened(gateway, "points.orders", "identity.member")
    services.clear()
    services.add("orders")
    await until(gateway, incident, lambda now: now["done"] == 1)
    asked = asyncio.Event()

    class Hanging:
        """A service that takes a question and says nothing."""

        async def request(self, *_args: Any, **_more: Any) -> Answer:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

    async def searching() -> None:
        while True:  # until the incident is not in somebody else's hands
            await search(gateway.app.db, Hanging(), gateway.parts.audit)  # type: ignore[arg-type]

    work = asyncio.create_task(searching())
    await asked.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    after = await start_gateway()
    services.clear()
    whole = await until(after, incident, lambda now: now["finished_at"])
    assert (whole["done"], whole["members"]) == (2, 3)
    async with after.app.db.transaction(readonly=True) as tx:
        done = await tx.fetchval("SELECT done FROM incident")
        told = await tx.fetchval(
            "SELECT count(*) FROM audit WHERE body::jsonb ->> 'operation' = 'incident searched'"
        )
    assert sorted(done) == ["identity.member", "points.orders"] and told == 1
