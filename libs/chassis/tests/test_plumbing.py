"""Outbox, stream and inbox against real servers: exactly once in effect, in order, nothing lost."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import nats
import pytest

from chassis.clock import DrivenClock
from chassis.database import Database, Tx
from chassis.jobs import DailyJob, Scheduler
from contracts.events import PointsBurnt
from testkit import together
from testkit.apps import RunningApp
from testkit.waiting import eventually

sys.path.insert(0, str(Path(__file__).parent))  # probe_service

pytestmark = pytest.mark.usefixtures("clean")
Start = Callable[..., Awaitable[RunningApp]]


@pytest.fixture
async def db(databases: Any) -> Database:
    databases._stack._servers._roles.setdefault("probe", "probe-password")
    await databases.migrate("probe")
    await databases.empty("probe")
    found: Database = await databases.of("probe")
    return found


@pytest.fixture
async def probe(db: Database, service_app: Start) -> RunningApp:
    return await service_app("probe_service.app")


def burnt(tx: Tx, points: int) -> PointsBurnt:
    return PointsBurnt(
        member_id=tx.ids.new(), points=points, burnt_at=tx.now, journal_id=tx.ids.new()
    )


async def tell(db: Database, *points: int) -> None:
    async with db.transaction() as tx:
        for value in points:
            tx.publish(burnt(tx, value))


async def heard(db: Database) -> list[int]:
    async with db.transaction() as tx:
        return [row["points"] for row in await tx.fetch("SELECT points FROM heard ORDER BY id")]


async def hears(db: Database, expected: list[int], timeout: float = 20) -> None:
    async def same() -> bool:
        return await heard(db) == expected

    try:
        await eventually(same, timeout)
    except AssertionError:
        assert await heard(db) == expected


async def test_what_commits_arrives_once_and_in_order(probe: RunningApp) -> None:
    for start in range(0, 1000, 100):
        await tell(probe.db, *range(start, start + 100))
    await hears(probe.db, list(range(1000)))


async def test_what_rolls_back_is_never_told(probe: RunningApp) -> None:
    with pytest.raises(ValueError, match="no"):
        async with probe.db.transaction() as tx:
            tx.publish(burnt(tx, 1))
            raise ValueError("no")
    await tell(probe.db, 2)
    await hears(probe.db, [2])


async def test_one_statement_needs_no_transaction_and_two_do(db: Database) -> None:
    committed: list[bool] = []
    async with db.statement() as tx:
        await tx.execute("INSERT INTO heard (points) VALUES (1)")
        tx.after_commit(lambda: committed.append(True))
    assert committed == [True]
    with pytest.raises(RuntimeError, match="one statement"):
        async with db.statement() as tx:
            await tx.fetch("SELECT 1")
            await tx.execute("INSERT INTO heard (points) VALUES (2)")
    with pytest.raises(RuntimeError, match="second statement"):
        async with db.statement() as tx:
            tx.publish(burnt(tx, 3))
    assert await heard(db) == [1]


async def test_redelivery_changes_nothing(probe: RunningApp, nats_url: str) -> None:
    await tell(probe.db, *range(50))
    await hears(probe.db, list(range(50)))
    bus = await nats.connect(nats_url)
    await bus.jetstream().delete_consumer("FACTS", "probe")
    await bus.close()
    runtime = probe.app.state.runtime
    await runtime.bus.ensure_consumer("FACTS", "probe", ["points.points_burnt.v1"])
    await tell(probe.db, 50)
    await hears(probe.db, list(range(51)))
    await eventually(lambda: _is_quiet(probe))


async def test_what_is_told_together_is_written_to_disk_together(probe: RunningApp) -> None:
    """And counts once, however it is packed when it is sent again."""
    bus = probe.app.state.runtime.bus
    before = (await bus.js.stream_info("FACTS")).state.last_seq
    await tell(probe.db, *range(200))
    await hears(probe.db, list(range(200)))
    assert (await bus.js.stream_info("FACTS")).state.last_seq - before <= 2
    async with probe.db.transaction() as tx:
        await tx.execute("UPDATE outbox SET published_at = NULL WHERE id % 3 > 0")
    await tell(probe.db, 200)
    await hears(probe.db, list(range(201)))
    await eventually(lambda: _is_quiet(probe))
    assert await heard(probe.db) == list(range(201))


async def _is_quiet(probe: RunningApp) -> bool:
    lag: dict[str, int] = await probe.app.state.runtime.lag()
    return not any(lag.values())


async def test_a_poisoned_event_is_buried_with_its_reason(probe: RunningApp) -> None:
    await tell(probe.db, 1, 66_666, 77_777, 2)
    await hears(probe.db, [1, 77_777, 2])
    async with probe.db.transaction() as tx:
        rows = await tx.fetch("SELECT subject, reason FROM dead_letter")
    assert [tuple(row) for row in rows] == [("points.points_burnt.v1", "never works")]


@pytest.mark.parametrize("server", ["nats", "postgres"])
async def test_a_killed_server_loses_nothing(probe: RunningApp, stack: Any, server: str) -> None:
    sent: list[int] = []

    async def keep_telling() -> None:
        for n in range(300):
            while True:
                try:
                    await tell(probe.db, n)
                    break
                except Exception:  # noqa: BLE001 - the database is away: say it again
                    await eventually(lambda: _reachable(probe.db), 60)
                    if n in await told(probe.db):
                        break  # the commit had succeeded, only its answer was lost
            sent.append(n)

    talking = asyncio.create_task(keep_telling())
    await eventually(lambda: len(sent) > 50)
    stack.kill(server, signal.SIGKILL)
    await talking
    await stack.all_answer()
    await hears(probe.db, list(range(300)), timeout=60)


async def told(db: Database) -> set[int]:
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT payload FROM outbox")
    return {msgspec.json.decode(row["payload"])["points"] for row in rows}


async def _reachable(db: Database) -> bool:
    try:
        async with db.transaction() as tx:
            return bool(await tx.fetchval("SELECT true"))
    except Exception:  # noqa: BLE001 - not yet
        return False


async def test_a_wiped_stream_is_rebuilt_from_the_outbox(probe: RunningApp, nats_url: str) -> None:
    await tell(probe.db, *range(100))
    await hears(probe.db, list(range(100)))
    bus = await nats.connect(nats_url)
    await bus.jetstream().delete_stream("FACTS")
    await bus.close()
    await tell(probe.db, 100)
    await hears(probe.db, list(range(101)), timeout=30)


async def test_same_key_same_answer_other_body_refused(probe: RunningApp) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await probe.client.post("/spend", json={"n": 1}, headers=key)
    again = await probe.client.post("/spend", json={"n": 1}, headers=key)
    other = await probe.client.post("/spend", json={"n": 2}, headers=key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    async with probe.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM spent") == 1


async def test_fifty_at_once_spend_once(probe: RunningApp) -> None:
    async def call() -> int:
        answer = await probe.client.post(
            "/spend", json={"n": 5}, headers={"Idempotency-Key": "same"}
        )
        return answer.status_code

    codes = set(await asyncio.gather(*(call() for _ in range(50))))
    assert codes <= {201, 409} and 201 in codes
    async with probe.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM spent") == 1


async def test_callers_who_share_a_transaction_keep_their_own_answers(probe: RunningApp) -> None:
    async def call(n: int) -> tuple[int, object]:
        key = {"Idempotency-Key": f"k{n}"}
        answer = await probe.client.post("/spend/shared", json={"n": n}, headers=key)
        return answer.status_code, answer.json().get("n", answer.json().get("code"))

    answers = await together(call(n) for n in range(128))
    refused = {13: (422, "unlucky"), 99: (503, "try_again")}
    assert answers == [refused.get(n, (200, n)) for n in range(128)]
    assert await together(call(n) for n in range(128)) == answers
    async with probe.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM spent") == 126
        assert await tx.fetchval("SELECT count(*) FROM idempotency") == 126
        assert await tx.fetchval("SELECT count(DISTINCT xmin::text) FROM spent") < 80


async def test_a_key_is_one_call_in_a_shared_transaction_as_well(probe: RunningApp) -> None:
    async def call(n: int) -> httpx.Response:
        key = {"Idempotency-Key": "k"}
        return await probe.client.post("/spend/shared", json={"n": n}, headers=key)

    answers = await together(call(5) for _ in range(64))
    codes = {answer.json().get("code", answer.text) for answer in answers}
    assert codes == {"still_running", '{"n":5}'}
    assert (await call(5)).text == '{"n":5}'
    assert (await call(6)).json()["code"] == "idempotency_key_reused"
    async with probe.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM spent") == 1


async def test_a_refused_call_leaves_nothing_behind(probe: RunningApp) -> None:
    answer = await probe.client.post("/spend", json={"n": 13}, headers={"Idempotency-Key": "u"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "/n"
    async with probe.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM spent") == 0


async def test_without_the_inner_secret_nobody_gets_in(probe: RunningApp) -> None:
    answer = await probe.client.post("/spend", json={"n": 1}, headers={"x-huiyuan-internal": "x"})
    assert answer.status_code == 401
    ready = await probe.client.get("/readyz", headers={"x-huiyuan-internal": ""})
    assert ready.json()["checks"] == {"bus": True, "database": True, "loops": True}


async def test_midnights_run_once_and_in_order_also_after_a_crash(
    db: Database, clock: DrivenClock
) -> None:
    ran: list[datetime] = []
    crash = True

    async def job(_db: Database, now: datetime) -> None:
        nonlocal crash
        if len(ran) == 3 and crash:
            crash = False
            raise OSError("killed")
        ran.append(now)

    scheduler = Scheduler(db, "probe", [DailyJob("count", job)])
    start = datetime(2017, 2, 27, 3, tzinfo=UTC)
    clock.move(start, ticking=False)
    await scheduler.tick()
    clock.move(start + timedelta(days=6), ticking=False)
    with pytest.raises(OSError, match="killed"):
        await scheduler.tick()
    await scheduler.tick()
    await scheduler.tick()
    assert ran == [datetime(2017, 2, 27, 16, tzinfo=UTC) + timedelta(days=n) for n in range(6)]
    clock.move(start, ticking=False)  # set back: nothing runs again
    await scheduler.tick()
    assert len(ran) == 6


async def test_a_database_that_is_away_is_said_to_be_so(probe: RunningApp, stack: Any) -> None:
    async with stack.away("postgres"):
        answer = await probe.client.post("/spend", json={"n": 1})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    async def works() -> bool:
        return (await probe.client.post("/spend", json={"n": 1})).status_code == 201

    await eventually(works)
