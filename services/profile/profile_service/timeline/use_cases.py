"""What happens is kept, and shown in pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.clock import midnight
from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Money
from contracts.timeline import Timeline, TimelineItem
from profile_service.subjects import repository as subject_rows
from profile_service.subjects.use_cases import SubjectIds
from profile_service.timeline import repository
from profile_service.timeline.domain import BEGIN, END, KINDS, Entry, Part, Place
from profile_service.timeline.happenings import READERS
from profile_service.timeline.sentences import sentences


async def record(tx: Tx, subjects: SubjectIds, events: Sequence[Any]) -> None:
    """Keep what events of one type say, with the ids they were told of."""
    happenings = [each for event in events for each in READERS[type(event)](event, midnight)]
    if happenings:
        ids = await subjects.of(tx, {each.member_id for each in happenings})
        await repository.add(tx, happenings, ids)


def part_of(
    cursor: str | None, kinds: str | None, since: datetime | None, until: datetime | None
) -> Part:
    """What is asked for. Raises Problem 422 for a cursor not ours or a kind there is not."""
    before = _place(cursor) if cursor else Place(END)
    if until is not None and until <= before.at:
        before = Place(until)
    return Part(_kinds(kinds) if kinds is not None else KINDS, since or BEGIN, before)


async def timeline(tx: Tx, member_id: UUID, part: Part, limit: int) -> Timeline:
    """A page, newest first. Raises Problem 404."""
    person = await subject_rows.person(tx, member_id)
    if person is None:
        raise Problem(404, "unknown_member", "There is no such member")
    found = await repository.entries(tx, person.leaves, part, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Timeline(
        member_id=person.member_id,
        data=[_item(entry) for entry in found[:limit]],
        next_cursor=last and Place(last.at, last.kind, last.key).cursor(),
    )


def _kinds(text: str) -> list[str]:
    wanted = text.split(",")
    if not set(wanted) <= set(KINDS):
        title = f"Kinds are {', '.join(KINDS)}"
        raise Problem(422, "unknown_kind", title, pointer="#query/kind")
    return wanted


def _place(cursor: str) -> Place:
    try:
        return Place.from_cursor(cursor)
    except ValueError:
        raise Problem(
            422, "invalid_cursor", "The cursor is not one of ours", pointer="#query/cursor"
        ) from None


def _item(entry: Entry) -> TimelineItem:
    zh, en = sentences(entry)
    return TimelineItem(
        at=entry.at,
        kind=entry.kind,
        name=entry.name,
        zh=zh,
        en=en,
        channel=entry.channel,
        order_no=entry.order_no,
        store_id=entry.store_id,
        lines=entry.lines,
        paid=None if entry.fen is None else Money(amount=entry.fen),
        sku=entry.sku,
        points=entry.points,
        facts={key: value for key, value in entry.facts.items() if key not in _SHOWN},
    )


_SHOWN = ("points", "channel", "order_no")
