"""The fixtures themselves, on the identity service."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import pytest

from chassis.clock import DrivenClock
from chassis.database import Database
from contracts.roles import Role
from testkit import eventually
from testkit.apps import RunningApp
from testkit.databases import Databases
from testkit.stack import Stack

StartApp = Callable[..., Awaitable[RunningApp]]


async def test_eventually_gives_the_answer_and_tells_the_last_one() -> None:
    answers = iter([0, None, "", "there"])
    assert await eventually(lambda: next(answers)) == "there"

    async def asserts() -> bool:
        assert datetime.now(UTC).year < 2000, "a year too late"
        return True

    with pytest.raises(AssertionError, match="a year too late"):
        await eventually(asserts, timeout=0.05)
    with pytest.raises(AssertionError, match="the door is open: last answer: False"):
        await eventually(lambda: False, timeout=0.05, says="the door is open:")


async def test_a_database_is_migrated_and_the_same_one_each_time(
    database_of: Callable[[str], Awaitable[Database]],
) -> None:
    database = await database_of("identity")
    assert await database_of("identity") is database
    async with database.transaction() as tx:
        assert await tx.fetchval("SELECT current_user") == "huiyuan_identity"
        assert await tx.fetchval("SELECT count(*) FROM alembic_version") == 1


async def test_emptying_brings_back_what_migration_left(
    stack: Stack, databases: Databases, clock: DrivenClock
) -> None:
    database = await databases.of("identity")
    owner = await asyncpg.connect(stack.admin_dsn)
    before = await owner.fetch("SELECT * FROM identity.alembic_version")
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO job_run VALUES ('test', $1, $1)", clock.now())
    await databases.empty("identity")
    assert await owner.fetchval("SELECT count(*) FROM identity.job_run") == 0
    assert await owner.fetch("SELECT * FROM identity.alembic_version") == before
    await owner.close()


async def test_an_app_runs_with_its_lifespan_and_the_driven_clock(
    clean: None, service_app: StartApp, clock: DrivenClock
) -> None:
    clock.move(datetime(2017, 1, 1, tzinfo=UTC), ticking=False)
    app = await service_app("identity_service.app")
    assert app.db.clock.now() == datetime(2017, 1, 1, tzinfo=UTC)
    assert (await app.client.get("/readyz")).json()["checks"] == {
        "bus": True,
        "database": True,
        "loops": True,
    }
    refused = await app.client.get("/internal/lag", headers={"x-huiyuan-internal": "wrong"})
    assert refused.status_code == 401
    assert (await app.client.get("/internal/lag")).json()["outbox"] == 0
    assert app.headers(Role.POS) == {"x-huiyuan-principal": "pos;test-pos;;;;"}


async def test_an_app_that_cannot_start_says_why(service_app: StartApp, stack: Stack) -> None:
    wrong = stack.service_dsn("identity").replace("huiyuan_identity:", "huiyuan_identity:wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await service_app("identity_service.app", DATABASE_URL=wrong)


async def test_servers_come_back_after_a_kill(stack: Stack) -> None:
    before = stack.pid("redis")
    stack.kill("redis")
    await eventually(lambda: stack.pid("redis") not in (None, before))
    await asyncio.wait_for(stack.all_answer(), 10)


async def test_time_is_real_again_after_a_test_that_drove_it(session_clock: DrivenClock) -> None:
    assert abs((session_clock.now() - datetime.now(UTC)).total_seconds()) < 5
