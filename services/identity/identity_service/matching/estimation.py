"""Fellegi and Sunter's weights, learnt from the records themselves. Pure.

For each comparison and level: `m`, how often pairs of one person show it, and `u`, how often pairs
of two do. `u` comes from pairs drawn at random. `m` comes from expectation-maximisation within the
pairs of each block: there a good part are one person's, and what the block holds equal is left out
of it (Fellegi & Sunter 1969; Winkler 1988; the training of `m` block by block as in Splink).
Agreement that is rarer than what a random draw can show, on an identifier for example, is counted
where it is: among the candidates, less those that are one person's.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from identity_service.matching.domain import UNKNOWN, Floats, Indexes, Levels, Records
from identity_service.matching.rules.blocks import Block
from identity_service.matching.rules.comparisons import COMPARISONS, Comparison

DRAWN, DRAWN_LEAST, DRAWN_MOST = 40, 250_000, 1_000_000  # random pairs, a record and in all
TRAINED = 100_000  # pairs of a block
TEACHING = 0.05  # of a block's pairs that are one person's: less teach what chance looks like
ENOUGH = 30  # pairs of a block that teach something
CERTAINTY = 60.0  # pairs that what is usual counts for, beside what was learnt
ROUNDS, PASSES = 40, 60
LEAST = 1e-9
MOST_DISAGREEMENT = 9.0  # of one comparison, in bits: anybody can be mistyped once
_SEED = 34

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Patterns:
    """Which levels pairs show: distinct rows and how many pairs show each."""

    rows: Levels  # pattern × comparison
    counts: Floats
    of_pair: Indexes


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learnt: `prior` is the part of all pairs that are one person's."""

    comparisons: tuple[Comparison, ...]
    m: tuple[Floats, ...]
    u: tuple[Floats, ...]
    prior: float

    def table(self) -> list[Floats]:
        """Bits for each comparison's levels."""
        return [
            np.maximum(np.log2(np.maximum(m, LEAST) / np.maximum(u, LEAST)), -MOST_DISAGREEMENT)
            for m, u in zip(self.m, self.u, strict=True)
        ]

    def score(self, rows: Levels) -> Floats:
        """Bits for each row of levels, without the prior and without rarity."""
        return np.asarray(self.bits(rows).sum(axis=1))

    def bits(self, rows: Levels) -> Floats:
        """Bits for each comparison of each row; 0 where nothing is known."""
        found = np.empty(rows.shape)
        for at, table in enumerate(self.table()):
            found[:, at] = np.append(table, 0.0)[rows[:, at]]  # UNKNOWN is the last
        return found

    @property
    def start(self) -> float:
        """The prior, in bits."""
        return float(np.log2(self.prior / (1 - self.prior)))


def compare(records: Records, chosen: Sequence[Comparison], i: Indexes, j: Indexes) -> Levels:
    """Levels of pairs: pair × comparison."""
    found = np.empty((len(i), len(chosen)), dtype=np.int8)
    for at, comparison in enumerate(chosen):
        found[:, at] = comparison.judge(records, i, j)
    return found


def applicable(records: Records) -> tuple[Comparison, ...]:
    """The comparisons for which some record says something."""
    return tuple(one for one in COMPARISONS if all(records.known(feature) for feature in one.needs))


def patterns(levels: Levels) -> Patterns:
    """Distinct rows of levels."""
    codes = np.zeros(len(levels), dtype=np.int64)
    for column in levels.T:
        codes = codes * 6 + (column.astype(np.int64) + 1)
    _, first, inverse, counts = np.unique(
        codes, return_index=True, return_inverse=True, return_counts=True
    )
    return Patterns(levels[first], counts.astype(float), inverse)


def draw(count: int) -> tuple[Indexes, Indexes]:
    """Random pairs of `count` records; all of them, where they are few."""
    pairs = min(max(DRAWN * count, DRAWN_LEAST), DRAWN_MOST)
    if count * (count - 1) // 2 <= pairs:
        i, j = np.triu_indices(count, 1)
        return i.astype(np.int64), j.astype(np.int64)
    rng = np.random.default_rng(_SEED)
    i, j = rng.integers(0, count, pairs), rng.integers(0, count - 1, pairs)
    return i, np.where(j >= i, j + 1, j)


def _counted(rows: Levels, weight: Floats, at: int, length: int) -> Floats:
    column = rows[:, at]
    known = column != UNKNOWN
    return np.asarray(np.bincount(column[known], weight[known], minlength=length), dtype=float)


def _even(counts: Floats, usual: Floats, certainty: float) -> Floats:
    return np.asarray((counts + certainty * usual) / (counts.sum() + certainty))


def learn(
    records: Records, blocks: Iterable[tuple[Block, Indexes, Indexes]], report: Report
) -> tuple[Weights, Patterns]:
    """Weights from blocks' pairs, and the random pairs. The prior is set by `settle`."""
    chosen = applicable(records)
    chance = patterns(compare(records, chosen, *draw(len(records))))
    usual = [np.array(one.usual) for one in chosen]
    u = [
        _even(_counted(chance.rows, chance.counts, at, len(flat)), _rare(len(flat)), 1.0)
        for at, flat in enumerate(usual)
    ]
    sums = [np.zeros(len(one.usual)) for one in chosen]
    for block, i, j in blocks:
        if len(i) < ENOUGH:
            continue
        report(f"learning from pairs of equal {' and '.join(block.features)}")
        some_i, some_j, scale = _sample(i, j)
        seen = patterns(compare(records, chosen, some_i, some_j))
        used = [at for at, one in enumerate(chosen) if one.name not in block.out]
        likely = _expect(seen, [at for at in used if chosen[at].tells], usual, u)
        if (seen.counts @ likely) < TEACHING * seen.counts.sum():
            continue
        for at in used:
            sums[at] += scale * _counted(seen.rows, seen.counts * likely, at, len(sums[at]))
    m = [_even(total, flat, CERTAINTY) for total, flat in zip(sums, usual, strict=True)]
    return Weights(chosen, tuple(m), tuple(u), 0.5), chance


def _sample(i: Indexes, j: Indexes) -> tuple[Indexes, Indexes, float]:
    if len(i) <= TRAINED:
        return i, j, 1.0
    kept = np.random.default_rng(_SEED).choice(len(i), TRAINED, replace=False)
    return i[kept], j[kept], len(i) / TRAINED


def _expect(
    seen: Patterns, used: Sequence[int], usual: Sequence[Floats], u: Sequence[Floats]
) -> Floats:
    """The probability of each pattern to be one person's, within one block."""
    m = list(usual)
    share, total = 0.5, seen.counts.sum()
    likely = np.zeros(len(seen.rows))
    for _ in range(ROUNDS):
        bits = np.zeros(len(seen.rows))
        for at in used:
            table = np.log2(np.maximum(m[at], LEAST) / np.maximum(u[at], LEAST))
            bits += np.append(table, 0.0)[seen.rows[:, at]]
        likely = probability(bits + np.log2(share / (1 - share)))
        share = float(np.clip((seen.counts * likely).sum() / total, 0.001, 0.999))
        for at in used:
            counted = _counted(seen.rows, seen.counts * likely, at, len(m[at]))
            m[at] = _even(counted, usual[at], CERTAINTY)
    return likely


def settle(weights: Weights, chance: Patterns, candidates: Patterns, count: int) -> Weights:
    """The prior, and `u` once more without pairs of one person: from all candidates too, for what
    is rarer than a random draw can show."""
    every = count * (count - 1) / 2
    sizes = [len(each) for each in weights.u]
    spoken = np.maximum(chance.counts @ (chance.rows != UNKNOWN), 1.0) / chance.counts.sum()
    now = replace(weights, prior=min(0.5, count / every))
    for _ in range(PASSES):
        likely = probability(now.score(candidates.rows) + now.start)
        apart = candidates.counts * (1 - likely)
        drawn = chance.counts * (1 - probability(now.score(chance.rows) + now.start))
        u = []
        for at, size in enumerate(sizes):
            seen = _even(_counted(chance.rows, drawn, at, size), _rare(size), 1.0)
            found = _counted(candidates.rows, apart, at, size) / (every * spoken[at])
            found[0] = 0.0
            u.append(np.maximum(seen, found))
        prior = float(np.clip((candidates.counts * likely).sum() / every, 1e-12, 0.5))
        now = replace(now, u=tuple(u), prior=prior)
    return now


def _rare(size: int) -> Floats:
    """What one pair more counts as: nearly all of it unlike."""
    return np.append(1.0, np.full(size - 1, LEAST))


def probability(bits: Floats) -> Floats:
    """Of odds in bits."""
    return np.asarray(1 / (1 + np.exp2(-np.clip(bits, -200, 200))))


def evidence(weights: Weights, records: Records, levels: Levels, i: Indexes) -> Floats:
    """Bits, pair × comparison: more for agreeing on something rare, less on something common."""
    found = weights.bits(levels)
    for at, one in enumerate(weights.comparisons):
        for level, feature in one.rarity.items():
            shows = levels[:, at] == level
            if shows.any():
                share = np.maximum(records.share(feature)[i[shows]], LEAST)
                usual = max(float(weights.u[at][level]), LEAST)
                found[shows, at] += np.log2(usual / share)
    return found
