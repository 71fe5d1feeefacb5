"""Who is in which segment: followed with every change of facts, worked out anew for a new rule."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from msgspec import structs

from chassis.clock import local_date
from chassis.database import Tx
from contracts import segments as api
from profile_service.conditions import repository as condition_rows
from profile_service.conditions.domain import Known, Leaf
from profile_service.segments import repository
from profile_service.segments.domain import Moves, Shelf, Standing, is_timed, standing
from profile_service.subjects import repository as subject_rows
from profile_service.tags.domain import Decision

TOLD_AT_ONCE = 5_000  # members an event: some 200 kB


async def follow(
    tx: Tx,
    shelf: Shelf,
    decisions: Mapping[int, Decision],
    known: Mapping[int, Known],
    leaves: Mapping[int, int],
) -> dict[int, date]:
    """People whose facts may have changed stand as they do now; tells who has entered and left.

    `known` is what the shelf wants of everybody looked at, but for tags; `decisions` has no one
    who objects: those, and who was absorbed, stand nowhere. `leaves` are subjects with their roots.
    Answers the days on which people have to be looked at again. Only in turn.
    """
    today = local_date(tx.now)
    now = {
        root: standing(shelf, decision, _with_tags(known[root], decision, shelf), today)
        for root, decision in decisions.items()
    }
    gone = [root for root in known if root not in decisions]
    absorbed = await repository.absorbed(tx, list(known))
    await _save(tx, shelf, now, [*gone, *absorbed], leaves)
    return {root: stands.until for root, stands in now.items() if stands.until is not None}


def _with_tags(known: Known, decision: Decision, shelf: Shelf) -> Known:
    if not shelf.conditions:
        return known
    tags = {name: (tag.value, tag.confidence) for name, tag in decision.tags.items()}
    return structs.replace(known, tags=tags)


async def shelf(tx: Tx) -> Shelf:
    """All segments as they are now."""
    return await repository.shelf(tx)


async def leave(tx: Tx, roots: Sequence[int]) -> None:
    """These people are in no segment any more. Only in turn."""
    await _save(tx, await repository.shelf(tx), {}, roots, {})


async def _save(
    tx: Tx, shelf: Shelf, now: Mapping[int, Standing], gone: Sequence[int], roots: Mapping[int, int]
) -> None:
    by_number = {each.number: segment_id for segment_id, each in shelf.segments.items()}
    before = {row.subject_id: row for row in await repository.stood(tx, [*now, *gone])}
    numbers = await repository.numbers_of(tx, {key for each in now.values() for key in each.true})
    moves, rows = Moves(), []
    for subject in gone:
        if subject in before:
            inside_of = {by_number[n] for n in before[subject].segments}
            heir = now.get(roots.get(subject, subject))
            kept = inside_of & heir.segments if heir else ()
            moves.add(before[subject].member_id, inside_of, kept)
    fresh = [root for root in now if root not in before]
    ids = await subject_rows.member_ids(tx, fresh)
    for root, stands in now.items():
        conditions = {numbers[key] for key in stands.true}
        inside = {shelf.segments[segment_id].number for segment_id in stands.segments}
        was = before.get(root)
        if was and conditions == was.conditions and inside == was.segments:
            continue
        rows.append((root, sorted(conditions), sorted(inside)))
        known = {by_number[n] for n in was.segments} if was else set()
        moves.add(was.member_id if was else ids[root], known, stands.segments)
    leaving = [subject for subject in gone if subject in before]
    if not rows and not leaving:
        return
    version = await repository.next_version(tx)
    if leaving:
        await repository.remove(tx, leaving, version)
    if rows:
        await repository.put(tx, rows, set(before), version)
    _tell(tx, moves, version)


def _tell(tx: Tx, moves: Moves, version: int) -> None:
    for segment_id, members in moves.left.items():
        for some in _parts(members):
            tx.publish(api.SegmentLeft(segment_id, version, some, tx.now))
    for segment_id, members in moves.entered.items():
        for some in _parts(members):
            tx.publish(api.SegmentEntered(segment_id, version, some, tx.now))


def _parts(members: Sequence[UUID]) -> list[list[UUID]]:
    return [
        list(members[first : first + TOLD_AT_ONCE])
        for first in range(0, len(members), TOLD_AT_ONCE)
    ]


async def settle(tx: Tx, segment_id: UUID, before: Shelf, today: date) -> None:
    """A segment was defined anew: it and all that need it are worked out for everybody.

    What depends on the day is looked at again for each member afterwards, so that it also ends on
    its day. Only in turn.
    """
    shelf = await repository.shelf(tx)
    version = await repository.next_version(tx)
    numbers = await repository.numbers_of(tx, shelf.keys)
    fresh = {key: each for key, each in shelf.conditions.items() if key not in before.conditions}
    for key, condition in fresh.items():
        true = await condition_rows.true_of_everybody(tx, Leaf(condition), today)
        await repository.fill(tx, numbers[key], true, version)
    moves = Moves()
    for each in shelf.depending_on(segment_id):
        inside = repository.over_rows(shelf.trees[each], numbers, shelf)
        moves.entered[each], moves.left[each] = await repository.work_out(
            tx, shelf.segments[each].number, inside, version
        )
    _tell(tx, moves, version)
    if any(is_timed(condition) for condition in fresh.values()):
        await subject_rows.touch_all_members(tx)
