"""The whole way from match keys to clusters, for as many records as fit into memory. Pure."""

from dataclasses import dataclass

import numpy as np

from identity_service.matching.clustering import Edges, cluster
from identity_service.matching.domain import Indexes, Levels, Mask, Records
from identity_service.matching.estimation import (
    Report,
    Weights,
    compare,
    evidence,
    learn,
    patterns,
    settle,
)
from identity_service.matching.rules.blocks import BLOCKS, pairs, usable

_CHUNK = 500_000


@dataclass(frozen=True, slots=True)
class Resolution:
    """`clusters`: for each record the first record of its cluster."""

    clusters: Indexes
    weights: Weights
    edges: Edges


def candidates(records: Records, report: Report) -> list[tuple[Indexes, Indexes]]:
    """The pairs of every block that the records have the keys for."""
    found = []
    for block in BLOCKS:
        if usable(records, block):
            report(f"pairs of equal {' and '.join(block.features)}")
            found.append(pairs(records, block))
    return found


def search(records: Records, weights: Weights, fresh: Mask) -> Edges:
    """The fresh records against all, by what was learnt before."""
    count = len(records)
    codes = [np.empty(0, dtype=np.int64)]
    for block in BLOCKS:
        if usable(records, block):
            i, j = pairs(records, block, fresh)
            codes.append(i * count + j)
    found = np.unique(np.concatenate(codes))
    i, j = found // count, found % count
    return _scored(records, weights, _compared(records, weights, i, j), (i, j))


def _compared(records: Records, weights: Weights, i: Indexes, j: Indexes) -> Levels:
    parts = [
        compare(records, weights.comparisons, i[at : at + _CHUNK], j[at : at + _CHUNK])
        for at in range(0, max(len(i), 1), _CHUNK)
    ]
    return np.concatenate(parts)


def _scored(
    records: Records, weights: Weights, levels: Levels, between: tuple[Indexes, Indexes]
) -> Edges:
    i, j = between
    parts = [
        evidence(weights, records, levels[at : at + _CHUNK], i[at : at + _CHUNK]).sum(axis=1)
        for at in range(0, max(len(i), 1), _CHUNK)
    ]
    return Edges(i, j, np.concatenate(parts) + weights.start)


def resolve(records: Records, report: Report) -> Resolution:
    """Learn, score, cluster. The same records in the same sequence give the same clusters."""
    count = len(records)
    if count < 2:
        raise ValueError
    blocks = [block for block in BLOCKS if usable(records, block)]
    found = candidates(records, report)
    weights, chance = learn(
        records, ((b, i, j) for b, (i, j) in zip(blocks, found, strict=True)), report
    )
    codes = np.unique(np.concatenate([i * count + j for i, j in found]))
    del found
    i, j = codes // count, codes % count
    report(f"comparing {len(i):,} pairs of {count:,} records")
    levels = _compared(records, weights, i, j)
    weights = settle(weights, chance, patterns(levels), count)
    edges = _scored(records, weights, levels, (i, j))
    report("clustering")
    return Resolution(cluster(records, weights, edges), weights, edges)
