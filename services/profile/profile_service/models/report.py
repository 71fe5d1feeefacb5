"""Reports as files: JSON, plots beside it, and predictions as CSV."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def plots(report: dict[str, Any], seen: dict[str, Floats]) -> dict[str, bytes]:
    """Pictures (PNG) of a report, by name: calibration or scatter, importance, parts."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    drawn: dict[str, Any] = {}

    def axes(name: str, title: str, across: str, up: str) -> Any:
        figure = Figure(figsize=(5, 4), layout="constrained")
        drawn[name] = figure
        made = figure.subplots()
        made.set(title=title, xlabel=across, ylabel=up)
        return made

    if table := report.get("calibration_table"):
        plot = axes("calibration", "Calibration, held out", "predicted", "happened")
        plot.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        plot.plot(
            [row["predicted"] for row in table], [row["happened"] for row in table], marker="o"
        )
    elif seen:
        plot = axes("scatter", "Spend, held out (yuan)", "predicted", "actual")
        plot.scatter(np.maximum(seen["predicted"], 0) / 100, seen["actual"] / 100, s=4, alpha=0.4)
    if importance := report.get("importance"):
        plot = axes("importance", "What the trees look at", "share of gain", "")
        plot.barh(list(importance)[::-1], list(importance.values())[::-1])
    if weeks := report.get("forecast"):
        _weeks(axes("weeks", "Sales a week (yuan)", "weeks from now", ""), report, weeks)
    if figures := report.get("metrics"):
        first = next(iter(next(iter(figures.values()))))
        plot = axes("parts", f"{first}, held out", "", first)
        plot.bar(list(figures), [values[first] for values in figures.values()])
        plot.tick_params(axis="x", labelrotation=20)
    return {name: _png(figure) for name, figure in drawn.items()}


def _weeks(plot: Any, report: dict[str, Any], weeks: list[dict[str, Any]]) -> None:
    past = [week["fen"] / 100 for week in report["history"]]
    plot.plot(range(-len(past), 0), past, color="black", linewidth=0.8)
    plot.plot(range(len(weeks)), [week["expected_fen"] / 100 for week in weeks], marker=".")
    for level in ("80", "95"):
        ends = [[week[f"{end}_{level}_fen"] / 100 for week in weeks] for end in ("low", "high")]
        plot.fill_between(range(len(weeks)), *ends, alpha=0.2)


def _png(figure: Any) -> bytes:
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=90, metadata={"Software": None})
    return held.getvalue()


def embedded(report: dict[str, Any], seen: dict[str, Floats]) -> dict[str, str]:
    """`plots` as data URLs."""
    return {
        name: "data:image/png;base64," + base64.b64encode(data).decode()
        for name, data in plots(report, seen).items()
    }


def write(path: Path, report: dict[str, Any], seen: dict[str, Floats]) -> None:
    """The report as JSON, with its plots embedded under `plots`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {**report, "plots": embedded(report, seen)}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n")


def write_predictions(path: Path, table: pl.DataFrame) -> None:
    """A CSV with a header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.write_csv(path)
