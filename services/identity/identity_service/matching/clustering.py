"""From pairs to people: clusters that no strong contradiction runs through. Pure.

Not the transitive closure. Records that weak evidence connects are a component. Where nothing in
it contradicts, it is one person. Else records join one by one, the surest first, and what has
joined is compared as one: of each comparison the best agreement counts once, and where there is
only disagreement, that counts. So a nameless record of a family's phone joins one of the family,
and does not make one person of all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from identity_service.matching.domain import UNKNOWN, Floats, Indexes, Mask, Records
from identity_service.matching.estimation import Weights, compare, evidence
from identity_service.matching.rules.blocks import within

MERGE = 0.5  # bits: 4 to 1
REVIEW = -3.0  # bits: below that, apart
SLACK = 6.0  # a component holds together by edges that are that much weaker
CONTRADICTION = -3.0  # bits of one comparison
WORST_COUNTS = {"source"}  # of which the worst counts: a channel knows one seldom twice
LARGEST = 150  # records of a component; a larger one is cut at its weakest edges
_CHUNK = 500_000


@dataclass(frozen=True, slots=True)
class Edges:
    """Candidate pairs and their bits, the prior included."""

    i: Indexes
    j: Indexes
    bits: Floats


def components(count: int, edges: Edges, least: float) -> Indexes:
    """A label for each record: connected by edges of `least` bits."""
    kept = edges.bits >= least
    graph = coo_matrix(
        (np.ones(int(kept.sum()), dtype=bool), (edges.i[kept], edges.j[kept])),
        shape=(count, count),
    )
    return np.asarray(connected_components(graph, directed=False)[1]).astype(np.int64)


def cut(count: int, edges: Edges) -> Indexes:
    """Components of at most `LARGEST`: in larger ones the bar rises until they fall apart."""
    least = np.full(count, MERGE - SLACK)
    while True:
        labels = components(count, _above(edges, least), -np.inf)
        sizes = np.bincount(labels)
        large = sizes[labels] > LARGEST
        if not large.any():
            return labels
        least[large] += 3.0


def _above(edges: Edges, least: Floats) -> Edges:
    kept = edges.bits >= np.maximum(least[edges.i], least[edges.j])
    return Edges(edges.i[kept], edges.j[kept], edges.bits[kept])


def cluster(records: Records, weights: Weights, edges: Edges) -> Indexes:
    """A cluster for each record, named by its first record."""
    count = len(records)
    loose, tight = cut(count, edges), components(count, edges, MERGE)
    found = np.arange(count, dtype=np.int64)
    order = np.argsort(loose, kind="stable")
    starts = np.flatnonzero(np.diff(loose[order], prepend=-1))
    every = _Parts(order, starts, np.diff(np.append(starts, count)))
    for begin, end in _portions(every.sizes):
        part = _Parts(order, starts[begin:end], every.sizes[begin:end])
        _resolve(records, weights, tight, part, found)
    return found


@dataclass(frozen=True, slots=True)
class _Parts:
    """Components: of each where its records begin in `order`, and how many they are."""

    order: Indexes
    starts: Indexes
    sizes: Indexes

    def members(self, at: int) -> Indexes:
        """The records of a component, ascending."""
        return self.order[self.starts[at] : self.starts[at] + self.sizes[at]]

    def pairs(self) -> tuple[Indexes, Indexes, Indexes]:
        """Every pair inside a component, and which, ascending."""
        i, j, part = within(self.order, self.starts, self.sizes, LARGEST)
        sequence = np.argsort(part, kind="stable")
        return i[sequence], j[sequence], part[sequence]


def _portions(sizes: Indexes) -> Iterator[tuple[int, int]]:
    """Runs of components with about `_CHUNK` pairs."""
    pairs = np.cumsum(sizes * (sizes - 1) // 2)
    begin = 0
    while begin < len(sizes):
        done = pairs[begin - 1] if begin else 0
        end = max(int(np.searchsorted(pairs, done + _CHUNK, side="right")), begin + 1)
        yield begin, end
        begin = end


def _resolve(
    records: Records, weights: Weights, tight: Indexes, parts: _Parts, found: Indexes
) -> None:
    """Decide these components; writes into `found`."""
    i, j, part = parts.pairs()
    if not len(i):
        return
    levels = compare(records, weights.comparisons, i, j)
    bits = evidence(weights, records, levels, i)
    whole = np.ones(len(parts.sizes), dtype=bool)
    whole[part[bits.min(axis=1) < CONTRADICTION]] = False
    whole[part[tight[i] != tight[j]]] = False
    things = list(dict.fromkeys(one.about for one in weights.comparisons))
    said = np.full((len(bits), len(things)), -np.inf)
    for one, seen, spoken in zip(weights.comparisons, levels.T, bits.T, strict=True):
        column = said[:, things.index(one.about)]
        np.maximum(column, np.where(seen == UNKNOWN, -np.inf, spoken), out=column)
    once = [place for place, thing in enumerate(things) if thing in WORST_COUNTS]
    ends = np.searchsorted(part, np.arange(len(whole) + 1))
    for at in np.flatnonzero(parts.sizes > 1):
        members = parts.members(int(at))
        if whole[at]:
            found[members] = members[0]
        else:
            rows = slice(ends[at], ends[at + 1])
            a, b = np.searchsorted(members, i[rows]), np.searchsorted(members, j[rows])
            best = np.full((said.shape[1], len(members), len(members)), -np.inf)
            best[:, a, b] = best[:, b, a] = said[rows].T
            found[members] = members[_join(best, once, weights.start)]


def _join(best: Floats, once: Sequence[int], start: float) -> Indexes:
    """The first of its cluster, for each record of a component: the surest pair joins first.

    `best` is thing × record × record, in bits; minus infinity where nothing is said. Of `once` the
    worst counts.
    """
    size = best.shape[1]
    labels, live = np.arange(size), np.ones(size, dtype=bool)
    while True:
        link = _links(best, live, start)
        one, other = sorted(divmod(int(link.argmax()), size))
        if link[one, other] < MERGE:
            return labels
        merged = np.maximum(best[:, one], best[:, other])
        for at in once:
            both = best[at, one], best[at, other]
            said = np.isfinite(both[0]) & np.isfinite(both[1])
            merged[at] = np.where(said, np.minimum(*both), merged[at])
        best[:, one], best[:, :, one] = merged, merged
        labels[labels == other] = one
        live[other] = False


def _links(best: Floats, live: Mask, start: float) -> Floats:
    """Bits that each two clusters are one person; minus infinity where that is no question."""
    link = np.asarray(np.where(np.isinf(best), 0.0, best).sum(axis=0) + start)
    link[~live] = link[:, ~live] = -np.inf
    np.fill_diagonal(link, -np.inf)
    return link
