"""Reports on data quality: of the last days, and of each week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from chassis.clock import local_date, midnight
from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts.events import DuplicatesHunted
from contracts.gateway_events import CorrectionsMade, QuarantineChanged
from contracts.quality import (
    CorrectedField,
    Duplicates,
    KeptReport,
    KeptReports,
    QualityReport,
    QuarantineFigures,
    QuarantineReason,
    TagFlips,
)
from profile_service.quality import domain, repository
from profile_service.quality.domain import WEEK, Days, Delay, Limits


@dataclass
class Watch:
    """Limits, and the ways of messages since they were last written down.

    They are kept in memory so that collecting does not wait for one statement more; what a crash
    takes is the last second's.
    """

    limits: Limits
    _seen: dict[date, Delay] = field(default_factory=dict)

    def saw(self, now: datetime, received: Sequence[tuple[datetime, int]]) -> None:
        """Messages (received when, how many) are in the profile by now."""
        day = local_date(now)
        messages, late, worst = 0, 0, 0
        for at, n in received:
            way = max(now - at, timedelta())
            messages += n
            late += n if way > timedelta(seconds=self.limits.freshness_seconds) else 0
            worst = max(worst, way // timedelta(milliseconds=1))
        had = self._seen.get(day, Delay(day, 0, 0, 0))
        self._seen[day] = Delay(
            day, had.messages + messages, had.late + late, max(had.worst_ms, worst)
        )

    async def write_down(self, db: Database, _now: datetime) -> None:
        """Add what was seen to the days' figures."""
        if not self._seen:
            return
        seen = sorted(self._seen.values(), key=lambda each: each.day)
        async with db.transaction() as tx:
            await repository.add_delays(tx, seen)
            self._seen.clear()

    async def keep_week(self, db: Database, due: datetime) -> None:
        """On Mondays: keep the report of the week that has ended."""
        today = local_date(due)
        if today.weekday() != 0:
            return
        await self.write_down(db, due)
        async with db.transaction() as tx:
            report = await measured(tx, self.limits, Days(today - WEEK, today), None)
            await repository.keep(tx, report)


async def measured(tx: Tx, limits: Limits, days: Days, unread: int | None) -> QualityReport:
    """The report of some days."""
    since, until = midnight(days.since), midnight(days.until)
    fields = [
        domain.completeness(area, name, int(rows), int(n), limits)
        for area, name, rows, n in await repository.filled(tx, since, until, days)
    ]
    money = domain.amounts(*await repository.amounts(tx, since, until, days), limits)
    ways = domain.freshness(*await repository.delays(tx, days), unread, limits)
    rows = await repository.quarantine(tx, days)
    put_aside = QuarantineFigures(
        put_aside=sum(row["put_aside"] for row in rows),
        replayed=sum(row["replayed"] for row in rows),
        waiting=await repository.waiting(tx),
        reasons=[QuarantineReason.model_validate(dict(row)) for row in rows],
    )
    flips = TagFlips.model_validate(dict(await repository.flips(tx, since, until)))
    hunt = await repository.hunts(tx, since, until)
    zh, en = domain.words(fields, money, ways, put_aside, flips.waiting)
    return QualityReport(
        since=days.since, until=days.until, made_at=tx.now,
        light=domain.light_of(fields, money, ways), completeness=fields, amounts=money,
        freshness=ways, quarantine=put_aside, tag_flips=flips,
        duplicates=None if hunt is None else Duplicates.model_validate(dict(hunt)),
        corrections=[
            CorrectedField.model_validate(dict(row))
            for row in await repository.corrections(tx, days)
        ], zh=zh, en=en,
    )  # fmt: skip


async def last_days(tx: Tx, limits: Limits, unread: int) -> QualityReport:
    """The report of the last seven days, today included."""
    tomorrow = local_date(tx.now) + timedelta(days=1)
    return await measured(tx, limits, Days(tomorrow - WEEK, tomorrow), unread)


async def of_week(tx: Tx, week: date) -> QualityReport:
    """The report that was kept. Raises Problem 404."""
    report = await repository.kept(tx, week)
    if report is None:
        raise Problem(404, "no_report", "No report was kept of the week from that day on")
    return QualityReport.model_validate(report)


async def kept(tx: Tx, limit: int, cursor: date | None) -> KeptReports:
    """Weeks that were kept, the newest first."""
    rows = await repository.all_kept(tx, cursor, limit + 1)
    return KeptReports(
        data=[KeptReport.model_validate(dict(row)) for row in rows[:limit]],
        next_cursor=rows[limit - 1]["week"].isoformat() if len(rows) > limit else None,
    )


async def corrected(tx: Tx, events: Sequence[CorrectionsMade]) -> None:
    """Count what cleaning corrected."""
    await repository.count_corrections(tx, [each for event in events for each in event.counts])


async def hunted(tx: Tx, events: Sequence[DuplicatesHunted]) -> None:
    """Keep what searches for double members found."""
    for event in events:
        await repository.add_hunt(tx, event)


async def quarantine_changed(tx: Tx, events: Sequence[QuarantineChanged]) -> None:
    """Count what the gateway put aside and took."""
    put_aside = [each for event in events for each in event.put_aside]
    replayed = [each for event in events for each in event.replayed]
    if put_aside or replayed:
        await repository.count_quarantine(tx, put_aside, replayed)
