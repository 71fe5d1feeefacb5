"""Names taken apart, for match keys: script, surname, given name, how they sound. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from pypinyin import Style, lazy_pinyin, pinyin_dict

REMEMBERED = 65_536
_COMPOUND_WORDS = (
    "欧阳 上官 司马 诸葛 皇甫 尉迟 公孙 慕容 令狐 夏侯 东方 南宫 独孤 长孙 宇文 司徒 司空"
    " 端木 百里 呼延 申屠 太史 闻人 轩辕 淳于 钟离 澹台 公冶 宗政 濮阳 赫连 拓跋 第五 东郭"
    " 西门 左丘 万俟"
)
_COMPOUND = frozenset(_COMPOUND_WORDS.split())
_AS_SURNAME = {
    "单": "shan", "仇": "qiu", "曾": "zeng", "区": "ou", "乐": "yue", "解": "xie", "任": "ren",
    "查": "zha", "朴": "piao", "盖": "ge", "秘": "bi", "种": "chong", "员": "yun", "覃": "qin",
    "冼": "xian", "缪": "miao", "尉": "wei", "尹": "yin", "燕": "yan", "宁": "ning", "华": "hua",
    "万俟": "moqi", "尉迟": "yuchi", "澹台": "tantai", "长孙": "zhangsun",
}  # fmt: skip
_TITLE = re.compile(r"(先生|女士|小姐|太太|夫人|老师|经理|同志)$")
_LATIN_TITLE = re.compile(r"^(mr|mrs|ms|miss|dr|prof)\.?\s+")
_LATIN_TITLE_AS_WRITTEN = re.compile(_LATIN_TITLE.pattern, re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_HIDDEN = re.compile(r"[*●•某]")
_GAPS = re.compile(r"[\s·.,，、]+")
_NOT_LETTERS = re.compile(r"[^a-z]+")


@dataclass(frozen=True, slots=True)
class Name:
    """A name. Of a masked one the surname and the length are known; of one Latin word the sound."""

    full: str
    surname: str
    given: str
    length: int
    han: bool
    masked: bool = False


def parse(text: str) -> Name | None:
    """The parts of a name; None if nothing of it can be read."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if _HAN.search(plain) or _HIDDEN.search(plain):
        return _han(_GAPS.sub("", _TITLE.sub("", plain)) or plain)
    return _latin(plain)


def untitled(text: str) -> str:
    """A name without Mr or 先生; after a bare surname the title is all there is, and stays."""
    bare = _LATIN_TITLE_AS_WRITTEN.sub("", text)
    rest = _TITLE.sub("", bare)
    short = len(rest) < 2 or rest in _COMPOUND
    return (bare if short else rest).strip() or text


def _han(text: str) -> Name | None:
    signs = [None if _HIDDEN.match(sign) else sign for sign in text]
    if signs[0] is None:
        return None
    whole = "".join(sign or "*" for sign in signs)
    width = 2 if whole[:2] in _COMPOUND and len(whole) > 2 else 1
    masked = None in signs
    given = "" if masked else whole[width:]
    return Name(whole, whole[:width], given, len(whole), han=True, masked=masked)


def _latin(text: str) -> Name | None:
    bare = _LATIN_TITLE.sub("", plain_letters(text))
    if "," in bare:
        last, _, first = bare.partition(",")
        bare = f"{first} {last}"
    words = [word for word in (_NOT_LETTERS.sub("", each) for each in bare.split()) if word]
    if not words:
        return None
    surname, given = (words[-1], " ".join(words[:-1])) if len(words) > 1 else ("", "")
    return Name(" ".join(words), surname, given, 0, han=False)


def from_parts(given: str, surname: str) -> Name | None:
    """A name that came in two fields; either may be empty."""
    if _HAN.search(given + surname):
        whole = parse(surname + given)
        return None if whole is None else whole
    first, last = (" ".join(plain_letters(part).split()) for part in (given, surname))
    if not first and not last:
        return None
    return Name(f"{first} {last}".strip(), last, first, 0, han=False)


def plain_letters(text: str) -> str:
    """Small letters without accents."""
    split = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    return "".join(sign for sign in split if not unicodedata.combining(sign)).strip()


@lru_cache(REMEMBERED)
def sound_of(sign: str) -> str:
    """The usual reading of a character, without tone; `ü` is written `u`."""
    return lazy_pinyin(sign, style=Style.NORMAL)[0].replace("v", "u")


def syllables(name: Name) -> tuple[str, str]:
    """How surname and given name sound; of a masked name the surname only."""
    surname = _AS_SURNAME.get(name.surname) or "".join(map(sound_of, name.surname))
    return surname, "".join(map(sound_of, name.given))


def read_as_pinyin(word: str) -> tuple[str, ...]:
    """The two to four syllables that a word without gaps consists of; empty if it is none."""
    known = _all_syllables()
    plain = word.replace("v", "u")
    ways: list[list[tuple[str, ...]]] = [[()]]
    for end in range(1, len(plain) + 1):
        ways.append(
            [
                (*before, plain[start:end])
                for start in range(max(0, end - 6), end)
                if plain[start:end] in known
                for before in ways[start]
                if len(before) < 4
            ][:8]
        )
    whole = [way for way in ways[-1] if len(way) > 1]
    return min(whole, key=len, default=())


@cache
def _all_syllables() -> frozenset[str]:
    readings = (
        unicodedata.normalize("NFKD", reading.split(",")[0].replace("ü", "u"))
        for reading in pinyin_dict.pinyin_dict.values()
    )
    return frozenset("".join(filter(str.isascii, reading)) for reading in readings)
