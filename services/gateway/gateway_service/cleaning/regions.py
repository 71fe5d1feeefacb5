"""Administrative divisions of China by GB/T 2260: from an address or a city to a code. Pure.

`regions.tsv` (tools/region_table.py; the Ministry of Civil Affairs' table as of 31 December 2024,
and what was abolished or renamed since 2000) holds code, name, and the code of today. Names of
districts repeat all over the country, so nothing is guessed: what may be several places is none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path

CONTRADICTS = "region_contradicts_city"
_GONE = "-"  # abolished, and in several parts since
_DISTRICT = "市辖区"
_PROVINCE_END = re.compile(r"(?:省|市|特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区)$")
_PEOPLES = (
    "蒙古族?|回族|藏族|维吾尔|苗族|彝族|布依族|朝鲜族|侗族|白族|土家族|哈尼族|哈萨克|傣族|傈僳族|羌族|景颇族"
    "|柯尔克孜|壮族"
)
_AUTONOMOUS = re.compile(rf"(?:{_PEOPLES})+自治州$")
_AUTONOMOUS_OF_ITSELF = re.compile(r"^(.{2,}?)自治州$")
_ROAD = frozenset("路街道巷弄胡")  # 南京路 is in Shanghai
_NO_CITY = frozenset("场民政府")  # 上海市场路 is in Luoyang
_ZONE = re.compile(
    r".{0,4}?(?:工业园区|高新区|高新技术产业开发区|经济技术开发区|经济开发区|开发区|新区|保税区|度假区|园区)"
)
_NUMBER = re.compile(r"[0-9]")
_COUNTRY = re.compile(r"^(?:中华人民共和国|中国)")


@dataclass(frozen=True, slots=True)
class Division:
    """A division, or one that was (`gone`). `now`: the code it belongs to today, None if that is
    several."""

    code: str
    name: str
    now: str | None
    gone: bool
    level: int  # 0 province, 1 city, 2 county


@dataclass(frozen=True, slots=True)
class Located:
    """Where an address is: its code if that is certain, else what is wrong; and its text, with the
    divisions in front that go without saying."""

    text: str
    code: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    division: Division
    full: bool
    end: int


_Chain = tuple[_Step, ...]


def locate(text: str, city: str | None = None) -> Located:
    """The division of an address without gaps. `city` is the code of the city it is known to be in.

    The fault is `region_unknown`, `region_ambiguous`, or `region_contradicts_city`.
    """
    number = _NUMBER.search(text)  # many live in a street, and no division has a number
    if number is None:
        return _located(text, city)
    start = _located(text[: number.end()], city)
    return replace(start, text=start.text + text[number.end() :])


@lru_cache(65_536)
def _located(text: str, city: str | None) -> Located:
    start = _COUNTRY.match(text)
    plain = text[start.end() :] if start else text
    chains = list(_longest(_table().chains(plain)))
    if not chains:
        return Located(text, fault="region_unknown")
    found = _narrowed(_codes(chains, plain))
    if city is not None and len(found) != 1:
        found = {code for code in found if _within(code, city) or _within(city, code)}
        if not found:
            return Located(text, fault=CONTRADICTS)
    if len(found) != 1:
        return Located(text, fault="region_ambiguous" if found else "region_unknown")
    (code,) = found
    leading = [chain for chain in chains if _code(chain, plain) == code]
    chain = min(leading, key=lambda chain: chain[-1].division.gone)
    certain = chain[0].division.level < 2
    if city is not None and not certain and not (_within(code, city) or _within(city, code)):
        return Located(text, fault=CONTRADICTS)
    return Located(_completed(chain, code, plain), code)


@lru_cache(4096)
def city_code(text: str) -> str | None:
    """The code of a city by its name, with or without 市; None for one that may be several."""
    return _table().city(text)


def name_of(code: str) -> str | None:
    """The official name of a division in force."""
    division = _table().current.get(code)
    return division.name if division else None


def _longest(chains: Iterable[_Chain]) -> list[_Chain]:
    """Those that read most of the text."""
    all_of_them = list(chains)
    end = max((chain[-1].end for chain in all_of_them), default=0)
    return [chain for chain in all_of_them if chain[-1].end == end]


def _codes(chains: Iterable[_Chain], text: str) -> set[str]:
    """Where chains lead. A name that was given on within a place means what it means today."""
    codes: dict[bool, set[str]] = {False: set(), True: set()}
    for chain in chains:
        code = _code(chain, text)
        if code is not None:
            codes[chain[-1].division.gone].add(code)
    today = codes[False]
    return today | {
        code
        for code in codes[True]
        if not any(_within(code, other) or _within(other, code) for other in today)
    }


def _code(chain: _Chain, text: str) -> str | None:
    """The code a chain leads to, if what was read is enough to be certain of it."""
    last, rest = chain[-1], text[chain[-1].end :]
    if rest[:1] in _ROAD:
        return None
    if not last.full:
        if last.division.level == 0 and rest:
            return None
        if len(chain) == 1 and rest and not _ZONE.match(rest):
            return None
    elif last.division.name.endswith("市") and rest[:1] in _NO_CITY:
        return None
    if len(chain) == 1 and len(last.division.name) == 2 and last.division.name.endswith("区"):
        return None  # 东区, 城区: everybody has one
    return last.division.now


def _narrowed(codes: set[str]) -> set[str]:
    """Without those that only say less exactly what another says."""
    return {code for code in codes if not any(o != code and _within(o, code) for o in codes)}


def _within(code: str, other: str) -> bool:
    return code == other or other in _above(code)


def _above(code: str) -> tuple[str, ...]:
    """The codes of the divisions that one belongs to."""
    return tuple(above for above in (code[:4] + "00", code[:2] + "0000") if above != code)


def _completed(chain: _Chain, code: str, text: str) -> str:
    """The address with the full names of all divisions above what it says."""
    table, last = _table(), chain[-1]
    names = [
        division.name
        for above in reversed(_above(code))
        if (division := table.current.get(above)) is not None
    ]
    own = table.current[code]
    if last.division.level > own.level:  # of something that is in several parts now
        names.append(own.name)
    return "".join([*names, last.division.name, text[last.end :]])


class _Table:
    """Divisions by their names."""

    def __init__(self, divisions: Iterable[Division]) -> None:
        self.current: dict[str, Division] = {}
        self._starts: dict[str, list[tuple[str, Division]]] = {}
        self._all = list(divisions)
        for division in self._all:
            if not division.gone:
                self.current[division.code] = division
            for name in {division.name, *_short(division)}:
                self._starts.setdefault(name[:2], []).append((name, division))

    def chains(self, text: str, at: int = 0, before: _Chain = ()) -> Iterator[_Chain]:
        """All ways to read divisions, each inside the one before, from the start of a text."""
        if before and text.startswith(_DISTRICT, at):
            at += len(_DISTRICT)
        last = before[-1].division if before else None
        if last is not None and last.level == 0 and text.startswith(last.name, at):
            at += len(last.name)  # 北京市北京市
        for name, division in self._starts.get(text[at : at + 2], ()):
            if not text.startswith(name, at):
                continue
            if last is not None and not _inside(division, last):
                continue
            chain = (*before, _Step(division, name == division.name, at + len(name)))
            yield chain
            yield from self.chains(text, at + len(name), chain)

    def city(self, text: str) -> str | None:
        """See `city_code`."""
        if text in self._provinces:
            return None  # 吉林 is a province as well
        found = {
            division.now
            for name, division in self._starts.get(text[:2], ())
            if name == text or (division.level == 2 and name == f"{text}市")
        }
        codes = _narrowed({code for code in found if code is not None})
        cities = {code for code in codes if not code.endswith("0000") or _municipal(code)}
        return cities.pop() if len(cities) == 1 else None

    @cached_property
    def _provinces(self) -> frozenset[str]:
        return frozenset(
            name
            for division in self._all
            if division.level == 0 and not _municipal(division.code)
            for name in (division.name, *_short(division))
        )


def _municipal(code: str) -> bool:
    """Provinces that are cities: Beijing, Tianjin, Shanghai, Chongqing, Hong Kong, Macao."""
    return code[:2] in ("11", "12", "31", "50", "81", "82")


def _inside(division: Division, other: Division) -> bool:
    """Whether a division is, or was, in another."""
    digits = 2 if other.level == 0 else 4
    if division.level <= other.level:
        return False
    was = division.code[:digits] == other.code[:digits]
    return was or (division.now or "")[:digits] == (other.now or _GONE)[:digits]


def _short(division: Division) -> Iterator[str]:
    """What people call a province or city; counties are never shortened."""
    name = division.name
    if division.level == 0:
        yield _PROVINCE_END.sub("", name)
    elif division.level == 1:
        stem = _AUTONOMOUS.sub("", name)
        if stem == name and (plain := _AUTONOMOUS_OF_ITSELF.match(name)):
            stem = plain[1]
        if stem != name:
            yield f"{stem}州"
        else:
            stem = re.sub(r"(?:市|地区|盟)$", "", name)
        if len(stem) > 1:
            yield stem


@cache
def _table() -> _Table:
    text = (Path(__file__).parent / "regions.tsv").read_text()
    return _Table(_read(line) for line in text.splitlines())


def _read(line: str) -> Division:
    code, name, now = line.split("\t")
    level = 0 if code.endswith("0000") else 1 if code.endswith("00") else 2
    return Division(code, name, None if now == _GONE else now or code, bool(now), level)
