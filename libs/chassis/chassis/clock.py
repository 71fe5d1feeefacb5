"""The only source of "now". A driven clock lets a year of shopping be replayed in minutes."""

import mmap
import os
import struct
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

PROGRAM_ZONE = ZoneInfo("Asia/Shanghai")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAYOUT = struct.Struct("<qqq")  # wall anchor µs, driven anchor µs, ticking


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware, UTC."""
        return datetime.now(UTC)


class DrivenClock:
    """A clock in a memory-mapped file: a move is seen at once by every process that maps it."""

    def __init__(self, path: Path) -> None:
        if not path.exists() or path.stat().st_size != _LAYOUT.size:
            fresh = path.with_suffix(f".{os.getpid()}")
            wall = _wall()
            fresh.write_bytes(_LAYOUT.pack(wall, wall, 1))
            fresh.replace(path)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _LAYOUT.size)

    def now(self) -> datetime:
        """Aware, UTC: the driven anchor, plus the wall time since the move if it ticks."""
        wall, driven, ticking = _LAYOUT.unpack_from(self._map)
        return _EPOCH + timedelta(microseconds=driven + (_wall() - wall if ticking else 0))

    def move(self, to: datetime, *, ticking: bool = True) -> None:
        """Set the time; it goes on from there, or stands still with `ticking=False`."""
        self._map[:] = _LAYOUT.pack(_wall(), (to - _EPOCH) // timedelta(microseconds=1), ticking)


def _wall() -> int:
    return time.time_ns() // 1000


def open_clock(clock_file: Path | None) -> Clock:
    """The driven clock where a file is named, the machine's otherwise."""
    return DrivenClock(clock_file) if clock_file else SystemClock()


def local_date(moment: datetime) -> date:
    """The programme's calendar day of a moment."""
    return moment.astimezone(PROGRAM_ZONE).date()


def midnight(day: date) -> datetime:
    """The first moment of a programme day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=PROGRAM_ZONE).astimezone(UTC)
