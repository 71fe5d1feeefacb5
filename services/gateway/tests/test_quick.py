"""The quick way and the careful way through a request give the same on the bus."""

import os
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chassis.problem import Problem
from contracts.events import Activity
from gateway_service.collect.detect import looks_personal
from gateway_service.collect.quick import NotQuick, Quick
from gateway_service.collect.reading import read_batch
from gateway_service.collect.screen import suspects
from gateway_service.collect.translate import Arrival, Plain, Translator
from testkit.vaults import derived_vault

ARRIVAL = Arrival("b", datetime(2017, 6, 1, 12, tzinfo=UTC))
TRANSLATOR = Translator(derived_vault())
QUICK = Quick(TRANSLATOR)
EXAMPLES = 20_000 if os.environ.get("TEST_LONG") else 400
PERSONAL = (
    "13800138000", "+86 138-0013-8000", "138 00138000", "1380013 8000", "１３８００１３８０００",
    "010-12345678", "0571 87654321", "11010519491231002X", "a@b.cn", "ａ＠ｂ．ｃｎ", "王小明",
    "138\u300000138000", "13800138٠٠٠", "1380013.8000",
)  # fmt: skip
HARMLESS = (
    "", "dairy", "6901234567892", "2026-01-05T10:00:00.123Z", "20260105-0001", "牛奶 250ml（盒）",
    "3e4a7c55-1380-4013-8000-0d6f1c2b3a49", "/a?b=c", "{", "[x]", '"', "\\", "name",
)  # fmt: skip

letters = st.characters(codec="utf-8", exclude_characters="\0")
around = st.text(letters, max_size=4)
texts = st.one_of(
    st.sampled_from(HARMLESS + PERSONAL),
    st.tuples(around, st.sampled_from(PERSONAL), around).map("".join),
    st.text(letters, max_size=12),
    st.text("0123456789-. +@８xX", max_size=16),
)
numbers = st.one_of(
    st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from((13800138000, 1.38e10, 3.99, 1.3800138e10)),
)  # fmt: skip
names = st.sampled_from(
    ("sku", "price", "name", "phone", "Mobile-Phone", "diet", "product_id", "nick name", "地址",
     "名", "13800138000", "products", "e-mail")
)  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(texts, numbers, st.none(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=5,
)
ids = st.one_of(
    st.none(), st.sampled_from(("u-1", "00000000-0000-0000-0000-000000000007", "王")), texts
)
contexts = st.fixed_dictionaries(
    {},
    optional={
        "channel": st.sampled_from(("app", "pos", "13800138000")),
        "locale": st.sampled_from(("zh-CN", "a@b.cn")),
        "library": st.just({"name": "analytics-python", "version": "2"}),
        "page": st.sampled_from(({"path": "/p?q=1"}, {"path": "/13800138000"}, {})),
        "externalIds": st.lists(
            st.fixed_dictionaries(
                {"id": texts, "type": st.sampled_from(("phone", "card_no", "x"))}
            ),
            max_size=2,
        ),
        "traits": st.sampled_from(({}, {"phone": "13800138000"}, None)),
        "ip": st.just("1.2.3.4"),
    },
)
messages = st.fixed_dictionaries(
    {"type": st.sampled_from(("track", "track", "track", "page", "screen", "identify", "alias"))},
    optional={
        "messageId": texts, "userId": ids, "anonymousId": ids, "event": texts, "name": texts,
        "category": texts, "groupId": texts, "previousId": ids, "context": contexts,
        "properties": st.dictionaries(names, values, max_size=4), "traits": st.just({"size": "L"}),
        "timestamp": st.sampled_from(("2017-06-01T11:00:00Z", "2037-06-01T11:00:00+08:00")),
    },
)  # fmt: skip


def carried(read: Any) -> list[Activity]:
    """As the bus carries it."""
    return msgspec.json.decode(msgspec.json.encode(read), type=list[Activity])


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(messages, min_size=1, max_size=4), st.booleans(), st.booleans())
@example([{"type": "track", "messageId": "m", "userId": "u", "event": "E"}], False, False)
def test_both_ways_say_the_same(told: list[Any], shared: bool, indented: bool) -> None:
    whole = {"batch": told, "sentAt": "2017-06-01T11:59:00Z"}
    body = msgspec.json.encode(whole | ({"context": told[0].get("context")} if shared else {}))
    body = msgspec.json.format(body) if indented else body
    try:
        careful = read_batch(TRANSLATOR, body, ARRIVAL)
    except Problem:  # what is said for all messages is malformed
        with pytest.raises(NotQuick):
            QUICK.read(body, ARRIVAL)
        return
    refused = [each for each in careful if not isinstance(each, Activity)]
    try:
        quick = QUICK.read(body, ARRIVAL)
    except NotQuick:  # a document that is null, or a message to put aside
        assert refused or b"null" in body or b"\\u0000" in body
    else:
        assert not refused and carried(quick) == carried(careful)


def test_ordinary_traffic_goes_the_quick_way() -> None:
    told = {"type": "track", "event": "Viewed", "anonymousId": "d", "messageId": "m-1"}
    properties: tuple[dict[str, Any], ...]
    properties = ({"sku": "6901234567892"}, {"name": "牛奶（盒）"}, {"list": [{"sku": "a"}]}, {})
    body = msgspec.json.encode({"batch": [{**told, "properties": each} for each in properties]})
    assert [type(each) for each in QUICK.read(body, ARRIVAL)] == [Plain] * len(properties)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(texts, min_size=1, max_size=5))
def test_what_looks_personal_is_suspected(told: list[str]) -> None:
    found = suspects(told)
    assert {n for n, text in enumerate(told) if looks_personal(text)} <= found


@pytest.mark.parametrize(
    "properties",
    [b'{"a":"\xff"}', b'{"a":"\xe4\xb8"}', b'{"a":01}', b'{"a":"\x01"}', b'{"a":}', b"3"],
)
def test_bytes_that_are_no_text_are_not_passed_on(properties: bytes) -> None:
    body = b'{"batch":[{"type":"track","event":"E","userId":"u","messageId":"m","properties":%b}]}'
    with pytest.raises(NotQuick):
        QUICK.read(body % properties, ARRIVAL)
