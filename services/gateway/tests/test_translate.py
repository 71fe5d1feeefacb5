"""Segment messages made into activities: who, when, and nothing personal in the clear."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.problem import Problem
from contracts.classification import Kind
from contracts.events import Activity
from contracts.orders import OrderRequest
from contracts.sealed import Sealed, is_token
from gateway_service.collect.bodies import unpacked
from gateway_service.collect.clean import BadMessage
from gateway_service.collect.detect import PROPERTIES, TRAITS, looks_personal
from gateway_service.collect.orders import order_of
from gateway_service.collect.reading import Rejected, read_batch, read_one
from gateway_service.collect.translate import Arrival, Translator
from testkit.vaults import derived_vault

NOW = datetime(2017, 6, 1, 12, tzinfo=UTC)
VAULT = derived_vault()
TRANSLATOR = Translator(VAULT)
ARRIVAL = Arrival("b", NOW)
MEMBER = UUID(int=3)


def read(*messages: Any, **batch: Any) -> list[Any]:
    """What a batch becomes, as the bus carries it."""
    body = msgspec.json.encode({"batch": messages, **batch})
    return [
        each if isinstance(each, Rejected) else _carried(each)
        for each in read_batch(TRANSLATOR, body, ARRIVAL)
    ]


def _carried(activity: Activity) -> Activity:
    return msgspec.json.decode(msgspec.json.encode(activity), type=Activity)


def track(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "messageId": "m", "anonymousId": "d-1", "event": "Viewed", **fields}


def indexes(activity: Activity) -> list[str]:
    return [identifier.index for identifier in activity.identifiers]


def test_who_it_was() -> None:
    context = {
        "externalIds": [
            {"id": "6200", "type": "card_no"},
            {"id": "138 0013 8000", "type": "phone", "collection": "users", "encoding": "none"},
            {"id": "crm-7", "type": "crm"},
        ]
    }
    mentioned, found = read(
        track(userId="u-1", context=context),
        {"type": "identify", "userId": "u-1", "anonymousId": "d-1", "context": context},
    )
    assert indexes(mentioned) == indexes(found)
    assert {each.value for each in mentioned.identifiers} == {None}  # an index is enough
    assert indexes(found) == [
        VAULT.index(Kind.EXTERNAL, "u-1"),
        VAULT.index(Kind.CARD_NO, "6200"),
        VAULT.index(Kind.PHONE, "+8613800138000"),
        VAULT.index(Kind.EXTERNAL, "crm-7"),
        VAULT.index(Kind.DEVICE_ID, "d-1"),
    ]
    phone = found.identifiers[2]
    assert (
        VAULT.open(Sealed.parse(phone.value or ""), (), place="identifier.value")
        == "+8613800138000"
    )


def test_a_member_id_as_user() -> None:
    (found,) = read({"type": "track", "event": "E", "userId": str(MEMBER)})
    assert found.member_id == MEMBER and not found.identifiers
    (number,) = read({"type": "track", "event": "E", "userId": 4711})
    assert indexes(number) == [VAULT.index(Kind.EXTERNAL, "4711")]


def test_identifiers_among_traits() -> None:
    traits = {"phone": "13800138000", "email": "A@B.cn", "name": "张三", "plan": "gold", "age": 28}
    (found,) = read({"type": "identify", "userId": str(MEMBER), "traits": traits})
    assert indexes(found) == [
        VAULT.index(Kind.PHONE, "13800138000"), VAULT.index(Kind.EMAIL, "a@b.cn"),
    ]  # fmt: skip
    assert found.traits["plan"] == "gold" and found.traits["age"] == 28
    assert (
        VAULT.open(Sealed.parse(found.traits["name"]), {MEMBER.bytes}, place="trait.value")
        == "张三"
    )
    (group,) = read({"type": "group", "anonymousId": "d", "groupId": "g", "traits": traits})
    assert indexes(group) == [VAULT.index(Kind.DEVICE_ID, "d")] and group.context["group"] == "g"


def test_alias_page_and_screen() -> None:
    (alias,) = read({"type": "alias", "userId": "new", "previousId": "old"})
    assert [one.index for one in alias.previous] == [VAULT.index(Kind.EXTERNAL, "old")]
    context = {
        "page": {"path": "/cart?phone=13800138000", "url": "https://x/"},
        "ip": "10.0.0.1",
        "userAgent": "Mozilla",
        "locale": "zh-CN",
        "library": {"name": "analytics.js", "version": "1"},
        "channel": "miniprogram",
    }
    page = {"type": "page", "anonymousId": "d", "name": "Cart", "context": context}
    (found,) = read(page)
    assert (found.event, found.channel) == ("Cart", "miniprogram")
    assert found.context == {"locale": "zh-CN", "library": "analytics.js", "path": "/cart"}


def test_when_it_was() -> None:
    def at(**fields: Any) -> datetime:
        found: list[Activity] = read(track(**fields), **({"sentAt": sent_at} if sent_at else {}))
        return found[0].occurred_at

    sent_at = None
    assert at() == NOW
    assert at(timestamp="2017-06-01T18:00:00+08:00") == NOW - timedelta(hours=2)
    assert at(timestamp="2017-06-02T00:00:00Z") == NOW  # nobody knows the future
    sent_at = "2017-06-01T13:00:00Z"  # the client's clock is an hour ahead
    assert at(timestamp="2017-06-01T12:55:00Z") == NOW - timedelta(minutes=5)
    assert at(timestamp="2017-06-01T13:55:00Z", sentAt="2017-06-01T14:00:00Z") == NOW - timedelta(
        minutes=5
    )


def test_message_ids() -> None:
    plain, uuid = "m-1", "0b3c9a52-1fd8-4c1f-9e4f-213812345678"
    without = track()
    del without["messageId"]
    ids = [
        each.message_id
        for each in read(
            track(messageId=plain), track(messageId=uuid), track(messageId="13800138000"), without
        )
    ]
    assert ids[:2] == [plain, uuid] and ids[3] == "b-3"
    assert re.fullmatch("[0-9a-f]{64}", ids[2])


PERSONAL_TEXTS = [
    "13800138000", "call 138-0013-8000 now", "+86 138 0013 8000", "１３８００１３８０００",
    "010-62345678", "a@b.cn", "me: zhang.san+x@mail.example.com", "11010519491231002X",
    "电话13800138000",
]  # fmt: skip
HARMLESS_TEXTS = [
    "6901234567892", "31198459044", "2017-06-01T12:00:00Z", "1496318400000", "3.99", "@home",
    "0b3c9a52-1fd8-4c1f-9e4f-213812345678", "GM  WHOLE MILK", "高钙牛奶，特价",
    "200112233445566778",
]  # fmt: skip


@pytest.mark.parametrize("text", PERSONAL_TEXTS)
def test_what_looks_personal_is_sealed_wherever_it_stands(text: str) -> None:
    assert looks_personal(text)
    properties = {"note": text, "deep": [{"x": [text, "ok"]}], "sku": "7"}
    for encode in (msgspec.json.encode, _escaped):
        body = encode({"batch": [track(properties=properties)]})
        (found,) = read_batch(TRANSLATOR, body, ARRIVAL)
        assert isinstance(found, Activity)
        assert is_token(found.properties["note"]) and found.properties["sku"] == "7"
        token, ok = found.properties["deep"][0]["x"]
        assert (
            ok == "ok" and VAULT.open(Sealed.parse(token), (), place="activity.properties") == text
        )


def _escaped(value: Any) -> bytes:
    """JSON with everything but the punctuation escaped, as some clients send Chinese."""
    text = msgspec.json.encode(value).decode()
    inside = re.compile(r'(?<=note":")[^"]*|(?<=x":\[")[^"]*')
    return inside.sub(
        lambda match: "".join(f"\\u{ord(sign):04x}" for sign in match[0]), text
    ).encode()


@pytest.mark.parametrize("text", HARMLESS_TEXTS)
def test_harmless_texts_stay(text: str) -> None:
    assert not looks_personal(text)
    (found,) = read(track(properties={"note": text, "n": 1}))
    assert found.properties == {"note": text, "n": 1}


@given(st.text(), st.sampled_from(PERSONAL_TEXTS), st.text())
def test_words_around_it_do_not_hide_it(before: str, text: str, after: str) -> None:
    assert looks_personal(f"{before} {text} {after}")


def test_a_field_that_is_there_twice_hides_nothing() -> None:
    properties = b'{"note":"13800138000","note":"x"}'
    body = b'{"userId":"u","event":"E","properties":%b}' % properties
    found = read_one(TRANSLATOR, body, "track", ARRIVAL)
    assert b"13800138000" not in msgspec.json.encode(found)


def test_numbers_and_field_names() -> None:
    (found,) = read(track(properties={"n": 13800138000, "m": 6901234567892}))
    assert is_token(found.properties["n"]) and found.properties["m"] == 6901234567892
    (bad,) = read(track(properties={"13800138000": 1}))
    assert isinstance(bad, Rejected) and bad.pointer == "/properties"


def test_fields_of_persons_by_their_name() -> None:
    properties = {
        "receiver_name": "张三",
        "收货人": "李四",
        "shipping": {"address": {"street": "长安街 1 号"}, "method": "express"},
        "products": [{"sku": "7", "name": "王老吉"}],
        "dob": "1990-02-03T00:00:00Z",
        "phone": "no number",
    }
    (found,) = read(track(properties=properties))
    told = found.properties
    assert is_token(told["receiver_name"]) and is_token(told["收货人"])
    assert is_token(told["shipping"]["address"]) and told["shipping"]["method"] == "express"
    assert told["products"] == properties["products"]
    assert Sealed.parse(told["dob"]).kind is Kind.BIRTHDAY
    assert Sealed.parse(told["phone"]).kind is Kind.TEXT
    assert PROPERTIES["First-Name"] is TRAITS["name"] is Kind.NAME
    assert PROPERTIES["name"] is None


@pytest.mark.parametrize(
    ("properties", "sealed"),
    [
        ({"name": "张伟"}, True),
        ({"name": "首页推荐"}, False),
        ({"name": "高露洁", "product_id": "7"}, False),
        ({"name": "Milk"}, False),
    ],
)
def test_a_name_is_a_person_or_a_thing(properties: dict[str, str], sealed: bool) -> None:
    (found,) = read(track(properties=properties))
    assert is_token(found.properties["name"]) is sealed


@pytest.mark.parametrize(
    ("message", "pointer"),
    [
        ({"type": "track", "event": "E"}, ""),
        ({"event": "E", "userId": "u"}, "/type"),
        ({"type": "dance", "userId": "u"}, "/type"),
        ({"type": "track", "userId": "u"}, "/event"),
        ({"type": "alias", "userId": "u"}, "/previousId"),
        (track(timestamp="yesterday"), "/timestamp"),
        (track(timestamp="2017-06-01T12:00:00"), "/timestamp"),
        (track(timestamp="0001-01-01T00:00:00Z", sentAt="9999-01-01T00:00:00Z"), "/timestamp"),
        (track(properties=[1]), "/properties"),
        (track(event="13800138000"), "/event"),
        (track(context={"externalIds": [{"id": "12", "type": "phone"}]}),
         "/context/externalIds/0/id"),
        ({"type": "identify", "userId": "u", "traits": {"phone": "12"}}, "/traits/phone"),
        (track(properties={"x": "y" * 40_000}), "/properties"),
        (track(properties={"a": [[[[[[{"b": 1}]]]]]] * 2 or 0}, anonymousId=7), "/anonymousId"),
        (7, ""),
    ],
)  # fmt: skip
def test_a_bad_message_does_not_sink_the_others(message: Any, pointer: str) -> None:
    good, bad, other = read(track(), message, track(messageId="n"))
    assert isinstance(good, Activity) and isinstance(other, Activity)
    assert isinstance(bad, Rejected) and (bad.n, bad.pointer) == (1, pointer)
    assert "13800138000" not in bad.reason


def test_what_the_batch_says_for_all_goes_with_a_bad_message() -> None:
    context = {"externalIds": [{"id": "6200", "type": "card_no"}]}
    (bad,) = read({"type": "track"}, context=context, sentAt="2017-06-01T12:00:00Z")
    told = msgspec.json.decode(bad.payload)
    assert told["context"]["externalIds"] == context["externalIds"] and told["sentAt"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 422), (b'{"batch": []}', 422), (b'{"batch": {}}', 422), (b"{}", 422)],
)
def test_what_is_no_batch_at_all(body: bytes, status: int) -> None:
    with pytest.raises(Problem) as refused:
        read_batch(TRANSLATOR, body, ARRIVAL)
    assert refused.value.status == status


def test_one_message() -> None:
    found = read_one(TRANSLATOR, b'{"userId":"u","event":"E"}', "track", ARRIVAL)
    assert isinstance(found, Activity) and found.type == "track"
    bad = read_one(TRANSLATOR, b'{"userId":"u"}', "track", ARRIVAL)
    assert isinstance(bad, Rejected) and msgspec.json.decode(bad.payload)["type"] == "track"
    with pytest.raises(Problem):
        read_one(TRANSLATOR, b"{", "track", ARRIVAL)


def test_packed_bodies() -> None:
    for body, encoding, status in (
        (b"x" * 600_000, "", 413), (b"no gzip", "gzip", 400), (b"", "br", 415),
    ):  # fmt: skip
        with pytest.raises(Problem) as refused:
            unpacked(body, encoding)
        assert refused.value.status == status


def completed(**properties: Any) -> Activity:
    told = {
        "order_id": "o-1",
        "store_id": "7",
        "currency": "CNY",
        "products": [
            {"product_id": "p", "sku": "s-1", "quantity": 2, "price": 1.005},
            {"product_id": "p-2", "price": "3.10"},
        ],
        **properties,
    }
    return Activity("m", "track", NOW, event="Order Completed", channel="app", properties=told)


def test_an_order_completed() -> None:
    order = order_of(completed(total=5.1, coupon="C-1"))
    assert (order.order_no, order.store, order.channel) == ("o-1", "7", "app")
    assert [(i.sku, i.quantity, i.amount.amount) for i in order.items] == [
        ("s-1", 2, 201), ("p-2", 1, 310),
    ]  # fmt: skip
    assert order.paid.amount == 510 and order.coupons == ["C-1"] and order.paid_at == NOW
    assert order_of(completed()).paid.amount == 511
    assert msgspec.json.decode(msgspec.json.encode(order), type=OrderRequest) == order


@pytest.mark.parametrize(
    ("properties", "pointer"),
    [
        ({"products": None}, "/properties/products"),
        ({"products": [7]}, "/properties/products/0"),
        ({"products": [{"sku": "s", "price": "x"}]}, "/properties/products/0/price"),
        ({"products": [{"sku": "s", "price": 1, "quantity": "2"}]},
         "/properties/products/0/quantity"),
        ({"total": "NaN"}, "/properties/total"),
        ({"total": -1}, "/properties"),
        ({"order_id": None}, "/properties"),
    ],
)  # fmt: skip
def test_what_makes_no_order(properties: dict[str, Any], pointer: str) -> None:
    with pytest.raises(BadMessage) as bad:
        order_of(completed(**properties))
    assert bad.value.pointer == pointer
