"""The byte scan of whole pages in the WAL: PostgreSQL writes those compressed (`wal_compression`).

`pg_waldump` unpacks them, segment by segment. A record may end in the next segment, so each run
reads a little on, and what begins there is left to the next run.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from allinone.pii.scanner import NOTHING, Scanned, Scanner, Sweep
from allinone.servers.postgres import binaries

_SEGMENT = re.compile(r"[0-9A-F]{24}")
_PAGE = re.compile(r"[0-9A-F]{8}-([0-9A-F]{8})-([0-9A-F]{8})\.")
_LONGEST_RECORD = 1 << 20  # with 32 whole pages: some 270 kB


def folders_below(root: Path) -> list[Path]:
    """Every `pg_wal` with segments in it."""
    return [each for each in sorted(root.rglob("pg_wal")) if _segments(each)]


def scan_pages(
    scanner: Scanner, folder: Path, place: str, told: Callable[[str], None] = lambda _: None
) -> Scanned:
    """Whole pages in the segments of one `pg_wal`; segments kept for later use are passed over."""
    found = NOTHING
    for segment in _segments(folder):
        told(f"{place}/{segment.name}")
        sweep = Sweep(scanner, f"{place} (whole pages)")
        try:
            for page in _pages(segment):
                sweep.feed(page)
        except OSError:
            found += Scanned(0, 0, (), (f"{place}/{segment.name} (whole pages)",))
            continue
        found += Scanned(1, sweep.bytes, tuple(sweep.finish()))
    return found


def _segments(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if _SEGMENT.fullmatch(path.name))


def _pages(segment: Path) -> Iterator[bytes]:
    """Pages in the records that begin in a segment. Raises OSError."""
    size = segment.stat().st_size
    timeline, high, low = (int(segment.name[n : n + 8], 16) for n in (0, 8, 16))
    begin = (high << 32) + low * size
    end = begin + size
    with tempfile.TemporaryDirectory(prefix="huiyuan-wal-") as scratch:
        pages = Path(scratch, "pages")
        command = [str(binaries() / "pg_waldump"), "--quiet", f"--path={segment.parent}"]
        command += [f"--save-fullpage={pages}", f"--timeline={timeline}"]
        command += [f"--start={_lsn(begin)}", f"--end={_lsn(end + _LONGEST_RECORD)}"]
        # Its status says nothing: the last segment ends where nothing was written yet.
        subprocess.run(command, capture_output=True, check=False, timeout=600)
        for path in sorted(pages.glob("*")):
            at = _PAGE.match(path.name)
            if at and begin <= (int(at[1], 16) << 32) + int(at[2], 16) < end:
                yield path.read_bytes()


def _lsn(position: int) -> str:
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"
