"""The page of what is held about members says everything, and its queries run in every schema."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from chassis.database import Database
from chassis.holdings import affected, let_go, overdue, retention
from contracts import openapi
from contracts.classification import fields_of
from contracts.holdings import ACTIVITIES, HOLDINGS, AffectedQuestion, of_service
from testkit.databases import Databases
from testkit.stack import Stack

SERVICES = ("identity", "profile", "points", "campaign", "gateway")
LEADS_TO_A_MEMBER = (
    "member_id", "original_member_id", "subject_id", "survivor_id", "absorbed_id", "giver_id",
    "receiver_id", "referrer_id", "account_owner",
)  # fmt: skip
LATER = datetime(2099, 1, 1, tzinfo=UTC)


async def test_every_table_that_leads_to_a_member_is_listed(
    databases: Databases, stack: Stack
) -> None:
    for service in SERVICES:
        await databases.migrate(service)
    owner = await asyncpg.connect(stack.admin_dsn)
    rows = await owner.fetch(
        "SELECT table_schema || '.' || table_name AS name, column_name FROM"
        " information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_type = 'BASE TABLE'"
        " AND table_schema = ANY($1::text[]) AND column_name = ANY($2::text[]) AND NOT EXISTS"
        " (SELECT FROM pg_inherits WHERE inhrelid ="
        "  (quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass)",
        SERVICES, LEADS_TO_A_MEMBER,
    )  # fmt: skip
    await owner.close()
    listed = {(each.name, column) for each in HOLDINGS for column in each.members}
    assert {(row["name"], row["column_name"]) for row in rows} - listed == set()
    assert len({each.name for each in HOLDINGS}) == len(HOLDINGS)
    assert {each.activity for each in HOLDINGS} == set(ACTIVITIES)


def test_every_sealed_field_has_one_table() -> None:
    shapes = [shape for each in openapi.operations() for shape in (each.request, each.response)]
    places = {
        marker.at
        for model in {model for shape in shapes for model in openapi.models_of(shape)}
        for _, _, marker in fields_of(model)
        if marker is not None and marker.sealed and marker.at is not None
    }
    assert {
        place: [each.name for each in HOLDINGS if place in each.places]
        for place in places
        if sum(place in each.places for each in HOLDINGS) != 1
    } == {}


@pytest.mark.parametrize("service", SERVICES)
async def test_the_queries_run_in_every_schema(databases: Databases, service: str) -> None:
    db = await databases.of(service)
    await databases.empty(service)
    for holding in of_service(service):
        await let_go(db, [holding], datetime(2001, 1, 1, tzinfo=UTC))
    async with db.transaction(readonly=True) as tx:
        assert {each.rows for each in await overdue(tx, service)} <= {0}
        for holding in of_service(service):
            if holding.members:
                question = AffectedQuestion(
                    holding.table, LATER, LATER - timedelta(days=1), list(holding.sealed), ["phone"]
                )
                assert (await affected(tx, service, question)).members == []


async def _activities(db: Database, ages: dict[int, int], now: datetime) -> None:
    """Activities of one member, so many of an age in days, in the partitions of their months."""
    async with db.transaction() as tx:
        await tx.execute("INSERT INTO subject (id, member_id, root) VALUES (1, $1, 1)", uuid4())
        for days, rows in ages.items():
            at = now - timedelta(days=days)
            low = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            high = (low + timedelta(days=32)).replace(day=1)
            await tx.execute(
                "SELECT add_partition('activity', $1, $2, $3)",
                f"{low:%Y%m}", low.isoformat(), high.isoformat(),
            )  # fmt: skip
            await tx.execute(
                "INSERT INTO activity SELECT 1, $1, n, 'x', NULL, '{}'"
                " FROM generate_series(1, $2::int) n",
                at, rows,
            )  # fmt: skip


async def test_what_is_overdue_is_counted_and_goes_at_night(
    databases: Databases, clean: None
) -> None:
    db = await databases.of("profile")
    now = db.clock.now()
    await _activities(db, {1: 3, 399: 4, 403: 5, 500: 6, 900: 7}, now)

    async def late() -> int:
        async with db.transaction(readonly=True) as tx:
            return {each.table: each.rows for each in await overdue(tx, "profile")}["activity"]

    assert await late() == 5 + 6 + 7
    await retention("profile").run(db, now)
    assert await late() == 0
    async with db.transaction(readonly=True) as tx:
        assert await tx.fetchval("SELECT count(*) FROM activity") == 3 + 4
        gone = f"activity_{now - timedelta(days=900):%Y%m}"
        assert await tx.fetchval("SELECT to_regclass($1)", gone) is None
