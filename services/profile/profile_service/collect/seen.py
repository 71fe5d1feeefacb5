"""Which messages have been collected before: parts of bounded size, and a filter before each.

A random key goes into a big b-tree at the price of reading and writing a page. So keys go into the
newest part only, and another begins when that is full; whether a part has a key is asked of a Bloom
filter in memory first, which says no to nearly all new ones. So a message costs the same however
many there are. The rows are the truth: a filter is made from them whenever their number says that
somebody else (or a commit that nobody heard of) added some.
"""

from collections.abc import Iterator
from datetime import date

import numpy as np
import numpy.typing as npt

from chassis.database import Tx
from profile_service.collect import repository
from profile_service.collect.columns import Ints

PART_KEYS = 4_000_000
_BITS = 26  # of a filter: 16 a key, so one new key in 400 is asked for in vain
_PROBES = 4
PartName = tuple[date, int]  # a week, and the number of a part in it


class Filter:
    """What is remembered of a part's keys."""

    def __init__(self, keys: Ints) -> None:
        self.size = 0
        self._bytes = np.zeros(1 << (_BITS - 3), np.uint8)
        self.add(keys)

    def add(self, keys: Ints) -> None:
        """Remember these, too."""
        self.size += len(keys)
        for where, bit in _probes(keys):
            np.bitwise_or.at(self._bytes, where, bit)

    def maybe(self, keys: Ints) -> Ints:
        """Those that may be there; the others are not."""
        for n in range(_PROBES):
            where, bit = _probe(keys, n)
            keys = keys[(self._bytes[where] & bit) != 0]
        return keys


def _probes(keys: Ints) -> Iterator[tuple[Ints, npt.NDArray[np.uint8]]]:
    return (_probe(keys, n) for n in range(_PROBES))


def _probe(keys: Ints, n: int) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Byte and bit of the n-th probe; keys are hashes already."""
    place = ((keys >> 32) + n * (keys | 1)) & ((1 << _BITS) - 1)
    return place >> 3, (1 << (place & 7)).astype(np.uint8)


class Seen:
    """Filters of all parts that count, as far as this process has needed them."""

    def __init__(self, part_keys: int = PART_KEYS) -> None:
        self._filters: dict[PartName, Filter] = {}
        self._part_keys = part_keys

    async def fresh(self, tx: Tx, keys: Ints, week: date, since: date) -> npt.NDArray[np.bool_]:
        """Which of the keys (sorted, each once) are new; they are known from the commit on.

        `week` is this week's Monday, `since` that of the earliest that counts.
        """
        sizes = await repository.parts(tx, since)
        known = np.zeros(len(keys), np.bool_)
        for name, size in sizes.items():
            filled = await self._filter(tx, name, size)
            maybe = filled.maybe(keys)
            if len(maybe):
                there = await repository.known_keys(tx, name, maybe.tolist())
                known |= np.isin(keys, np.array(there, np.int64))
        self._filters = {name: self._filters[name] for name in sizes}
        await self._add(tx, sizes, keys[~known], week)
        return ~known

    async def _filter(self, tx: Tx, name: PartName, size: int) -> Filter:
        have = self._filters.get(name)
        if have is None or have.size != size:
            have = self._filters[name] = Filter(await repository.keys_of(tx, name))
        return have

    async def _add(self, tx: Tx, sizes: dict[PartName, int], keys: Ints, week: date) -> None:
        if not len(keys):
            return
        number, size = max(
            ((number, size) for (of, number), size in sizes.items() if of == week), default=(-1, 0)
        )
        if number < 0 or size >= self._part_keys:
            number += 1
            await repository.add_part(tx, (week, number))
        await repository.remember_keys(tx, (week, number), keys)
        tx.after_commit(lambda: self._remember((week, number), keys))

    def _remember(self, name: PartName, keys: Ints) -> None:
        if name in self._filters:
            self._filters[name].add(keys)
        else:
            self._filters[name] = Filter(keys)
