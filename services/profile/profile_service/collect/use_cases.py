"""A collected batch becomes rows, counters and traits: exactly once, in a handful of statements."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from prometheus_client import Counter

from chassis.clock import local_date, midnight
from chassis.database import Tx
from contracts.events import Activity, ActivityBatch
from profile_service.collect import repository
from profile_service.collect.domain import (
    Collected,
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
from profile_service.subjects.domain import Key
from profile_service.subjects.use_cases import SubjectIds

DROPPED = Counter(
    "huiyuan_profile_dropped_total", "messages of members who said no to recommendations"
)
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
        fresh = await _agreed_to(tx, fresh, holders, ids)
        if not fresh:
            return
        rows = sorted(_rows(fresh, holders, ids), key=_by_subject)
        await self.partitions.months(tx, "activity", [row.occurred_at for row in rows])
        await repository.add_activities(tx, rows)
        counts = days(rows, _calendar())
        if counts:
            await repository.add_days(tx, counts)
        traits = latest(_traits(fresh, holders, ids))
        if traits:
            await repository.merge_traits(tx, traits)
        await subject_rows.touch(tx, ids.values())

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


async def _agreed_to(
    tx: Tx, fresh: Fresh, holders: Mapping[int, Key | None], ids: Mapping[Key, int]
) -> Fresh:
    """The messages without those of people who said no to recommendations; these are counted."""
    refusing = await subject_rows.refusing(tx, ids.values())
    if not refusing:
        return fresh
    kept = {
        key: message
        for key, message in fresh.items()
        if (who := holders[key]) is None or ids[who] not in refusing
    }
    DROPPED.inc(len(fresh) - len(kept))
    return kept


def _rows(
    fresh: Fresh, holders: Mapping[int, Key | None], ids: Mapping[Key, int]
) -> Iterator[Collected]:
    for key, (activity, received_at) in fresh.items():
        who = holders[key]
        yield Collected(
            None if who is None else ids[who],
            happened(activity, received_at),
            key,
            name_of(activity),
            activity.channel,
            activity.properties,
        )


def _by_subject(row: Collected) -> int:
    """The order of the index: neighbours go into the same page."""
    return row.subject or 0


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


def _traits(
    fresh: Fresh, holders: Mapping[int, Key | None], ids: Mapping[Key, int]
) -> Iterator[tuple[TraitKey, Trait]]:
    for key, (activity, received_at) in fresh.items():
        who = holders[key]
        if activity.traits and activity.type == "identify" and who is not None:
            at = happened(activity, received_at)
            for name, value in activity.traits.items():
                yield (ids[who], name), Trait(value, at, key)
