"""Files as shops export them: encodings, headings in two languages, values, orders of many rows."""

import csv
import io
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway_service.imports import rows, values
from gateway_service.imports.fields import missing, recognised
from gateway_service.imports.reading import Form, Reader, Unreadable, form_of
from gateway_service.imports.rows import Grouping, Unit
from gateway_service.imports.values import BadRow

CRM = (
    "会员编号,姓名,手机号,性别,生日,详细地址,开卡渠道\r\n"
    "M1,王小明,13800138000,男,1990/1/5,文三路1号,门店\r\n"
)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("gbk", "gb18030"),
     ("utf-16", "utf-16")],
)  # fmt: skip
def test_encodings(encoding: str, found: str) -> None:
    body = CRM.encode(encoding)
    form = form_of(body)
    assert form == Form(found, ",")
    head, row = Reader(form).feed(body, last=True)
    assert head[0] == "会员编号" and row[1] == "王小明"


def test_separators() -> None:
    assert form_of(b"a\tb\tc\n1,5\t2\t3\n").delimiter == "\t"
    assert form_of("商品编码;库存\n".encode()).delimiter == ";"


def test_what_is_no_file() -> None:
    with pytest.raises(Unreadable):
        form_of(b"a,b\0\0,c\n")
    reader = Reader(Form("utf-8", ","))
    with pytest.raises(Unreadable, match="quotation mark"):
        for start in (b'"', b"", b""):
            reader.feed(start + b"x" * 600_000 + b"\n", last=False)


cells = st.text(st.characters(codec="gb18030", exclude_characters="\r\0"), max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(cells, min_size=2, max_size=3), min_size=1, max_size=6),
    st.sampled_from(("utf-8", "gb18030", "utf-16")), st.lists(st.integers(0, 400), max_size=6),
)  # fmt: skip
def test_parts_may_be_cut_anywhere(table: list[list[str]], encoding: str, cuts: list[int]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(table)
    body = text.getvalue().encode(encoding)
    places = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    reader, found = Reader(Form(encoding, ",")), []
    for start, end in pairwise(places):
        found += reader.feed(body[start:end], last=end == len(body))
    assert found == [row for row in table if any(row)]


def test_headings_of_common_exports() -> None:
    crm = ["会员卡号", "姓名", "手机号码", "性别", "出生日期", "所在城市", "备注"]
    assert recognised("members", crm, {}) == [
        "card_no", "name", "phone", "gender", "birthday", "city", None,
    ]  # fmt: skip
    shop = [
        "Order Number",
        "Paid at",
        "Lineitem SKU",
        "Lineitem quantity",
        "Lineitem price",
        "Phone",
    ]
    assert recognised("orders", shop, {}) == [
        "order_no", "paid_at", "sku", "quantity", "price", "phone",
    ]  # fmt: skip
    assert missing("orders", recognised("orders", shop, {}), {"store": "s-1"}) == []
    assert missing("orders", ["order_no"], {})[0] == "paid_at"
    pos = ["小票号", "门店编码", "销售时间", "商品条码", "销售数量", "金额（元）", "会员卡号"]
    assert recognised("orders", pos, {}) == [
        "order_no", "store", "paid_at", "sku", "quantity", "line_amount", "card_no",
    ]  # fmt: skip
    assert recognised("stock", ["商品编码", "可用库存"], {}) == ["sku", "on_hand"]


def test_what_is_said_counts_more_than_what_is_recognised() -> None:
    heads = ["手机", "电话", "说明"]
    assert recognised("members", heads, {}) == ["phone", None, None]
    assert recognised("members", heads, {"电话": "phone", "手机": ""}) == [None, "phone", None]
    custom = recognised("enrichment", ["手机", "球队"], {"球队": "trait.team"})
    assert custom == ["phone", "trait.team"] and missing("enrichment", custom, {}) == []


@pytest.mark.parametrize(
    ("text", "fen"),
    [("12.5", 1250), ("¥1,234.50", 123450), ("￥8", 800), ("12.505元", 1251), ("0", 0)],
)
def test_money(text: str, fen: int) -> None:
    assert values.money(text, "paid") == fen


@pytest.mark.parametrize("text", ["-1", "−0.01", "x", "", "1e3", "9" * 20])
def test_no_money(text: str) -> None:
    with pytest.raises(BadRow) as bad:
        values.money(text, "paid")
    assert bad.value.field == "paid" and (text not in str(bad.value) or not text)


@pytest.mark.parametrize(
    "text",
    ["2026-01-05", "2026/1/5", "20260105", "2026年1月5日", "2026.01.05", "2026-01-05 00:00:00"],
)
def test_days(text: str) -> None:
    assert values.day(text, "birthday") == date(2026, 1, 5)


@pytest.mark.parametrize(
    "text",
    ["2026-01-05 09:30", "2026/1/5 9:30:00", "2026-01-05T01:30:00Z", "2026-01-05T09:30:00+08:00",
     "2026年1月5日 09:30"],
)  # fmt: skip
def test_moments_are_the_programmes(text: str) -> None:
    assert values.moment(text, "paid_at") == datetime(2026, 1, 5, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-02-30", "yesterday", "5/1/2026"])
def test_no_days(text: str) -> None:
    with pytest.raises(BadRow):
        values.day(text, "birthday")


def line(**more: str) -> dict[str, str]:
    return {
        "order_no": "o",
        "store": "s",
        "paid_at": "2026-01-05",
        "sku": "a",
        "phone": "1",
        **more,
    }


def grouped(*numbers: str) -> list[Unit]:
    grouping = Grouping("orders")
    numbered = [(n, line(order_no=number)) for n, number in enumerate(numbers, 2)]
    first = list(grouping.units(numbered[:3], last=False))
    return [*first, *grouping.units(numbered[3:], last=True)]


def test_rows_of_an_order_go_together_over_parts() -> None:
    units = grouped("a", "a", "b", "b", "b", "c")
    assert [(unit.row, len(unit.lines)) for unit in units] == [(2, 2), (4, 3), (7, 1)]


def test_orders_out_of_lines() -> None:
    two = [line(price="3", quantity="2"), line(sku="b", line_amount="4.50")]
    order = rows.order(Unit(2, two))
    assert [item.amount.amount for item in order.items] == [600, 450] and order.paid.amount == 1050
    assert rows.order(Unit(2, [line(paid="9.9")])).paid.amount == 990
    for more, field in (
        ({"price": "-1"}, "price"), ({"price": "1", "quantity": "0"}, "quantity"), ({}, "paid"),
        ({"price": "1", "paid_at": "x"}, "paid_at"), ({"price": "1", "store": "s" * 65}, "store"),
    ):  # fmt: skip
        with pytest.raises(BadRow) as bad:
            rows.order(Unit(2, [line(**more)]))
        assert bad.value.field == field


def test_members_out_of_rows() -> None:
    row = {
        "phone": "138 0013 8000", "name": "王小明", "gender": "女", "birthday": "1990/1/5",
        "province": "浙江省", "city": "杭州市", "district": "西湖区", "address": "文三路1号",
    }  # fmt: skip
    made = rows.member(Unit(2, [row]))
    assert made["address"] == "浙江省杭州市西湖区文三路1号" and made["city"] == "杭州市"
    shown = rows.understood(row)
    assert shown["birthday"] == "1990-01-05" and shown["gender"] == "female"
    for wrong, field in (({"name": "x"}, "phone"), ({**row, "gender": "x"}, "gender")):
        with pytest.raises(BadRow) as bad:
            rows.checked("members", Unit(2, [wrong]))
        assert bad.value.field == field


def test_refunds_and_stock_and_knowledge() -> None:
    told: dict[str, Any] = {"order_no": "o", "refund_no": "r"}
    part = {**told, "sku": "a", "quantity": "2", "reason": "too small"}
    assert rows.refund(Unit(2, [part]))[1]["items"] == [{"sku": "a", "quantity": 2}]
    whole = {"amount": 150, "currency": "CNY"}
    assert rows.refund(Unit(2, [{**told, "amount": "1.5"}]))[1]["amount"] == whole
    assert rows.stock(Unit(2, [{"sku": "a", "on_hand": "3.0"}])) == {"sku": "a", "on_hand": 3}
    with pytest.raises(BadRow, match="less than 0"):
        rows.stock(Unit(2, [{"sku": "a", "on_hand": "-3"}]))
    now = datetime(2026, 1, 5, tzinfo=UTC)
    row = {"phone": "1", "spending_power": "高", "interests": "网球、瑜伽", "confidence": "80%"}
    found = rows.knowledge(Unit(2, [row]), now)
    assert found.traits == {"spending_power": "high", "interests": ["网球", "瑜伽"]}
    assert found.confidence == 0.8 and found.expires_on == date(2027, 1, 5) and found.at == now
