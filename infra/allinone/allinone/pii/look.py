"""`huiyuan doctor pii`: every place that can be looked at, and what could not be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import asyncpg
import redis.asyncio as redis
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from allinone.home import Home, is_locked
from allinone.pii.files import scan_files, total
from allinone.pii.forms import SHORT, SURE
from allinone.pii.live import scan_database, scan_redis
from allinone.pii.scanner import NOTHING, Scanned, Scanner
from allinone.pii.values import read, spellings
from allinone.pii.wal import folders_below, scan_pages
from allinone.servers import External, running_in

_STOPPED = "the platform is not running"
_SHOWN = 50


class Watcher(Protocol):
    """Hears how far a look is."""

    def at(self, place: str) -> None:
        """What is read now."""
        ...

    def read(self, count: int) -> None:
        """So many more bytes of files were read."""
        ...


@dataclass(frozen=True)
class Where:
    """A platform's data directory, other files and folders, and files to leave out."""

    home: Home | None
    paths: Sequence[Path] = ()
    but: frozenset[Path] = frozenset()

    @property
    def roots(self) -> list[Path]:
        """Below what all files are read."""
        return [*([self.home.root] if self.home else []), *self.paths]


@dataclass
class Look:
    """What was found, and what was not looked at and why."""

    scanner: Scanner
    values: int
    scanned: Scanned = NOTHING
    unlooked: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Everything; no value is in it."""
        return {
            "hits": self.scanned.hits,
            "findings": [asdict(finding) for finding in self.scanned.findings],
            "places": self.scanned.places,
            "bytes": self.scanned.bytes,
            "values": self.values,
            "patterns": self.scanner.patterns,
            "proved": dict(self.scanner.proved),
            "not_searchable": [asdict(skipped) for skipped in self.scanner.skipped],
            "not_looked_at": [*self.unlooked, *self.scanned.unread],
        }


def run(source: str, where: Where, console: Console, *, short: bool = False) -> Look:
    """Look for the values of a file, or of standard input, with a bar on the console.

    Raises NoValues, and FileNotFoundError for a place that is not there.
    """
    for root in where.roots:
        if not root.exists():
            raise FileNotFoundError(f"there is no {root}")
    secrets = read(source)
    with console.status("planting every value in every form"):
        scanner = Scanner(spellings(secrets), SHORT if short else SURE)
    with _bar(console, where) as watcher:
        return asyncio.run(look(scanner, len(secrets), where, watcher))


async def look(scanner: Scanner, values: int, where: Where, watcher: Watcher) -> Look:
    """Tables and Redis if they answer, then every file, then whole pages in the WAL.

    Tables first: reading them writes what PostgreSQL holds in memory.
    """
    done = Look(scanner, values)
    if where.home is not None:
        await _servers(done, where.home, watcher)
    for root in where.roots:
        done.scanned += await asyncio.to_thread(scan_files, scanner, root, watcher.read, where.but)
        for folder in folders_below(root):
            place = str(folder.relative_to(root))
            done.scanned += await asyncio.to_thread(scan_pages, scanner, folder, place, watcher.at)
    return done


async def _servers(done: Look, home: Home, watcher: Watcher) -> None:
    """What only running servers show: the user's own, or those of the platform that runs here."""
    external = External.from_environment()
    embedded = running_in(home) if is_locked(home) else External()
    database = external.database_url or embedded.database_url
    cache = external.redis_url or embedded.redis_url
    if database is None:
        done.unlooked.append(f"tables ({_STOPPED}: long values are compressed in their files)")
    else:
        try:
            done.scanned += await scan_database(done.scanner, database, watcher.at)
        except (OSError, asyncpg.PostgresError) as error:
            done.unlooked.append(f"tables (PostgreSQL: {type(error).__name__})")
    if cache is None:
        done.unlooked.append(f"Redis ({_STOPPED}; ours keeps nothing on disk)")
    else:
        watcher.at("redis")
        try:
            done.scanned += await scan_redis(done.scanner, cache)
        except (OSError, redis.RedisError) as error:
            done.unlooked.append(f"Redis ({type(error).__name__})")
    for name, url in asdict(external).items():
        if url:
            server = name.removesuffix("_url")
            done.unlooked.append(f"files of your own {server} server (name its folder by --path)")


class _Bar:
    """A watcher on a terminal."""

    def __init__(self, progress: Progress, size: int) -> None:
        self._progress, self._task = progress, progress.add_task("", total=size, at="")

    def at(self, place: str) -> None:
        self._progress.update(self._task, at=place)

    def read(self, count: int) -> None:
        self._progress.update(self._task, advance=count, at="files")


@contextmanager
def _bar(console: Console, where: Where) -> Iterator[_Bar]:
    """A bar as long as all files."""
    at = TextColumn("{task.fields[at]}")
    columns = (at, BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress, total(where.roots, where.but))


def show(done: Look) -> RenderableType:
    """A page about it."""
    scanned, scanner = done.scanned, done.scanner
    proved = ", ".join(f"{form} {count:,}" for form, count in scanner.proved.items())
    lines = [Text(f"✓ proved first: every value that was planted was found ({proved})", "dim")]
    unsaid = [
        *(f"too short to be searched for: {each}" for each in _short(scanner)),
        *(f"not looked at: {each}" for each in done.unlooked),
        *(f"not readable: {each}" for each in scanned.unread),
    ]
    lines += [Text(f"· {each}", "yellow") for each in unsaid]
    found: list[RenderableType] = []
    table = Table("place", "kind", "form", "count", box=None)
    for finding in scanned.findings[:_SHOWN]:
        table.add_row(finding.place, finding.kind, finding.form, f"{finding.count:,}")
    rest = len(scanned.findings) - _SHOWN
    if scanned.findings:
        found.append(table)
    if rest > 0:
        found.append(f"… and {rest:,} more; --json has them all")
    verdict = Text(
        f"{'✗' if scanned.hits else '✓'} {scanned.hits:,} occurrences of {done.values:,} personal"
        f" values in {scanned.bytes / 1e6:,.0f} MB of {scanned.places:,} files, tables and caches",
        "bold red" if scanned.hits else "green",
    )
    return Group(*lines, *found, verdict)


def _short(scanner: Scanner) -> Iterator[str]:
    kinds: dict[str, list[str]] = {}
    for each in scanner.skipped:
        kinds.setdefault(each.kind, []).append(f"{each.values:,} in {each.form}")
    for kind, counts in kinds.items():
        yield f"{kind}: {', '.join(counts)}"
