"""Who writes variants: an interface, and the writer that ships, which knows rules and no network.

A writer gets goods, tags and an offer, never a member. What it writes goes through the same limits
and word list as what people write; what does not pass is dropped. Another one (a language model, an
agency) is a class with `name` and `write`, and a line in `WRITERS`.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import msgspec

from campaign_service.templates.limits import PARTS
from contracts.templates import Goods

_BRACES = str.maketrans({"{": "｛", "}": "｝", "%": "％", "#": "＃"})


@dataclass(frozen=True, slots=True)
class Brief:
    """What to write about; `tags` are those of the members it is for."""

    scene: str
    channel: str
    goods: Sequence[Goods]
    tags: tuple[str, ...]
    offer: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """Parts by language, and what they play on."""

    parts: Mapping[str, Mapping[str, str]]
    because: Sequence[str]


class Writer(Protocol):
    """Writes one variant after another, the ones it likes most first."""

    name: str

    def write(self, brief: Brief) -> AsyncIterator[Written]:
        """Variants in both languages."""
        ...


@dataclass(frozen=True)
class _Angle:
    """A way to talk about goods; it fits members with one of `tags`, without tags everybody."""

    name: str
    tags: frozenset[str]
    openings: Mapping[str, Sequence[str]]


class Rules:
    """Openings by angle, closings by scene (phrases.json), goods and offer between them."""

    name = "rules"

    async def write(self, brief: Brief) -> AsyncIterator[Written]:
        """Angles that the tags call for come first, then those that fit everybody."""
        for angle in sorted(_angles(), key=lambda each: not each.tags & set(brief.tags)):
            if angle.tags and not angle.tags & set(brief.tags):
                continue
            for number, _ in enumerate(angle.openings["zh"]):
                parts = {
                    language: dict(_parts(brief, language, angle.openings[language][number]))
                    for language in ("zh", "en")
                }
                fitting = sorted(angle.tags & set(brief.tags))
                yield Written(parts, [f"angle:{angle.name}", *(f"tag:{tag}" for tag in fitting)])


WRITERS: dict[str, Writer] = {Rules.name: Rules()}


def _parts(brief: Brief, language: str, opening: str) -> Iterator[tuple[str, str]]:
    stop, comma = ("。", "，") if language == "zh" else (".", ", ")
    goods = _goods(brief.goods, language)
    offer = comma + brief.offer.translate(_BRACES) if brief.offer else ""
    said = f"{opening.format(goods=goods)}{offer}{stop}"
    closing = _closing(brief.scene, language)
    if brief.channel in ("wechat", "miniprogram"):
        title = brief.goods[0].title.translate(_BRACES)
        yield "thing1", opening.format(goods=title)[:20]
        yield "thing2", title[:20]
        if brief.offer:
            yield "thing3", brief.offer.translate(_BRACES)[:20]
        return
    for name, part in PARTS[brief.channel].items():
        if name in ("title", "subject"):
            yield name, opening.format(goods=goods)[: part.most]
        elif brief.channel == "pos":
            yield name, said
        else:
            greeting = "{{ name }}" + comma
            yield name, f"{greeting}{said}{'' if language == 'zh' else ' '}{closing}"


def _goods(goods: Sequence[Goods], language: str) -> str:
    """Two at most; the price where there is one."""
    mark = "、" if language == "zh" else ", "
    return mark.join(_named(each, language) for each in goods[:2])


def _named(goods: Goods, language: str) -> str:
    title = goods.title.translate(_BRACES)
    if goods.price is None:
        return title
    yuan = f"{goods.price.amount / 100:g}"
    return f"{title}{yuan}元" if language == "zh" else f"{title} at ¥{yuan}"


def _closing(scene: str, language: str) -> str:
    closings = _phrases()["closings"]
    text: str = closings.get(scene, closings["*"])[language]
    return text


@cache
def _angles() -> list[_Angle]:
    return [
        _Angle(each["name"], frozenset(each["tags"]), each["openings"])
        for each in _phrases()["angles"]
    ]


@cache
def _phrases() -> Any:
    return msgspec.json.decode((Path(__file__).parent / "phrases.json").read_bytes())
