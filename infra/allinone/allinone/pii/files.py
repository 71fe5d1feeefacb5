"""The byte scan of files, and of what is packed in them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from allinone.pii.scanner import CHUNK, NOTHING, Scanned, Scanner, Sweep
from allinone.servers.postgres import binaries

THREADS = 2  # the automaton releases the GIL
Told = Callable[[int], None]
_FAULTS = (OSError, EOFError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


def sizes_below(root: Path, but: Container[Path] = ()) -> dict[Path, int]:
    """Every regular file below `root`, or `root` itself, with its size; without those of `but`."""
    paths = [root] if root.is_file() else []
    paths += [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
    return {
        path: path.stat().st_size
        for path in paths
        if path.is_file() and not path.is_symlink() and path not in but
    }


def scan_files(
    scanner: Scanner, root: Path, told: Told = lambda _: None, but: Container[Path] = ()
) -> Scanned:
    """Every regular file below `root`, the biggest first so that both threads end together.

    `told` hears of the bytes of each block that was read.
    """
    sizes = sizes_below(root, but)
    with ThreadPoolExecutor(THREADS) as pool:
        results = pool.map(
            lambda path: scan_file(scanner, path, _place(path, root), told),
            sorted(sizes, key=lambda path: (-sizes[path], path)),
        )
        return sum(results, NOTHING)


def scan_file(scanner: Scanner, path: Path, place: str, told: Told = lambda _: None) -> Scanned:
    """One file, and what it holds packed; one that disappears while we look holds nothing more."""
    sweep = Sweep(scanner, place)
    begins = b""
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(CHUNK):
                begins = begins or block[:6]
                sweep.feed(block)
                told(len(block))
    except FileNotFoundError:
        return NOTHING
    except OSError:
        return Scanned(0, sweep.bytes, tuple(sweep.finish()), (place,))
    raw = Scanned(1, sweep.bytes, tuple(sweep.finish()))
    packing = next((each for each in _PACKINGS if begins.startswith(each)), None)
    if packing is None or path.name == _CONTENTS:
        return raw
    return raw + _unpacked(scanner, path, f"{place} (unpacked)", _PACKINGS[packing])


def _unpacked(
    scanner: Scanner, path: Path, place: str, blocks: Callable[[Path], Iterator[bytes]] | None
) -> Scanned:
    sweep = Sweep(scanner, place)
    unread: tuple[str, ...] = () if blocks else (place,)
    try:
        for block in blocks(path) if blocks else ():
            sweep.feed(block)
    except _FAULTS:
        unread = (place,)
    return Scanned(1 - len(unread), sweep.bytes, tuple(sweep.finish()), unread)


def _place(path: Path, root: Path) -> str:
    return path.name if path == root else str(path.relative_to(root))


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _blocks(file: _Readable) -> Iterator[bytes]:
    while block := file.read(CHUNK):
        yield block


def _gzip(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as file:
        yield from _blocks(file)


def _bz2(path: Path) -> Iterator[bytes]:
    with bz2.open(path) as file:
        yield from _blocks(file)


def _xz(path: Path) -> Iterator[bytes]:
    with lzma.open(path) as file:
        yield from _blocks(file)


def _zip(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as file:
                yield from _blocks(file)
                yield b"\0"


def _dump(path: Path) -> Iterator[bytes]:
    """A dump in PostgreSQL's custom format, as the script that it restores."""
    command = [str(binaries() / "pg_restore"), "--file=-", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as restoring:
        assert restoring.stdout is not None
        yield from _blocks(restoring.stdout)
    if restoring.returncode:
        raise OSError("pg_restore does not read it")


_CONTENTS = "toc.dat"  # of a dump in the directory format: not packed, its neighbours are gzip
_PACKINGS: dict[bytes, Callable[[Path], Iterator[bytes]] | None] = {
    b"\x1f\x8b\x08": _gzip,
    b"BZh": _bz2,
    b"\xfd7zXZ\0": _xz,
    b"PK\x03\x04": _zip,
    b"PGDMP": _dump,
    b"\x28\xb5\x2f\xfd": None,  # zstd, lz4, 7z: known, and not opened here
    b"\x04\x22\x4d\x18": None,
    b"7z\xbc\xaf\x27\x1c": None,
}


def total(roots: Iterable[Path], but: Container[Path] = ()) -> int:
    """Bytes of all files below."""
    return sum(sum(sizes_below(root, but).values()) for root in roots)
