"""The list that ships: words.tsv, exceptions.tsv, and what each kind rests on."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from campaign_service.wording.domain import BLOCK, Finding, Lexicon, Word

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a kind of words may not be used, and by which rule."""

    law: str
    zh: str
    en: str


GROUNDS = {
    "absolute": Ground(
        "广告法 第九条(三)",
        "绝对化用语",
        "absolute terms (the guide of 2023 has exceptions)",
    ),
    "state": Ground(
        "广告法 第九条(一)(二)", "使用国家标志、机关或认证的名义", "symbols or names of the state"
    ),
    "medical": Ground(
        "广告法 第十七条、第十八条",
        "普通商品不得涉及疾病治疗功能或使用医疗用语",
        "goods that are no medicine must not claim to treat or sound like one",
    ),
    "infant": Ground(
        "广告法 第二十条", "不得声称替代母乳", "nothing may claim to replace breast milk"
    ),
    "lottery": Ground(
        "广告法 第九条(八)；规范促销行为暂行规定",
        "不得含赌博内容；有奖销售须公示奖项、概率，最高奖不超过五万元",
        "no gambling; prizes and chances are to be told, 50,000 yuan at most",
    ),
    "money": Ground(
        "广告法 第二十五条、第二十八条", "不得承诺保本、收益或虚假优惠", "no promise of returns"
    ),
    "price": Ground(
        "明码标价和禁止价格欺诈规定", "价格比较须有依据", "a comparison of prices needs proof"
    ),
    "terms": Ground(
        "消费者权益保护法 第二十六条", "不公平的格式条款", "unfair terms have no effect"
    ),
    "superstition": Ground("广告法 第九条(八)", "不得含迷信内容", "no superstition"),
    "alcohol": Ground(
        "广告法 第二十三条", "酒类广告不得诱导饮酒或声称功效", "no inducement to drink"
    ),
}


def check(text: str) -> list[Finding]:
    """What the shipped list finds in a text, from left to right."""
    return _shipped().check(text)


def blocking(findings: Iterable[Finding]) -> list[str]:
    """Those that stop a text, in words: by which rule, where, and what to say instead."""
    return [
        f"{GROUNDS[each.word.kind].law}, characters {each.start} to {each.end}:"
        f" rather {each.word.instead_zh} / {each.word.instead_en}"
        for each in findings
        if each.word.severity == BLOCK
    ]


def shipped_words() -> list[Word]:
    """The list itself."""
    return [Word(*row) for row in _rows("words.tsv")]


def exceptions() -> list[str]:
    """What may be said although it looks otherwise."""
    return [row[0] for row in _rows("exceptions.tsv")]


@cache
def _shipped() -> Lexicon:
    return Lexicon(shipped_words(), exceptions())


def _rows(name: str) -> list[list[str]]:
    lines = (_FOLDER / name).read_text().splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
