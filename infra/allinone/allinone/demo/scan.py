"""The byte scan: is any personal value of the demo readable behind the gateway?

Every person's name, phone, openid, card number and street is searched for, in the forms in which a
leak would show: UTF-8, GBK, JSON `\\u` escapes, URL escapes, hex, base64 at each alignment, phones
with blanks, dashes or +86. All forms go into one Aho–Corasick automaton, which is run over

- every file below the data directory: heap and WAL of PostgreSQL, streams, logs, settings, the run
  directory — nothing is left out;
- every table's text as a dump would have it, because PostgreSQL compresses long values, and what
  Redis holds in memory (`scan_live.py`).

A form is searched for only if a hit is a find and not chance: eight bytes, eleven characters of
base64, eleven digits that stand alone. That leaves out one thing: names of three characters in GBK,
six bytes. `Scanner` proves itself on planted values first.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ahocorasick_rs import BytesAhoCorasick, Implementation

from allinone.demo.households import Person

CHUNK = 8 << 20
MARGIN = 256  # no form is longer
THREADS = 2  # the automaton releases the GIL
_MAY_PRECEDE_A_NUMBER = re.compile(rb"(?:^|[^0-9])(?:(?:00)?86)?$")


@dataclass(frozen=True, slots=True)
class Finding:
    """A personal value that lies open: where, what kind and in which form — never the value."""

    place: str
    kind: str
    form: str
    count: int


def secrets_of(people: Iterable[Person]) -> Iterator[tuple[str, str]]:
    """(kind, value) of everything that must not be readable behind the gateway."""
    for person in people:
        yield "name", person.name
        yield "phone", person.phone
        yield "openid", person.openid
        yield "card_no", person.card_no
        yield "street", person.street


def forms(kind: str, value: str) -> Iterator[tuple[str, bytes]]:
    """(form, bytes) in which a value could appear, without those too short to mean anything."""
    raw = value.encode()
    yield "utf-8", raw
    yield "hex", raw.hex().encode()
    yield "hex", raw.hex().upper().encode()
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + raw)
        inner = text[(0, 2, 3)[offset] : (len(raw) + offset) * 4 // 3]
        if len(inner) >= 11:
            yield "base64", inner
            yield "base64", inner.translate(bytes.maketrans(b"+/", b"-_"))
    if not value.isascii():
        yield "url", quote(value).encode()
        escaped = json.dumps(value)[1:-1]
        yield "json", escaped.encode()
        yield "json", escaped.upper().replace("\\U", "\\u").encode()
        if len(gbk := value.encode("gbk")) >= 8:
            yield "gbk", gbk
    if kind == "phone":
        for joiner in (" ", "-"):
            yield "grouped", joiner.join((value[:3], value[3:7], value[7:])).encode()


class Scanner:
    """All forms of all values in one automaton; RuntimeError if it misses a planted value."""

    def __init__(self, secrets: Iterable[tuple[str, str]]) -> None:
        known: dict[bytes, tuple[str, str]] = {}
        planted: list[bytes] = []
        for kind, value in secrets:
            planted.append(value.encode())
            for form, pattern in forms(kind, value):
                known.setdefault(pattern, (kind, form))
        if max(map(len, known)) > MARGIN:
            raise ValueError("a form is longer than the margin between chunks")
        self.patterns = len(known)
        self._labels = list(known.values())
        self._automaton = BytesAhoCorasick(list(known), implementation=Implementation.ContiguousNFA)
        if sum(1 for _ in self.find(b" ".join(planted))) < len(planted):
            raise RuntimeError("the scanner does not find what was planted")

    def find(self, data: bytes) -> Iterator[tuple[int, str, str]]:
        """(start, kind, form) of each occurrence."""
        for label, start, end in self._automaton.find_matches_as_indexes(data, overlapping=True):
            kind, form = self._labels[label]
            if form != "utf-8" or _stands_alone(data, start, end):
                yield start, kind, form


def _stands_alone(data: bytes, start: int, end: int) -> bool:
    """A number inside a longer number (a timestamp, an order number) is not that number."""
    if not data[start:end].isdigit():
        return True
    before = data[max(0, start - 5) : start]
    return bool(_MAY_PRECEDE_A_NUMBER.search(before)) and not data[end : end + 1].isdigit()


class Sweep:
    """One place, read in blocks; a value across two blocks is found, and found once."""

    def __init__(self, scanner: Scanner, place: str) -> None:
        self._scanner = scanner
        self._place = place
        self._found: Counter[tuple[str, str]] = Counter()
        self._tail = b""
        self._seen_of_tail = 0
        self.bytes = 0

    def feed(self, block: bytes) -> None:
        """Scan up to `MARGIN` before the end: what begins there waits for the next block."""
        self.bytes += len(block)
        self._scan(self._tail + block, ahead=MARGIN)

    def finish(self) -> list[Finding]:
        """Scan the rest; what was found in this place."""
        self._scan(self._tail, ahead=0)
        return [Finding(self._place, *label, count) for label, count in self._found.items()]

    def _scan(self, data: bytes, ahead: int) -> None:
        stop = max(len(data) - ahead, self._seen_of_tail)
        for start, kind, form in self._scanner.find(data):
            if self._seen_of_tail <= start < stop:
                self._found[kind, form] += 1
        self._tail = data[-2 * MARGIN :]
        self._seen_of_tail = stop - (len(data) - len(self._tail))


@dataclass(frozen=True, slots=True)
class Scanned:
    """Places read, bytes read, and what was found in them."""

    places: int
    bytes: int
    findings: tuple[Finding, ...]

    @property
    def hits(self) -> int:
        """Occurrences of plaintext personal values; 0 is the only good answer."""
        return sum(finding.count for finding in self.findings)

    def __add__(self, other: Scanned) -> Scanned:
        return Scanned(
            self.places + other.places, self.bytes + other.bytes, self.findings + other.findings
        )


NOTHING = Scanned(0, 0, ())


def scan_file(scanner: Scanner, path: Path, place: str) -> Scanned:
    """One file; one that disappears while we look holds nothing any more."""
    sweep = Sweep(scanner, place)
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(CHUNK):
                sweep.feed(block)
    except FileNotFoundError:
        return NOTHING
    return Scanned(1, sweep.bytes, tuple(sweep.finish()))


def scan_files(scanner: Scanner, root: Path) -> Scanned:
    """Every regular file below `root`, the biggest first so that both threads end together."""
    sizes: dict[Path, int] = {}
    for folder, _, names in os.walk(root):
        for path in (Path(folder, name) for name in names):
            if path.is_file() and not path.is_symlink():
                sizes[path] = path.stat().st_size
    biggest_first = sorted(sizes, key=lambda path: (-sizes[path], path))
    with ThreadPoolExecutor(THREADS) as pool:
        results = pool.map(
            lambda path: scan_file(scanner, path, str(path.relative_to(root))), biggest_first
        )
        return sum(results, NOTHING)
