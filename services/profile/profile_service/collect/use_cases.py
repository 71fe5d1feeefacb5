"""A collected batch becomes rows, counters and traits: exactly once, in a handful of statements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
from prometheus_client import Counter

from chassis.clock import local_date, midnight
from chassis.database import Tx
from profile_service.collect import repository
from profile_service.collect.columns import (
    Columns,
    Holders,
    Ints,
    days,
    each_once,
    months,
    rows,
    traits,
)
from profile_service.collect.seen import Seen
from profile_service.partitions import Partitions, monday
from profile_service.quality.use_cases import Watch
from profile_service.subjects import repository as subject_rows
from profile_service.subjects.use_cases import SubjectIds
from profile_service.watches.use_cases import Lookout

DROPPED = Counter(
    "huiyuan_profile_dropped_total", "messages of members who said no to recommendations"
)


@dataclass(frozen=True)
class Collector:
    """What collecting needs to know. `dedupe_weeks`: how long a repeated messageId is known."""

    subjects: SubjectIds
    partitions: Partitions
    dedupe_weeks: int
    watch: Watch
    seen: Seen = field(default_factory=Seen)
    holders: Holders = field(default_factory=Holders)
    lookout: Lookout = field(default_factory=Lookout)

    async def collect(self, tx: Tx, batches: Sequence[Columns]) -> None:
        """Store and fold every message that has not been collected before."""
        ways = [(each.received_at, len(each.told)) for each in batches if each.received_at]
        tx.after_commit(lambda: self.watch.saw(tx.now, ways))
        told = each_once(batches)
        week = monday(local_date(tx.now))
        since = week - timedelta(weeks=self.dedupe_weeks)
        fresh = await self.seen.fresh(tx, told.keys, week, since)
        if not fresh.any():
            return
        if not fresh.all():
            told = told.only(np.flatnonzero(fresh))
        subjects = await self._subjects(tx, told)
        told, subjects = await _agreed_to(tx, told, subjects)
        if not told.told:
            return
        if kept := traits(told, subjects):
            await repository.merge_traits(tx, kept)
        await subject_rows.touch(tx, np.unique(subjects[subjects > 0]).tolist())
        theirs = told.done_by_them()
        if not theirs.all():
            told, subjects = told.only(np.flatnonzero(theirs)), subjects[theirs]
        if told.told:
            await self._store(tx, told, subjects)

    async def _store(self, tx: Tx, told: Columns, subjects: Ints) -> None:
        found = rows(told, subjects)
        await self.partitions.months(tx, "activity", months(told.at))
        await repository.add_activities(tx, found)
        counts = days(found, _calendar())
        if counts.subjects:
            await repository.add_days(tx, counts)
        await self.lookout.see(tx, found)

    async def _subjects(self, tx: Tx, told: Columns) -> Ints:
        """Whose each message is; 0 for nobody's."""
        says, found = self.holders.of(told.told)
        ids = await self.subjects.of(tx, {who for who in found.values() if who is not None})
        subject_of = {each: 0 if who is None else ids[who] for each, who in found.items()}
        return np.array([subject_of[each] for each in says], np.int64)

    async def forget(self, tx: Tx, now: datetime) -> None:
        """Drop what is too old to be repeated, and third parties' knowledge that has expired."""
        week = monday(local_date(now)) - timedelta(weeks=self.dedupe_weeks)
        await repository.drop_seen_before(tx, week)
        gone = await repository.drop_traits_before(tx, local_date(now))
        await subject_rows.touch(tx, gone)


async def _agreed_to(tx: Tx, told: Columns, subjects: Ints) -> tuple[Columns, Ints]:
    """The messages without those of people who said no to recommendations; these are counted."""
    refusing = await subject_rows.refusing(tx, np.unique(subjects[subjects > 0]).tolist())
    if not refusing:
        return told, subjects
    kept = np.flatnonzero(~np.isin(subjects, list(refusing)))
    DROPPED.inc(len(subjects) - len(kept))
    return told.only(kept), subjects[kept]


def _calendar() -> Callable[[datetime], date]:
    """`local_date` for many moments of few days: asks whether the day is still the same."""
    day, begins, ends = date.min, datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

    def day_of(moment: datetime) -> date:
        nonlocal day, begins, ends
        if not begins <= moment < ends:
            day = local_date(moment)
            begins, ends = midnight(day), midnight(day + timedelta(days=1))
        return day

    return day_of
