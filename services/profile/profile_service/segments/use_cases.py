"""Segments are defined, counted, listed, tried and compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any
from uuid import UUID

from pyroaring import BitMap

from chassis.clock import local_date
from chassis.database import Tx
from chassis.problem import Problem
from contracts import segments as api
from contracts.base import ProblemError
from contracts.gateway_events import ConsentAnswer
from profile_service.conditions import repository as condition_rows
from profile_service.conditions.domain import Leaf, Tree, leaves, ring
from profile_service.conditions.rules import parse
from profile_service.conditions.rules.reading import Fault
from profile_service.segments import repository, standings
from profile_service.segments.bitmaps import Bitmaps, page
from profile_service.segments.domain import Segment, Shelf, is_told
from profile_service.subjects import repository as subject_rows
from profile_service.subjects.use_cases import SubjectIds
from profile_service.tags import repository as tag_rows

MOST_SEGMENTS = 1_000


async def define(
    tx: Tx, body: api.SegmentBody, by: str, segment_id: UUID | None = None
) -> api.Segment:
    """A new segment, or the next version of one. Raises Problem 404, or 422 with its faults."""
    await tag_rows.take_turn(tx)
    before = await repository.shelf(tx)
    if segment_id is None:
        if len(before.segments) >= MOST_SEGMENTS:
            raise Problem(409, "too_many_segments", f"There may be {MOST_SEGMENTS} segments")
        segment_id = tx.ids.new()
    else:
        known = _found(before.segments.get(segment_id))
        if known.static is not (body.definition is None):
            title = "A list stays a list, and rules stay rules"
            raise Problem(422, "other_kind", title, pointer="/definition")
    if body.definition is not None:
        tree = _parsed(body.definition, before)
        if ring(segment_id, {**before.trees, segment_id: tree}):
            title = "A segment cannot need itself"
            raise Problem(422, "ring", title, pointer="/definition")
    await repository.save(tx, segment_id, body.name, body.definition, by)
    await standings.settle(tx, segment_id, before, local_date(tx.now))
    return _shown(_found(await repository.segment(tx, segment_id)))


async def segments(tx: Tx, limit: int, cursor: str | None) -> api.Segments:
    """A page of all. Raises Problem 422 for a cursor not ours."""
    found = await repository.page_of_segments(tx, _place(cursor), limit + 1)
    return api.Segments(
        data=[_shown(each) for each in found[:limit]],
        next_cursor=str(found[limit - 1].number) if len(found) > limit else None,
    )


async def history(tx: Tx, segment_id: UUID) -> api.SegmentHistory:
    """A segment and how it was. Raises Problem 404."""
    segment = _found(await repository.segment(tx, segment_id))
    rows = await repository.versions(tx, segment_id)
    return api.SegmentHistory(
        segment=_shown(segment),
        versions=[api.SegmentVersion.model_validate(dict(row)) for row in rows],
    )


async def change_list(
    tx: Tx, segment_id: UUID, change: api.SegmentListChange
) -> api.SegmentListChanged:
    """Put members on a static list and take them off. Raises Problem 404, 422 for a rule."""
    segment = _found(await repository.segment(tx, segment_id))
    if not segment.static:
        raise Problem(422, "not_a_list", "Who is in it follows from its rules")
    known = await repository.registered(tx, [*change.add, *change.remove])
    added = [known[each] for each in dict.fromkeys(change.add) if each in known]
    removed = [known[each] for each in dict.fromkeys(change.remove) if each in known]
    await repository.add_to_list(tx, segment_id, [subject for subject, _ in added])
    await repository.take_off_list(tx, segment_id, [root for _, root in removed])
    await subject_rows.touch(tx, [subject for subject, _ in (*added, *removed)])
    asked = {*change.add, *change.remove}
    return api.SegmentListChanged(
        added=len(added), removed=len(removed), unknown=len(asked - known.keys())
    )


async def count(tx: Tx, bitmaps: Bitmaps, segment_id: UUID) -> api.SegmentCount:
    """How many are in it by now. Raises Problem 404."""
    segment = _found(await repository.segment(tx, segment_id))
    await bitmaps.follow(tx)
    return _count(bitmaps, segment)


async def members(
    tx: Tx, bitmaps: Bitmaps, segment_id: UUID, limit: int, cursor: str | None
) -> api.SegmentMembers:
    """A page of them. Raises Problem 404, or 422 for a cursor not ours."""
    after = _place(cursor)
    segment = _found(await repository.segment(tx, segment_id))
    await bitmaps.follow(tx)
    ordinals = page(bitmaps.of_segment(segment), after, limit + 1)
    more = len(ordinals) > limit
    rows = await repository.members(tx, ordinals[:limit])
    return api.SegmentMembers(
        data=[api.SegmentMember(member_id=member_id) for _, member_id in rows],
        next_cursor=str(ordinals[limit - 1]) if more else None,
    )


@dataclass(frozen=True)
class Trial:
    """Bitmaps with what else a tree asks for."""

    bitmaps: Bitmaps
    shelf: Shelf
    others: Mapping[str, BitMap]

    def of(self, tree: Tree) -> BitMap:
        """Who a tree is true of."""
        return self.bitmaps.of_tree(tree, self.others, self.shelf.segments)


async def trial(tx: Tx, bitmaps: Bitmaps, shelf: Shelf, trees: Sequence[Tree]) -> Trial:
    """What is kept comes from bitmaps; what nobody keeps is asked of the database."""
    await bitmaps.follow(tx)
    today, others = local_date(tx.now), {}
    for tree in trees:
        for leaf in leaves(tree):
            key = leaf.key
            if not (is_told(leaf.condition) or key in shelf.conditions or key in others):
                others[key] = await _asked(tx, leaf, today)
    return Trial(bitmaps, shelf, others)


async def _asked(tx: Tx, leaf: Leaf, today: date) -> BitMap:
    return BitMap(await condition_rows.true_of_everybody(tx, leaf, today))


async def preview(tx: Tx, bitmaps: Bitmaps, body: api.PreviewBody) -> api.Preview:
    """Who a definition would be true of. Raises Problem 422 with its faults."""
    shelf = await repository.shelf(tx)
    tree = _parsed(body.definition, shelf)
    tried = await trial(tx, bitmaps, shelf, [tree])
    everybody = bitmaps.everybody
    return api.Preview(
        members=len(tried.of(tree) & everybody),
        everybody=len(everybody),
        conditions=[
            api.ConditionCount(pointer=leaf.pointer, members=len(tried.of(leaf) & everybody))
            for leaf in leaves(tree)
        ],
    )


async def overlap(tx: Tx, bitmaps: Bitmaps, body: api.OverlapBody) -> api.Overlaps:
    """How segments overlap. Raises Problem 404."""
    asked = [_found(await repository.segment(tx, each)) for each in dict.fromkeys(body.segments)]
    await bitmaps.follow(tx)
    found = [(each.segment_id, bitmaps.of_segment(each)) for each in asked]
    return api.Overlaps(
        sizes=[_count(bitmaps, each) for each in asked],
        data=[
            api.Overlap(
                segment_id=one, other_segment_id=other,
                members=a.intersection_cardinality(b), either=a.union_cardinality(b),
            )
            for (one, a), (other, b) in combinations(found, 2)
        ],
        in_all=len(BitMap.intersection(*(bitmap for _, bitmap in found))),
    )  # fmt: skip


async def funnel(tx: Tx, bitmaps: Bitmaps, body: api.FunnelBody) -> api.Funnel:
    """How many pass step after step. Raises Problem 422 with the steps' faults."""
    shelf = await repository.shelf(tx)
    trees = [
        _parsed(definition, shelf, f"/steps/{place}") for place, definition in enumerate(body.steps)
    ]
    tried = await trial(tx, bitmaps, shelf, trees)
    left, steps = bitmaps.everybody, []
    for tree in trees:
        left = left & tried.of(tree)
        steps.append(api.FunnelStep(members=len(left)))
    return api.Funnel(everybody=len(bitmaps.everybody), data=steps)


async def tiers_changed(
    tx: Tx, subjects: SubjectIds, told: Sequence[tuple[UUID, str, Any]]
) -> None:
    """Keep (member, tier, when), the last of each."""
    ids = await subjects.of(tx, {member_id for member_id, _, _ in told})
    ordered = sorted(told, key=lambda each: each[2])
    await repository.save_tiers(tx, {ids[who]: (tier, at) for who, tier, at in ordered})
    await subject_rows.touch(tx, ids.values())


async def consents_changed(
    tx: Tx, subjects: SubjectIds, told: Sequence[tuple[ConsentAnswer, Any]]
) -> None:
    """Keep (answer, when), the last of each."""
    ids = await subjects.of(tx, {answer.member_id for answer, _ in told})
    kept = {
        (ids[each.member_id], each.purpose, each.channel or ""): (each.granted, at)
        for each, at in sorted(told, key=lambda pair: pair[1])
    }
    await repository.save_consents(tx, kept)
    await subject_rows.touch(tx, ids.values())


def _parsed(definition: Mapping[str, Any], shelf: Shelf, pointer: str = "/definition") -> Tree:
    lists = {segment_id: each.static for segment_id, each in shelf.segments.items()}
    tree, faults = parse(definition, lists, pointer)
    if faults:
        title = "The definition is not one that can be worked out"
        raise Problem(422, "invalid_definition", title, errors=list(map(_error, faults)))
    return tree


def _error(fault: Fault) -> ProblemError:
    return ProblemError(pointer=fault.pointer, code=fault.code, detail=fault.detail)


def _found(segment: Segment | None) -> Segment:
    if segment is None:
        raise Problem(404, "unknown_segment", "There is no such segment")
    return segment


def _count(bitmaps: Bitmaps, segment: Segment) -> api.SegmentCount:
    return api.SegmentCount(
        segment_id=segment.segment_id,
        members=len(bitmaps.of_segment(segment)),
        everybody=len(bitmaps.everybody),
    )


def _shown(segment: Segment) -> api.Segment:
    return api.Segment(
        segment_id=segment.segment_id,
        name=segment.name,
        version=segment.version,
        definition=None if segment.definition is None else dict(segment.definition),
        changed_by=segment.changed_by,
        changed_at=segment.changed_at,
    )


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        title = "The cursor is not one of ours"
        raise Problem(422, "invalid_cursor", title, pointer="#query/cursor")
    return int(cursor)
