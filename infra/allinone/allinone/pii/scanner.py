"""The byte scan: all forms of all values in one Aho–Corasick automaton, run over places in blocks.

The automaton knows the first bytes of each form; where they are met, the whole is compared. That
lets it be a table of one step a byte, which takes two thirds of the time.

`Scanner` proves itself before it is used: every value is planted in every form, written by the
encoders that other programs use, and has to be found.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field

from ahocorasick_rs import BytesAhoCorasick, Implementation

from allinone.pii.forms import SURE, Least, forms, plants

CHUNK = 8 << 20
MARGIN = 256  # forms of the demo's values are shorter; see `Scanner.margin`
_NOBODY = "", ""
_MAY_PRECEDE_A_NUMBER = re.compile(rb"(?:^|[^0-9])(?:(?:00)?86)?$")
_FIRST = 8
_MOST_IN_A_TABLE = 200_000  # some 300 MB; more values take less room and more time
_BYTES_A_DIGIT = {"utf-8": 1, "utf-16": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """A personal value that lies open: where, what kind and in which form — never the value."""

    place: str
    kind: str
    form: str
    count: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """So many values of a kind are not searched for in a form: a hit could be chance."""

    kind: str
    form: str
    values: int


@dataclass(frozen=True, slots=True)
class Scanned:
    """Places read, bytes read, what was found in them, and places that could not be read."""

    places: int
    bytes: int
    findings: tuple[Finding, ...]
    unread: tuple[str, ...] = ()

    @property
    def hits(self) -> int:
        """Occurrences of plaintext personal values; 0 is the only good answer."""
        return sum(finding.count for finding in self.findings)

    @property
    def clean(self) -> bool:
        """Nothing found, and nothing left unread."""
        return not self.findings and not self.unread

    def __add__(self, other: Scanned) -> Scanned:
        return Scanned(
            self.places + other.places,
            self.bytes + other.bytes,
            self.findings + other.findings,
            self.unread + other.unread,
        )


NOTHING = Scanned(0, 0, ())


@dataclass
class Scanner:
    """Finds `secrets`, (kind, value) each. RuntimeError if it misses one that was planted.

    `skipped` says what is not searched for, `proved` how many plants were found by form; no form
    is longer than `margin` bytes.
    """

    secrets: Iterable[tuple[str, str]]
    least: Least = SURE
    skipped: list[Skipped] = field(init=False)
    proved: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        self.secrets = list(dict.fromkeys(self.secrets))
        known: dict[bytes, tuple[str, str]] = {}
        short: set[tuple[str, str, str]] = set()
        for kind, value in self.secrets:
            for form, pattern in forms(kind, value):
                if self.least.tells(form, pattern, value):
                    known.setdefault(pattern, (kind, form))
                else:
                    short.add((kind, value, form))
        skipped = Counter((kind, form) for kind, _, form in short)
        self.skipped = [Skipped(*label, values) for label, values in sorted(skipped.items())]
        self.patterns = len(known)
        self.margin = max(MARGIN, max(map(len, known), default=0))
        beginning: dict[bytes, set[int]] = {}
        for pattern in known:
            beginning.setdefault(pattern[:_FIRST], set()).add(len(pattern))
        self._known, self._lengths = known, list(beginning.values())
        small = len(beginning) <= _MOST_IN_A_TABLE
        shape = Implementation.DFA if small else Implementation.ContiguousNFA
        self._automaton = BytesAhoCorasick(list(beginning), implementation=shape)
        self.proved = self._prove(short)

    def find(self, data: bytes) -> Iterator[tuple[int, str, str]]:
        """(start, kind, form) of each occurrence."""
        for met, start, _ in self._automaton.find_matches_as_indexes(data, overlapping=True):
            for length in self._lengths[met]:
                kind, form = self._known.get(data[start : start + length], _NOBODY)
                step = _BYTES_A_DIGIT.get(form, 0)
                if form and (not step or _stands_alone(data, start, start + length, step)):
                    yield start, kind, form

    def _prove(self, short: Container[tuple[str, str, str]]) -> Counter[str]:
        """Look for what is planted, but for what is too short; count it by form."""
        planted: list[tuple[str, int]] = []
        soil = bytearray()
        for kind, value in self.secrets:
            for form, plant in plants(kind, value):
                if (kind, value, form) not in short:
                    planted.append((form, len(soil)))
                    soil += plant + b"\0\0"
        starts = sorted(start for start, _, _ in self.find(bytes(soil)))
        ends = [at for _, at in planted[1:]] + [len(soil)]
        proved: Counter[str] = Counter()
        for (form, begin), end in zip(planted, ends, strict=True):
            n = bisect_left(starts, begin)
            if n == len(starts) or starts[n] >= end:
                raise RuntimeError(f"the scanner does not find what was planted in {form}")
            proved[form] += 1
        return proved


def _stands_alone(data: bytes, start: int, end: int, step: int) -> bool:
    """A number inside a longer number (a timestamp, an order number) is not that number.

    `step`: bytes a character has. In UTF-16, `data[start:end]` begins and ends with a digit.
    """
    digits = data[start:end:step]
    if not digits.isdigit() or (step > 1 and data[start + 1 : end : step].strip(b"\0")):
        return True
    if step == 1:
        before, after = data[max(0, start - 5) : start], data[end : end + 1]
    else:
        before, after = _before(data, start), data[end + 1 : end + 2]
        after = b"" if data[end : end + 1] != b"\0" else after
    return bool(_MAY_PRECEDE_A_NUMBER.search(before)) and not after.isdigit()


def _before(data: bytes, start: int) -> bytes:
    """Up to five ASCII characters before a digit at `start`, in UTF-16 of either byte order.

    In both orders they are pairs of character and zero: little-endian has its own zero there,
    big-endian that of the next character.
    """
    found = b""
    for at in range(start - 2, max(start - 12, -1), -2):
        if data[at + 1]:
            break
        found = data[at : at + 1] + found
    return found


class Sweep:
    """One place, read in blocks; a value across two blocks is found, and found once."""

    def __init__(self, scanner: Scanner, place: str) -> None:
        self._scanner, self._margin = scanner, scanner.margin
        self._place = place
        self._found: Counter[tuple[str, str]] = Counter()
        self._tail = b""
        self._seen_of_tail = 0
        self.bytes = 0

    def feed(self, block: bytes) -> None:
        """Scan up to a margin before the end: what begins there waits for the next block."""
        self.bytes += len(block)
        self._scan(self._tail + block, ahead=self._margin)

    def finish(self) -> list[Finding]:
        """Scan the rest; what was found in this place."""
        self._scan(self._tail, ahead=0)
        return [Finding(self._place, *label, count) for label, count in self._found.items()]

    def _scan(self, data: bytes, ahead: int) -> None:
        stop = max(len(data) - ahead, self._seen_of_tail)
        for start, kind, form in self._scanner.find(data):
            if self._seen_of_tail <= start < stop:
                self._found[kind, form] += 1
        self._tail = data[-2 * self._margin :]
        self._seen_of_tail = stop - (len(data) - len(self._tail))
