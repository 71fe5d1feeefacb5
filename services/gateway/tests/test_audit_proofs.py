"""The audit's checkpoints, and that every tampering with it is found."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest_asyncio
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.tampering import DEEDS, ENTRIES
from services.gateway.tests.test_audit import entry

from chassis.clock import DrivenClock
from chassis.database import Tx
from chassis.evidence.signing import checkpoint, checkpoint_when_due
from contracts.roles import Role
from gateway_service.audit.proofs import AuditBooks, verify
from testkit.never_wrong import Tally
from testkit.stack import Stack
from testkit.tampering import missed

TAMPERINGS = 1000


@asynccontextmanager
async def taken(stack: Stack, lanes: int) -> AsyncIterator[None]:
    """The first lanes are held by somebody who takes long."""
    owner = await asyncpg.connect(stack.admin_dsn, server_settings={"search_path": "gateway"})
    try:
        async with owner.transaction():
            await owner.execute("SELECT FROM lane WHERE lane < $1 FOR UPDATE", lanes)
            yield
    finally:
        await owner.close()


async def fill(gateway: Gateway, stack: Stack) -> None:
    """Forty entries in four lanes, a checkpoint every eight, and some that are not signed yet."""
    for number in range(40):
        async with taken(stack, number % 4):
            subject = f"desk-{number % 3}"
            await gateway.parts.audit.record_now(entry(subject=subject, ticket=f"票-{number}"))
        if number % 8 == 3:
            await checkpoint(gateway.app.db, AuditBooks(), gateway.parts.box)


async def test_writers_at_once_do_not_wait_and_the_chain_holds(
    gateway: Gateway, stack: Stack
) -> None:
    audit = gateway.parts.audit
    async with taken(stack, 1), asyncio.timeout(10):
        await asyncio.gather(*(audit.record_now(entry()) for _ in range(100)))
    await audit.record_now(entry())
    async with gateway.app.db.transaction(readonly=True) as tx:
        lanes = await tx.fetchval("SELECT count(DISTINCT lane) FROM audit_entry")
    assert lanes >= 2
    answer = await gateway.http.get("/v1/audit/verify", headers=await gateway.as_(Role.COMPLIANCE))
    assert answer.json()["findings"] == [] and answer.json()["entries"] == 101


async def test_checkpoints_come_hourly(gateway: Gateway, clock: DrivenClock) -> None:
    db, box = gateway.app.db, gateway.parts.box
    start = clock.now() + timedelta(hours=2)
    made = []
    for minutes in (0, 59, 61, 62, 123, 124):  # to the microsecond the clock is not exact
        clock.move(start + timedelta(minutes=minutes), ticking=False)
        await gateway.parts.audit.record_now(entry())
        await checkpoint_when_due(db, AuditBooks(), box, clock.now())
        made.append(box.kept()[-1].at)
    assert len(set(made)) == 3
    async with db.transaction(readonly=True) as tx:
        told = await tx.fetchval(
            "SELECT count(*) FROM outbox WHERE subject = 'gateway.audit_checkpointed.v1'"
        )
    assert told == len(box.kept())


@pytest_asyncio.fixture(loop_scope="session")
async def owner(gateway: Gateway, stack: Stack) -> AsyncIterator[Tx]:
    """The database's owner, with triggers off."""
    await fill(gateway, stack)
    connection = await asyncpg.connect(stack.admin_dsn, server_settings={"search_path": "gateway"})
    await connection.execute("SET session_replication_role = replica")
    yield Tx(connection, gateway.app.db.clock, gateway.app.db.ids)
    await connection.close()


async def test_every_tampering_with_the_audit_is_found(gateway: Gateway, owner: Tx) -> None:
    async def clean() -> bool:
        return (await verify(owner, gateway.parts.box)).clean

    async with owner.conn.transaction():
        assert await clean()
    unseen = await missed(owner, ENTRIES, DEEDS, clean, TAMPERINGS)
    with Tally() as tally:
        tally.add("every tampering with the audit is found", TAMPERINGS, len(unseen))
        assert unseen == []
