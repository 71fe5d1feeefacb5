"""The audit: what is in an entry, what is found, and that it cannot be changed."""

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import msgspec
import pytest
import rfc8785
from services.gateway.tests.conftest import Gateway

from chassis.migrate import migrate
from contracts.auditing import Action, Decision
from contracts.gateway.audit import AuditItem
from contracts.roles import Role
from gateway_service.audit.calls import UNTOLD, Refusals
from gateway_service.audit.domain import Entry
from testkit.stack import Stack

ATTACKS = [
    "UPDATE audit_entry SET body = '{}'",
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
    "UPDATE checkpoint SET root = ''",
    "DELETE FROM checkpoint",
]
BYPASSES = [
    "INSERT INTO audit_entry VALUES (0, 1, '{}', '')",
    "UPDATE lane SET head = 0",
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "DROP TRIGGER append_only ON audit_entry",
]


def entry(**more: object) -> Entry:
    """An entry, changed in what the test is about."""
    usual = {
        "action": Action.READ, "decision": Decision.PLAIN, "operation": "GET /v1/x",
        "role": Role.SERVICE_AGENT, "subject": "desk-1", "purpose": "service", "ticket": "T-1",
        "members": [uuid4()], "fields": ["phone", "name"], "trace_id": "0" * 32,
    }  # fmt: skip
    return Entry(**{**usual, **more})  # type: ignore[arg-type]


async def found(gateway: Gateway, **query: str) -> list[dict[str, object]]:
    """What compliance finds."""
    headers = await gateway.as_(Role.COMPLIANCE)
    answer = await gateway.http.get("/v1/audit", headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    data: list[dict[str, object]] = answer.json()["data"]
    return data


async def test_entries_are_canonical_json_with_pseudonyms(gateway: Gateway) -> None:
    member = uuid4()
    await gateway.parts.audit.record_now(entry(members=[member, member], ticket="票-1\t\x01"))
    async with gateway.app.db.transaction(readonly=True) as tx:
        body = await tx.fetchval("SELECT body FROM audit_entry")
    assert str(member) not in body
    assert rfc8785.dumps(msgspec.json.decode(body)).decode() == body
    (item,) = await found(gateway)
    assert item["fields"] == ["name", "phone"]
    assert item["members"] == [str(gateway.parts.audit.pseudonym(member))]


async def test_entries_are_found_by_time_subject_action_and_member(gateway: Gateway) -> None:
    audit, member = gateway.parts.audit, uuid4()
    await audit.record_now(entry(subject="one", ticket="T-1"))
    middle = gateway.app.db.clock.now() + timedelta(microseconds=1)
    async with gateway.app.db.transaction() as tx:
        audit.record(tx, entry(subject="two", ticket="T-2", members=[uuid4(), member]))
        audit.record(tx, entry(subject="one", ticket="T-3", action=Action.EXPORT))

    async def tickets(**query: str) -> set[object]:
        return {item["ticket"] for item in await found(gateway, **query)}

    assert await tickets() == {"T-1", "T-2", "T-3"}
    assert await tickets(subject="one") == {"T-1", "T-3"}
    assert await tickets(subject="one", action="export") == {"T-3"}
    assert await tickets(member_id=str(member)) == {"T-2"}
    assert await tickets(until=middle.isoformat()) == {"T-1"}
    assert await tickets(since=middle.isoformat(), subject="one") == {"T-3"}


async def test_pages_follow_each_other(gateway: Gateway) -> None:
    for number in range(5):
        await gateway.parts.audit.record_now(entry(ticket=f"T-{number}"))
    headers, seen, cursor = await gateway.as_(Role.COMPLIANCE), [], ""
    while True:
        answer = await gateway.http.get(f"/v1/audit?limit=2{cursor}", headers=headers)
        seen += [item["ticket"] for item in answer.json()["data"]]
        if answer.json()["next_cursor"] is None:
            break
        cursor = f"&cursor={answer.json()['next_cursor']}"
    assert seen == [f"T-{number}" for number in (4, 3, 2, 1, 0)]


async def test_an_entry_of_a_transaction_that_fails_is_not_there(gateway: Gateway) -> None:
    with pytest.raises(RuntimeError):
        async with gateway.app.db.transaction() as tx:
            gateway.parts.audit.record(tx, entry())
            raise RuntimeError
    assert await found(gateway) == []


async def test_neither_the_service_nor_the_owner_changes_the_audit(
    gateway: Gateway, stack: Stack
) -> None:
    await gateway.parts.audit.record_now(entry())
    for change in ATTACKS + BYPASSES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with gateway.app.db.transaction() as tx:
                await tx.execute(change)
    owner = await asyncpg.connect(stack.admin_dsn, server_settings={"search_path": "gateway"})
    try:
        for change in ATTACKS:
            with pytest.raises(asyncpg.RestrictViolationError):
                await owner.execute(change)
    finally:
        await owner.close()


async def test_reads_written_before_there_were_chains_are_kept(stack: Stack) -> None:
    owner = await asyncpg.connect(stack.admin_dsn)
    await owner.execute("CREATE DATABASE before_chains")
    dsn = urlsplit(stack.admin_dsn)._replace(path="/before_chains").geturl()
    await migrate("gateway", dsn, stack.role_password("gateway"), "gateway_0001")
    old = await asyncpg.connect(dsn, server_settings={"search_path": "gateway"})
    try:
        await old.execute(
            "INSERT INTO audit_entry VALUES (gen_random_uuid(), now(), 'pos', 'till \"1\"', '',"
            " NULL, 'GET /v1/x', ARRAY[gen_random_uuid()], '{phone,name}', '0'),"
            " (gen_random_uuid(), now(), 'pos', 'ö', 'p', 'T', 'GET /v1/x', '{}', '{}', '0')"
        )
        await migrate("gateway", dsn, stack.role_password("gateway"))
        bodies = [row["body"] for row in await old.fetch("SELECT body FROM audit_entry")]
    finally:
        await old.close()
        await owner.execute("DROP DATABASE before_chains WITH (FORCE)")
        await owner.close()
    assert len(bodies) == 2
    for body in bodies:
        assert rfc8785.dumps(msgspec.json.decode(body)).decode() == body
        AuditItem.model_validate_json(body)


def test_nobody_fills_the_audit_with_refusals() -> None:
    now = [0.0]
    refusals = Refusals(lambda: now[0])

    def refused(subject: str, action: Action = Action.READ) -> bool:
        return refusals.count(Entry(
            action=action, decision=Decision.REFUSED, operation="x", role=None, subject=subject
        ))  # fmt: skip

    before = UNTOLD.labels(Action.READ)._value.get()
    assert [refused("x") for _ in range(32)] == [True] * 30 + [False] * 2
    assert refused("y") and refused("x", Action.LOOKUP)
    assert UNTOLD.labels(Action.READ)._value.get() == before + 2
    now[0] += 61
    assert refused("x")
