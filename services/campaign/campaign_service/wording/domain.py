"""A text against the word list, pure: what is found, where, and how it was written.

A text is read twice. For Chinese words everything that may be put between characters to hide one
(blanks, invisible characters, symbols) is left out, width and traditional forms are undone, and
numerals in other dress are one; marks that end a phrase stay, so that nothing is found across them.
For English words blanks are single and a word has borders. Places are kept, so that a finding
points into the text as it was written: code points, the end is not included.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind
from opencc import OpenCC

BLOCK, WARN = "block", "warn"
_BREAKS = frozenset("，。；！？、,;!?：:\n（）()《》【】“”「」")  # end a phrase
_LIKENESS = {"壹": "一", "弌": "一", "朂": "最", "冣": "最", "㝡": "最", "％": "%", "柒": "七"}
_HIDING = frozenset({"Cf", "Zs", "Zl", "Zp", "Cc", "Mn", "Me", "Sk", "So", "Sm", "Sc", "Pc", "Pd",
                     "Po", "Ps", "Pe"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """What may not be said, of which kind, and what may."""

    text: str
    kind: str
    severity: str  # block, warn
    instead_zh: str
    instead_en: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A word in a text at `[start, end)`; `disguised` says that it was not written plainly."""

    start: int
    end: int
    written: str
    word: Word
    disguised: bool


@dataclass(frozen=True, slots=True)
class _View:
    """A text as it is searched, and where each of its characters came from."""

    text: str
    places: list[int]


class Lexicon:
    """The words and exceptions, built once. An exception excuses the words that lie within it."""

    def __init__(self, words: Sequence[Word], exceptions: Iterable[str]) -> None:
        english = [word.text for word in words if _is_english(word.text)]
        self._chinese = _Matcher([word.text for word in words if word.text not in english])
        self._english = _Matcher(english)
        self._by_text = {word.text: word for word in words}
        self._excused = _Matcher(list(exceptions))

    def check(self, text: str) -> list[Finding]:
        """What is found, from left to right; of words within one another the longest."""
        if not self._suspicious(text):
            return []
        chinese, english = _joined(text), _spaced(text)
        excused = list(self._excused.spans(chinese.text))
        found = [
            self._finding(text, chinese, start, end, word)
            for start, end, word in self._chinese.spans(chinese.text)
            if not _within(start, end, excused) and not _cut(chinese.text, start, end)
        ]
        found += [
            self._finding(text, english, start, end, word)
            for start, end, word in self._english.spans(english.text)
            if not _cut(english.text, start, end)
        ]
        return _longest(found)

    def _suspicious(self, text: str) -> bool:
        """Whether to look at where things are; most texts are clean, and that is quickly seen."""
        chinese = self._chinese.touches(text.translate(_CHINESE))
        return chinese or self._english.touches(" ".join(text.translate(_ENGLISH).split()))

    def _finding(self, text: str, view: _View, start: int, end: int, word: str) -> Finding:
        first, last = view.places[start], view.places[end - 1] + 1
        written = text[first:last]
        return Finding(first, last, written, self._by_text[word], written.casefold() != word)


class _Matcher:
    def __init__(self, patterns: list[str]) -> None:
        self._patterns = patterns
        self._automaton = AhoCorasick(patterns, matchkind=MatchKind.Standard)

    def touches(self, text: str) -> bool:
        """Whether there is a match at all."""
        return bool(self._automaton.find_matches_as_indexes(text))

    def spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Every match, those that overlap as well."""
        for index, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            yield start, end, self._patterns[index]


class _Table(dict[int, str]):
    """For `str.translate`: what a character is in a view, worked out once."""

    def __init__(self, keeps: Callable[[str], bool]) -> None:
        super().__init__()
        self._keeps = keeps

    def __missing__(self, code: int) -> str:
        plain = self[code] = _folded(chr(code)) if self._keeps(chr(code)) else ""
        return plain


def verdict(findings: Iterable[Finding]) -> str:
    """`pass`, `warn` or `block`."""
    severities = {finding.word.severity for finding in findings}
    return BLOCK if BLOCK in severities else WARN if severities else "pass"


def _joined(text: str) -> _View:
    return _view(text, _in_chinese)


def _spaced(text: str) -> _View:
    """As it is, with one blank for many and no invisible characters."""
    view = _view(text, _in_english)
    kept = [n for n, char in enumerate(view.text)
            if not (char == " " and n and view.text[n - 1] == " ")]  # fmt: skip
    return _View("".join(view.text[n] for n in kept), [view.places[n] for n in kept])


def _view(text: str, keeps: Callable[[str], bool]) -> _View:
    pairs = [(each, place) for place, char in enumerate(text) if keeps(char)
             for each in _folded(char)]  # fmt: skip
    return _View("".join(each for each, _ in pairs), [place for _, place in pairs])


@lru_cache(1)
def _converter() -> OpenCC:
    return OpenCC("t2s")


@lru_cache(30_000)
def _folded(char: str) -> str:
    """A character in its plain form: narrow, simplified, small; a blank for any space."""
    if char.isspace():
        return " "
    plain = unicodedata.normalize("NFKC", char).casefold()
    plain = "".join(_LIKENESS.get(each, each) for each in plain)
    return str(_converter().convert(plain))


def _in_chinese(char: str) -> bool:
    return char in _BREAKS or not _hides(char)


def _in_english(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) != "Cf"


def _hides(char: str) -> bool:
    """Whether it can stand between characters without changing what is read."""
    return char not in "%％" and unicodedata.category(char) in _HIDING


def _is_english(word: str) -> bool:
    """Whether blanks tell its borders. `no1` and `100%` are at home in Chinese texts."""
    return word.isascii() and not any(char.isdigit() for char in word)


def _cut(text: str, start: int, end: int) -> bool:
    """Whether a match goes on beyond its border, as `第1` does in `第10` and `cure` in `secure`."""
    return _alike(text[start - 1 : start], text[start]) or _alike(
        text[end - 1], text[end : end + 1]
    )


def _alike(one: str, other: str) -> bool:
    digits = one.isdigit() and other.isdigit()
    return digits or (one.isascii() and other.isascii() and one.isalpha() and other.isalpha())


def _within(start: int, end: int, spans: Sequence[tuple[int, int, str]]) -> bool:
    return any(first <= start and end <= last for first, last, _ in spans)


def _longest(found: list[Finding]) -> list[Finding]:
    """Without those that lie within another one."""
    kept: list[Finding] = []
    for each in sorted(found, key=lambda finding: (finding.start, -finding.end)):
        if not any(other.start <= each.start and each.end <= other.end for other in kept):
            kept.append(each)
    return kept


_CHINESE, _ENGLISH = _Table(_in_chinese), _Table(_in_english)
