"""The finding in a process of its own: `python -m profile_service.clusters.worker FOLDER`.

FOLDER holds people.parquet and shares.parquet (finding.features; people with the cluster before);
it gets found.parquet (subject, label, before: the number that the label's cluster had) and
found.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl

from profile_service.clusters.finding import find, report, same_as


def run(folder: Path) -> None:
    """Find and write."""
    people = pl.read_parquet(folder / "people.parquet").sort("subject")
    found = find(people, pl.read_parquet(folder / "shares.parquet"))
    if found.labels is not None:
        before = same_as(found.labels, people["cluster"].to_list())
        labels = found.labels.tolist()
        pl.DataFrame(
            {
                "subject": people["subject"],
                "label": labels,
                "before": pl.Series([before.get(label) for label in labels], dtype=pl.Int64),
            }
        ).write_parquet(folder / "found.parquet")
    (folder / "found.json").write_text(json.dumps(report(found), ensure_ascii=False))


if __name__ == "__main__":
    run(Path(sys.argv[1]))
