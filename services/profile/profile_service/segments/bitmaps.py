"""Everybody at once: a roaring bitmap a condition and a segment, over people's dense numbers.

PostgreSQL has the truth. A process reads it all when it is first asked, and afterwards only what
was written since: whoever asks sees every change that was committed before.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import numpy as np
from pyroaring import BitMap

from chassis.database import Tx
from profile_service.conditions.domain import All, Any_, Leaf, Member, Not, Tree
from profile_service.segments import repository
from profile_service.segments.domain import Segment
from profile_service.segments.repository import Changed

MOST_CHANGES = 100_000  # from so many on reading everything again is quicker
PAGE = 100_000


class Bitmaps:
    """Conditions by key, segments by number, and everybody who may be in one."""

    def __init__(self) -> None:
        self.everybody = BitMap()
        self._conditions: dict[int, BitMap] = {}
        self._segments: dict[int, BitMap] = {}
        self._ids: dict[str, int] = {}
        self._version = -1
        self._turn = asyncio.Lock()

    async def follow(self, tx: Tx) -> None:
        """Take in all that is committed by now."""
        async with self._turn:
            marks = await repository.marks(tx)
            if marks.conditions > len(self._ids):
                self._ids = await repository.condition_ids(tx)
            if marks.version == self._version:
                return
            changes = None
            if self._version >= 0:
                changes = await repository.changed_since(tx, self._version, MOST_CHANGES + 1)
            if changes is None or len(changes) > MOST_CHANGES:
                await self._read_everything(tx)
            else:
                self.apply(changes, await repository.gone_since(tx, self._version))
            self._version = marks.version

    def apply(self, changes: Sequence[Changed], gone: Iterable[int] = ()) -> None:
        """People who are otherwise than before, or not there any more."""
        everyone = BitMap([each.ordinal for each in changes])
        away = BitMap(gone)
        self.everybody |= everyone
        self.everybody -= away
        for kept, pairs in (
            (self._conditions, [(each.ordinal, each.conditions) for each in changes]),
            (self._segments, [(each.ordinal, each.segments) for each in changes]),
        ):
            now: dict[int, list[int]] = {}
            for ordinal, numbers in pairs:
                for number in numbers:
                    now.setdefault(number, []).append(ordinal)
            for bitmap in kept.values():
                bitmap.difference_update(everyone, away)
            for number, ordinals in now.items():
                kept.setdefault(number, BitMap()).update(ordinals)

    async def _read_everything(self, tx: Tx) -> None:
        self.everybody, self._conditions, self._segments = BitMap(), {}, {}
        after = 0
        while rows := await repository.page_of_arrays(tx, after, PAGE):
            ordinals = np.array([row[0] for row in rows], dtype=np.uint32)
            self.everybody |= BitMap(ordinals)
            _add(self._conditions, ordinals, [row[1] for row in rows])
            _add(self._segments, ordinals, [row[2] for row in rows])
            after = int(ordinals[-1])
        for bitmap in (*self._conditions.values(), *self._segments.values()):
            bitmap.run_optimize()

    def of_segment(self, segment: Segment) -> BitMap:
        """Who is in a segment."""
        return self._segments.get(segment.number, BitMap())

    def of_key(self, key: str) -> BitMap:
        """Of whom a kept condition is true."""
        number = self._ids.get(key)
        return self._conditions.get(number, BitMap()) if number is not None else BitMap()

    def of_tree(
        self, tree: Tree, others: Mapping[str, BitMap], segments: Mapping[UUID, Segment]
    ) -> BitMap:
        """Who a tree is true of. `others` are conditions that are not kept, by key."""
        if isinstance(tree, Leaf):
            key = tree.key
            return others[key] if key in others else self.of_key(key)
        if isinstance(tree, Member):
            return self.of_segment(segments[tree.segment_id])
        if isinstance(tree, Not):
            return self.everybody - self.of_tree(tree.item, others, segments)
        parts = [self.of_tree(item, others, segments) for item in tree.items]
        if isinstance(tree, Any_):
            return BitMap.union(*parts) if len(parts) > 1 else parts[0]
        return _all(tree, parts)


def _all(_tree: All, parts: list[BitMap]) -> BitMap:
    found = None
    for part in sorted(parts, key=len):  # the smallest first: what follows is small as well
        found = part if found is None else found & part
    assert found is not None
    return found


def page(bitmap: BitMap, after: int, limit: int) -> list[int]:
    """The next ordinals after one."""
    first = bitmap.rank(after)  # how many are not greater
    return list(bitmap[first : first + limit])


def _add(kept: dict[int, BitMap], ordinals: np.ndarray, arrays: list[bytes]) -> None:
    """Arrays as PostgreSQL sends them: a header of 20 bytes, then (length, number) pairs."""
    counts = np.array([max(len(each) - 20, 0) // 8 for each in arrays])
    pairs = np.frombuffer(b"".join(each[20:] for each in arrays), dtype=">i4").reshape(-1, 2)
    numbers, whose = pairs[:, 1].astype(np.int32), np.repeat(ordinals, counts)
    order = np.argsort(numbers, kind="stable")
    numbers, whose = numbers[order], whose[order]
    if not len(numbers):
        return
    starts = np.flatnonzero(np.r_[True, numbers[1:] != numbers[:-1]])
    for start, group in zip(starts, np.split(whose, starts[1:]), strict=True):
        kept.setdefault(int(numbers[start]), BitMap()).update(group)
