"""No mask shows more than it may, whatever the value looks like."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.classification import Kind
from gateway_service.desensitize.masks import MASKS, STARS, mask

TODAY = date(2017, 6, 1)


@pytest.mark.parametrize(
    ("kind", "value", "outline"),
    [
        (Kind.PHONE, "+8613812345678", "138****5678"),
        (Kind.PHONE, "１３８１２３４５６７８", "138****5678"),
        (Kind.PHONE, "+861012345678", STARS),  # a landline
        (Kind.PHONE, "+14155552671", STARS),
        (Kind.PHONE, "5678", STARS),
        (Kind.NAME, "张三丰", "张**"),
        (Kind.NAME, "张三", "张*"),
        (Kind.NAME, "欧阳锋", "欧阳*"),
        (Kind.NAME, "拓跋宏图", "拓跋**"),
        (Kind.NAME, "诸葛孔明", "诸葛**"),
        (Kind.NAME, "欧阳", "欧*"),
        (Kind.NAME, "张", STARS),
        (Kind.NAME, "迪丽热巴·迪力木拉提", "迪**"),
        (Kind.NAME, "John Smith", STARS),
        (Kind.NAME, "张三(13812345678)", STARS),
        (Kind.EMAIL, "alice@example.com", "a***@example.com"),
        (Kind.EMAIL, "ab@example.com", "***@example.com"),
        (Kind.EMAIL, "alice", STARS),
        (Kind.CARD_NO, "6200112233445566", "****5566"),
        (Kind.CARD_NO, "1234567", STARS),
        (Kind.ID_NUMBER, "11010519491231002X", "1****************X"),
        (Kind.ID_NUMBER, "110105194912310021", "1****************1"),
        (Kind.ID_NUMBER, "110105491231002", "1*************2"),
        (Kind.ID_NUMBER, "G12345678", STARS),
        (Kind.ADDRESS, "浙江省杭州市西湖区文三路 1 号", "浙江省杭州市西湖区***"),
        (Kind.ADDRESS, "北京市朝阳区建国路 9 号", "北京市朝阳区***"),
        (Kind.ADDRESS, "广西壮族自治区南宁市青秀区民族大道", "广西壮族自治区南宁市青秀区***"),
        (Kind.ADDRESS, "江苏省苏州市昆山市人民路", "江苏省苏州市昆山市***"),
        (Kind.ADDRESS, "幸福市花园小区 3 栋", STARS),
        (Kind.ADDRESS, "西湖区文三路 1 号", STARS),
        (Kind.ADDRESS, "长安街 1 号", STARS),
        (Kind.BIRTHDAY, "1990-06-01", "20-29"),
        (Kind.BIRTHDAY, "1987-06-01", "30-39"),
        (Kind.BIRTHDAY, "1987-06-02", "20-29"),
        (Kind.BIRTHDAY, "1 June 1990", STARS),
        (Kind.WECHAT_OPENID, "oABC", STARS),
        (Kind.TEXT, "anything", STARS),
    ],
)
def test_masks(kind: Kind, value: str, outline: str) -> None:
    assert mask(kind, value, TODAY) == outline


DIGITS = st.text("0123456789０１２３４５６７８９+-() ", max_size=24)
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=6)
ADDRESSES = st.lists(
    st.sampled_from(
        ["浙江", "省", "杭州", "市", "西湖", "区", "县", "文三", "路", "小", "1", "号"]
    ),
    max_size=12,
).map("".join)
ANYTHING = st.one_of(
    st.text(max_size=40), st.text("abZ019@._-/·欧阳张三省市区县路号 \u200b", max_size=30), DIGITS,
    HAN, ADDRESSES, st.emails(), st.dates().map(str),
)  # fmt: skip

# How many characters of the value itself a mask may show at most.
MOST = {Kind.PHONE: 7, Kind.NAME: 2, Kind.CARD_NO: 4, Kind.ID_NUMBER: 2, Kind.EMAIL: 1}


@given(kind=st.sampled_from(list(Kind)), value=ANYTHING)
def test_a_mask_shows_no_more_than_it_may(kind: Kind, value: str) -> None:
    shown = mask(kind, value, TODAY)
    text = unicodedata.normalize("NFKC", value).strip()
    if shown == STARS:
        return
    assert kind in MASKS
    if kind is Kind.BIRTHDAY:
        low, high = map(int, shown.split("-"))
        assert high - low == 9 and low % 10 == 0
        return
    if kind is Kind.ADDRESS:
        district, stars = shown[:-3], shown[-3:]
        assert stars == STARS and text.startswith(district)
        assert district[-1] in "区县市旗"
        assert not set(district) & set("0123456789路街号弄巷园栋楼室")
        return
    outline, _, host = shown.partition("@")
    assert text.endswith(host)
    local = text.partition("@")[0]
    revealed = outline.replace("*", "")
    assert len(revealed) <= MOST[kind] and len(revealed) < max(len(local), 1)
    assert "*" in outline


@given(number=st.integers(10**7, 10**15).map(str), prefix=st.sampled_from(["", "+1", "+44", "0"]))
def test_only_mobiles_of_the_country_have_an_outline(number: str, prefix: str) -> None:
    value = prefix + number
    shown = mask(Kind.PHONE, value, TODAY)
    if shown != STARS:
        assert value.removeprefix("86").startswith("1") and len(value) in (11, 13)


@given(name=HAN)
def test_a_name_keeps_its_family_name_at_most(name: str) -> None:
    shown = mask(Kind.NAME, name, TODAY)
    family = shown.rstrip("*")
    assert shown == STARS or (name.startswith(family) and len(family) < min(3, len(name)))
