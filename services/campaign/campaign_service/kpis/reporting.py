"""The weekly report: the board of the week that is over, and what moved where."""

from datetime import date, datetime, timedelta
from typing import Any

from campaign_service.kpis import board, domain, repository, use_cases
from campaign_service.kpis.words import Line, sentences
from chassis.clock import local_date
from chassis.database import Database, Tx
from contracts.campaign import kpis as api

MONDAY = 0
_MOVED_BY = ("store", "channel")


async def keep_week(db: Database, due: datetime) -> None:
    """On Mondays, of the seven days before: once, with what is known by then."""
    today = local_date(due)
    if today.weekday() != MONDAY:
        return
    await use_cases.close(db, due)
    async with db.transaction() as tx:
        await _write(tx, today - timedelta(days=7), due)


async def reports(tx: Tx, before: date | None, limit: int) -> api.KpiReports:
    """A page of reports."""
    rows = await repository.reports(tx, before, limit + 1)
    return api.KpiReports(
        data=[_report(row) for row in rows[:limit]],
        next_cursor=rows[limit - 1]["week"].isoformat() if len(rows) > limit else None,
    )


async def _write(tx: Tx, week: date, due: datetime) -> None:
    last = week + timedelta(days=6)
    found = await board.board(tx, week, last, None)
    moved = {by: await board.board(tx, week, last, by) for by in _MOVED_BY}
    if all(row.value is None for row in found.data):
        return  # before anything happened
    named = {each.kpi: each for each in found.definitions}
    lines = [
        Line(row, named[row.kpi].name.model_dump(), named[row.kpi].unit, _movers(row, moved))
        for row in found.data
    ]
    zh, en = sentences(lines)
    document = {"board": found.model_dump(mode="json"), "zh": zh, "en": en}
    await repository.add_report(tx, week, document, due)


def _movers(whole: api.KpiRow, moved: dict[str, api.KpiBoard]) -> list[tuple[str, api.KpiRow]]:
    """Of each breakdown the part that moved the whole most, in the direction in which it went."""
    if whole.value is None or whole.previous is None:
        return []
    up = whole.value >= whole.previous
    found = []
    for by, told in moved.items():
        parts = [
            row for row in told.data
            if row.kpi == whole.kpi and row.part is not None and row.effect
            and (row.effect > 0) == up
        ]  # fmt: skip
        if parts and by in domain.definitions()[whole.kpi].parts:
            found.append((by, max(parts, key=lambda row: abs(row.effect or 0.0))))
    return found


def _report(row: Any) -> api.KpiReport:
    dated = {"week": row["week"], "written_at": row["written_at"]}
    return api.KpiReport.model_validate({**dated, **row["document"]})
