"""The word list of advertising law: what is found, where, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_service.wording import lexicon
from campaign_service.wording.domain import Lexicon, Word, verdict
from campaign_service.wording.use_cases import check


def found(text: str) -> list[tuple[str, str]]:
    """(as it is written, the word) of every finding."""
    return [(each.written, each.word.text) for each in lexicon.check(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我们是国家级品牌", ["国家级"]),
        ("全网最低，销量第一", ["全网最低", "销量第一"]),
        ("國家級品質，絕對放心", ["国家级", "绝对"]),
        ("国 家 级、最.佳、顶-级、最\u200b佳", ["国家级", "最佳", "顶级", "最佳"]),
        ("ＮＯ．１、TOP 1、第①", ["no1", "top1", "第1"]),
        ("第壹品牌", ["第一品牌"]),
        ("喝了能治療失眠，增強免疫力", ["治疗", "增强免疫力"]),
        ("100%中奖，必中", ["100%中奖", "必中"]),
        ("the  BEST milk, guaranteed", ["the best", "guaranteed"]),
        ("最终解释权归本店所有", ["最终解释权"]),
        ("顾客第一品牌", ["第一品牌"]),  # an exception excuses what lies within it, and no more
    ],
)
def test_what_may_not_be_said_is_found(text: str, words: list[str]) -> None:
    assert [word for _, word in found(text)] == words


@pytest.mark.parametrize(
    "text",
    [
        "最后一天，第一次到店", "顾客第一，服务第一", "最高可减50元，最低消费100元", "最佳食用",
        "您最爱的牛奶", "100%纯棉", "巴氏杀菌乳", "第10期", "国家，级别", "secure bestow", "唯一码",
        "最新一期会员日", "最晚周五", "国家级非物质文化遗产", "topping 10", "casino 1st",
        "{{ name }}，您好，满100减30。",
    ],
)  # fmt: skip
def test_what_may_be_said_passes(text: str) -> None:
    assert found(text) == []


def test_a_finding_says_where_why_and_what_instead() -> None:
    told = check("您好！國 家 级牛奶，最后一天")
    (one,) = told.findings
    assert told.verdict == "block"
    assert (one.start, one.end, one.written, one.word) == (3, 8, "國 家 级", "国家级")
    assert one.disguised and "第九条" in one.law
    assert one.instead.zh == "优质" and one.instead.en == "high-quality" and one.reason.zh


def test_severities() -> None:
    assert verdict(lexicon.check("独家")) == "warn"
    assert verdict(lexicon.check("独家顶级")) == "block"
    assert verdict(lexicon.check("好喝")) == "pass"


_CLEAN = "".join(set("牛奶面包会员满减您好今天到店") - set("最佳"))


@given(st.text(_CLEAN, max_size=12), st.text(_CLEAN, max_size=12),
       st.lists(st.sampled_from([" ", ".", "*", "\u200b", "　", "·", "_", "❤"]),
                min_size=0, max_size=3))  # fmt: skip
def test_places_are_those_of_the_text_as_written(before: str, after: str, noise: list[str]) -> None:
    hidden = "最" + "".join(noise) + "佳"
    (one,) = lexicon.check(before + hidden + after)
    assert (one.start, one.end) == (len(before), len(before) + len(hidden))
    assert one.written == hidden and one.word.text == "最佳" and one.disguised == bool(noise)


@given(st.text(max_size=60))
def test_any_text_can_be_checked(text: str) -> None:
    for each in lexicon.check(text):
        assert text[each.start : each.end] == each.written and each.start < each.end


CLOSELY = Lexicon(lexicon.shipped_words(), lexicon.exceptions())
CLOSELY._suspicious = lambda _: True  # type: ignore[assignment, method-assign]
_PIECES = [
    "最", "佳", "国家", "级", "第一", "次", " ", "  ", "\u200b", ".", "，", "the", "best", "no",
    "1", "cure", "se", "牛奶", "國", "\t",
]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_a_text_that_looks_clean_is_clean(text: str) -> None:
    """Most texts are judged by a quick look; it must not miss what a close one finds."""
    assert lexicon.check(text) == CLOSELY.check(text)


def test_the_list_is_in_order() -> None:
    """Every word finds itself, has a ground, and no exception excuses it as a whole."""
    words = lexicon.shipped_words()
    assert len({word.text for word in words}) == len(words) >= 150
    for word in words:
        assert word.kind in lexicon.GROUNDS and word.severity in ("block", "warn")
        assert word.instead_zh and word.instead_en
        assert any(each.word == word for each in lexicon.check(word.text)), word.text
    kinds = {word.kind for word in words}
    assert {"absolute", "medical", "lottery", "state", "money"} <= kinds


def test_another_list_is_another_lexicon() -> None:
    own = Lexicon([Word("赠品", "own", "warn", "礼品", "gift")], ["非赠品"])
    assert [each.written for each in own.check("赠 品，非赠品，赠品")] == ["赠 品", "赠品"]
