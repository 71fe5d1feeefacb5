"""Records as columns of match keys. Pure."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from contracts.matching import BYTES, LAYOUT, WORDS

Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]
Levels = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

UNKNOWN = -1  # a level: one side says nothing
USUAL, MANY = 20, 12  # a value held by this many, and by so many times more than the next ones


class Records:
    """Match keys of n records, by feature. A word of 0 says that nothing is known."""

    def __init__(self, words: Words) -> None:
        assert words.ndim == 2 and words.shape[1] == WORDS
        self._words = words
        self._columns: dict[str, Words] = {}
        self._counts: dict[str, npt.NDArray[np.int32]] = {}

    @classmethod
    def of(cls, keys: Iterable[bytes]) -> "Records":
        """From what the gateway derived, `contracts.matching.BYTES` bytes each."""
        joined = b"".join(keys)
        assert len(joined) % BYTES == 0
        return cls(np.frombuffer(joined, dtype="<u8").reshape(-1, WORDS))

    def __len__(self) -> int:
        return len(self._words)

    def column(self, feature: str) -> Words:
        """One word a record; of a feature with several words, a row of them."""
        found = self._columns.get(feature)
        if found is None:
            place = LAYOUT[feature]
            part = self._words[:, place]
            found = np.ascontiguousarray(part[:, 0] if part.shape[1] == 1 else part)
            if feature.startswith("birth"):
                known = ~self._no_birthday if found.ndim == 1 else ~self._no_birthday[:, None]
                found = np.where(known, found, np.uint64(0))
            self._columns[feature] = found
        return found

    def known(self, feature: str) -> bool:
        """Whether any record says anything about it."""
        return bool(self.column(feature).any())

    def counts(self, feature: str) -> npt.NDArray[np.int32]:
        """How many records share each record's word; 0 where nothing is known."""
        found = self._counts.get(feature)
        if found is None:
            found = _counts(self.column(feature))
            self._counts[feature] = found
        return found

    def share(self, feature: str) -> Floats:
        """The part of other records that say the same as two of which each is one do.

        The two themselves show nothing about others; half a one for what was not seen (Krichevsky
        and Trofimov).
        """
        counts = self.counts(feature)
        return (np.maximum(counts - 2, 0) + 0.5) / max(int(np.count_nonzero(counts)), 1)

    @cached_property
    def _no_birthday(self) -> Mask:
        """Where the day of birth is one that tills type to get past the field.

        Known ones the gateway leaves out; others show by being far more frequent than any.
        """
        counts = _counts(np.ascontiguousarray(self._words[:, LAYOUT["birthday"].start]))
        said = counts[counts > 0]
        if not len(said):
            return np.zeros(len(self), dtype=bool)
        usual = max(float(np.percentile(said, 75)), USUAL / MANY)
        return np.asarray((counts >= USUAL) & (counts > MANY * usual))


def _counts(column: Words) -> npt.NDArray[np.int32]:
    _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
    found = counts[inverse].astype(np.int32)
    found[column == 0] = 0
    return found
