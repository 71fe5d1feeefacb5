"""A collected batch becomes rows, counters and traits: exactly once, in a handful of statements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.clock import local_date
from chassis.database import Tx
from contracts.events import Activity, ActivityBatch
from profile_service.collect import repository
from profile_service.collect.domain import (
    Collected,
    DayKey,
    Trait,
    TraitKey,
    days,
    happened,
    holder,
    latest,
    message_key,
    name_of,
)
from profile_service.partitions import Partitions, monday
from profile_service.subjects import repository as subject_rows
from profile_service.subjects.use_cases import SubjectIds

Fresh = Mapping[int, tuple[Activity, datetime]]  # by message key: the message, when received


@dataclass(frozen=True)
class Collector:
    """What collecting needs to know. `dedupe_weeks`: how long a repeated messageId is known."""

    subjects: SubjectIds
    partitions: Partitions
    dedupe_weeks: int

    async def collect(self, tx: Tx, batches: Sequence[ActivityBatch]) -> None:
        """Store and fold every message that has not been collected before."""
        fresh = await self._fresh(tx, batches)
        if not fresh:
            return
        holders = {key: holder(activity) for key, (activity, _) in fresh.items()}
        ids = await self.subjects.of(tx, {who for who in holders.values() if who is not None})
        rows = [
            Collected(
                key,
                None if (who := holders[key]) is None else ids[who],
                happened(activity, received_at),
                name_of(activity),
                activity.channel,
                activity.properties,
            )
            for key, (activity, received_at) in fresh.items()
        ]
        await self.partitions.months(tx, "activity", (row.occurred_at for row in rows))
        await repository.add_activities(tx, rows)
        await repository.add_days(tx, days(_daily(rows)))
        traits = latest(_traits(rows, fresh))
        if traits:
            await repository.merge_traits(tx, traits)
        await subject_rows.touch(tx, {row.subject for row in rows if row.subject is not None})

    async def _fresh(self, tx: Tx, batches: Sequence[ActivityBatch]) -> Fresh:
        """The messages of the batches that are new, by key, the first of equal ones."""
        told: dict[int, tuple[Activity, datetime]] = {}
        for batch in batches:
            for activity in batch.activities:
                told.setdefault(message_key(activity.message_id), (activity, batch.received_at))
        week = monday(local_date(tx.now))
        since = week - timedelta(weeks=self.dedupe_weeks)
        known = await repository.known_keys(tx, sorted(told), since)
        fresh = {key: message for key, message in told.items() if key not in known}
        await self.partitions.week(tx, "seen", week)
        await repository.remember_keys(tx, sorted(fresh), week)
        return fresh

    async def forget(self, tx: Tx, now: datetime) -> None:
        """Drop what is too old to be repeated."""
        week = monday(local_date(now)) - timedelta(weeks=self.dedupe_weeks)
        await repository.drop_seen_before(tx, week)


def _daily(rows: Sequence[Collected]) -> Iterator[tuple[DayKey, datetime]]:
    for row in rows:
        if row.subject is not None:
            day = local_date(row.occurred_at)
            yield (row.subject, day, row.event, row.channel or ""), row.occurred_at


def _traits(rows: Sequence[Collected], fresh: Fresh) -> Iterator[tuple[TraitKey, Trait]]:
    for row in rows:
        activity, _ = fresh[row.message_key]
        if activity.type == "identify" and row.subject is not None:
            for name, value in activity.traits.items():
                yield (row.subject, name), Trait(value, row.occurred_at, row.message_key)
