"""Figures beside floors: a table for people, JSON for scripts."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from allinone.platform import Platform


@dataclass(frozen=True)
class Row:
    """A figure, what it is compared with, and their ratio; names carry the unit."""

    figure: str
    value: float
    floor: str = ""
    beside: float | None = None
    target: str = ""
    ratio: str = ""  # name of figure ÷ floor, if that says something

    @property
    def share(self) -> float | None:
        """Figure ÷ floor."""
        return self.value / self.beside if self.beside else None


def say(text: str) -> None:
    """What a bench is about to do, for whoever waits."""
    Console(stderr=True, highlight=False).print(f"[dim]·[/] {text}", soft_wrap=True)


def show(title: str, rows: list[Row], json_file: Path | None) -> int:
    """Print the table and write `{"figures", "floors", "ratios"}`; answers an exit code."""
    table = Table(title=title)
    for heading in ("figure", "measured", "beside it", "floor", "ratio", "aim"):
        number = heading in ("measured", "floor", "ratio")
        table.add_column(
            heading, justify="right" if number else "left", overflow="fold", no_wrap=number
        )
    for row in rows:
        beside = "" if row.beside is None else f"{row.beside:,.2f}"
        share = f"{row.share:.2f}" if row.ratio and row.share is not None else ""
        table.add_row(row.figure, f"{row.value:,.2f}", row.floor, beside, share, row.target)
    Console().print(table)
    if json_file is not None:
        content = {
            "figures": {row.figure: row.value for row in rows},
            "floors": {row.floor: row.beside for row in rows if row.beside is not None},
            "ratios": {row.ratio: row.share for row in rows if row.ratio},
        }
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(content)))
    return 0


def used(platform: Platform, names: Iterable[str]) -> dict[str, float]:
    """Seconds of processor time of each part so far; of PostgreSQL those of its connections."""
    return {name: seconds(psutil.Process(platform.pid(name))) for name in names}


def seconds(process: psutil.Process) -> float:
    """Of processor time that a process and those it started have taken so far."""
    spent = 0.0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            spent += times.user + times.system
    return spent
