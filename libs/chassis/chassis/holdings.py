"""What a service does with its rows about members: lets them go in time, says whose they are."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from chassis.clock import local_date, midnight
from chassis.database import Database, Tx
from chassis.jobs import DailyJob
from chassis.problem import Problem
from chassis.web import ReadDep, bulk_body, encoded
from contracts.holdings import Affected, AffectedQuestion, Holding, Overdue, of_service

Question = Annotated[AffectedQuestion, bulk_body(AffectedQuestion)]


def retention(service: str) -> DailyJob:
    """The nightly job: afterwards no row is older than it may be."""

    async def run(db: Database, due: datetime) -> None:
        limited = [holding for holding in of_service(service) if holding.days is not None]
        for holding in limited:
            if holding.partitioned:
                await let_go(db, [holding], due)
        await let_go(db, [holding for holding in limited if not holding.partitioned], due)

    return DailyJob("retention", run)


async def let_go(db: Database, holdings: Sequence[Holding], due: datetime) -> None:
    """Delete what of tables is overdue at a midnight, in one statement; whole partitions are
    dropped."""
    limits = [(each, due - timedelta(days=each.days)) for each in holdings if each.days is not None]
    if not limits:
        return
    gone = (
        f"gone_{place} AS (DELETE FROM {each.table} WHERE {_overdue(each, place)})"
        for place, (each, _) in enumerate(limits, 1)
    )
    async with db.transaction() as tx:
        for each, before in limits:
            if each.partitioned:
                await tx.execute("SELECT drop_partitions_before($1, $2)", each.table, before)
        await tx.execute(f"WITH {', '.join(gone)} SELECT", *(before for _, before in limits))


async def overdue(tx: Tx, service: str) -> list[Overdue]:
    """How many rows of each table with a limit should have gone at the last midnight."""
    today = midnight(local_date(tx.now))
    found = []
    for holding in of_service(service):
        if holding.days is not None:
            rows = await tx.fetchval(
                f"SELECT count(*) FROM {holding.table} WHERE {_overdue(holding, 1)}",
                today - timedelta(days=holding.days),
            )
            found.append(Overdue(holding.table, rows))
    return found


async def affected(tx: Tx, service: str, question: AffectedQuestion) -> Affected:
    """Whose rows are in a table. Raises Problem 404 for one that holds nothing about members."""
    holding = next((h for h in of_service(service) if h.table == question.table), None)
    if holding is None or not holding.members:
        raise Problem(404, "unknown_table", "This table holds nothing about members")
    conditions, values = _conditions(holding, question)
    each = " UNION ".join(_whose(holding, column, conditions) for column in holding.members)
    rows = await tx.fetch(f"SELECT DISTINCT member_id FROM ({each}) found ORDER BY 1", *values)
    return Affected([row["member_id"] for row in rows])


def routes(service: str) -> APIRouter:
    """What the gateway asks an inner service."""
    router = APIRouter(prefix="/internal")

    @router.get("/overdue", response_model=None)
    async def rows(tx: ReadDep) -> Response:
        """Rows that should be gone, by table."""
        return encoded(await overdue(tx, service))

    @router.post("/affected", response_model=None)
    async def whose(question: Question, tx: ReadDep) -> Response:
        """Whose rows are in a table."""
        return encoded(await affected(tx, service, question))

    return router


def _overdue(holding: Holding, place: int) -> str:
    return f"{holding.at} < ${place}"


def _conditions(holding: Holding, question: AffectedQuestion) -> tuple[str, list[object]]:
    """What rows must be like, and the values of $1, $2, …"""
    parts, values = ["true"], list[object]()
    if holding.at is not None:
        values.append(question.until)
        parts.append(f"coalesce(t.{holding.at} <= ${len(values)}, true)")
        if question.since is not None:
            values.append(question.since)
            parts.append(f"t.{holding.at} >= ${len(values)}")
    columns = [f"t.{column} IS NOT NULL" for column in holding.sealed if column in question.columns]
    if columns:
        parts.append(f"({' OR '.join(columns)})")
    if question.sealed_as:
        values.append(question.sealed_as)
        fits = [f"t.{column}::text ~ ANY(${len(values)}::text[])" for column in holding.sealed]
        parts.append(f"({' OR '.join(fits) or 'false'})")
    if question.kinds and holding.kind_column:
        values.append(question.kinds)
        parts.append(f"t.{holding.kind_column} = ANY(${len(values)}::text[])")
    return " AND ".join(parts), values


def _whose(holding: Holding, column: str, conditions: str) -> str:
    if holding.via:
        return (
            f"SELECT v.member_id FROM {holding.table} t JOIN {holding.via} v ON v.key = t.{column}"
            f" WHERE v.member_id IS NOT NULL AND {conditions}"
        )
    where = f"t.{column} IS NOT NULL AND {conditions}"
    return f"SELECT t.{column} AS member_id FROM {holding.table} t WHERE {where}"
