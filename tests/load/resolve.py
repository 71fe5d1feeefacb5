"""`huiyuan bench resolve`: registers of 100,000 and 1,000,000 records, from CSV to clusters.

Beside the quality: what records that share a phone, card or unionid alone would give. Beside the
time: reading the same file and finding exactly those.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the bench is run by its path

from allinone.resolve import resolve_file
from testkit.registers import chinese, quality, read_clusters, write
from tests.load.figures import Row, show

RECORDS_A_PERSON = 2.515
SIZES = (100_000, 1_000_000)
SEED = 1_000


def exact(register: Path) -> list[int]:
    """Clusters of records that share a phone, a card or a unionid."""
    table = pl.read_csv(register, infer_schema=False)
    left, right = [], []
    for column in ("phone", "unionid", "card"):
        rows = table.select(column).with_row_index().drop_nulls()
        first = rows.with_columns(pl.col("index").first().over(column).alias("first"))
        left.append(first["index"].to_numpy())
        right.append(first["first"].to_numpy())
    i, j = np.concatenate(left), np.concatenate(right)
    graph = coo_matrix((np.ones(len(i), dtype=bool), (i, j)), shape=(table.height, table.height))
    return list(connected_components(graph, directed=False)[1])


def measure(folder: Path, records: int) -> list[Row]:
    """Figures of one size."""
    register, out = folder / f"{records}.csv", folder / f"{records}.clusters.csv"
    rows, truth = chinese(SEED, round(records / RECORDS_A_PERSON))
    write(rows, register)
    begun = time.perf_counter()
    plain = exact(register)
    floor_seconds = time.perf_counter() - begun
    floor = quality(plain, truth)
    begun = time.perf_counter()
    resolve_file(register, out, lambda line: print(f"  {line}", file=sys.stderr))
    seconds = time.perf_counter() - begun
    named = read_clusters(out)
    found = quality([named[row["rid"]] for row in rows], truth)
    size = f"{len(rows):,} records"
    return [
        Row(f"{size}: seconds", seconds, "exact identifiers, seconds", floor_seconds,
            "600 at 1 M" if records == max(SIZES) else ""),
        Row(f"{size}: B3 F1", found.b3_f1, "exact identifiers, B3 F1", floor.b3_f1),
        Row(f"{size}: pairwise precision", found.precision, "exact identifiers", floor.precision),
    ]  # fmt: skip


def peak_gib(who: int) -> float:
    """The most memory held at once."""
    return resource.getrusage(who).ru_maxrss / 2**20


def main(json_file: Path | None, sizes: Sequence[int] = SIZES) -> int:
    """Measure, print, and write the figures."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for records in sizes:
            rows += measure(Path(folder), records)
    own, workers = peak_gib(resource.RUSAGE_SELF), peak_gib(resource.RUSAGE_CHILDREN)
    rows.append(Row("peak memory, GiB", own, "of each deriving process, GiB", workers, "8"))
    return show(f"resolve, {len(os.sched_getaffinity(0))} cores", rows, json_file)
