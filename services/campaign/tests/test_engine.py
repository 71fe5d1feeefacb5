"""Templates: what the sandbox lets nobody do, what is counted, what ships."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_service.templates import composing, engine
from campaign_service.templates.composing import Content, Script
from campaign_service.templates.engine import BadTemplate, TooMuch, parsed, rendered
from campaign_service.templates.limits import Sms, count_sms, too_long
from campaign_service.templates.scenes import shipped
from campaign_service.templates.values import in_language
from campaign_service.templates.variables import VARIABLES
from contracts.base import Money
from contracts.classification import DataClass
from contracts.templates import Goods, Values

SMS = Sms({"zh": "【会员中心】", "en": "[Members] "}, link=41, most_parts=3)
VALUES = Values(
    goods=[Goods(title="有机牛奶", price=Money(amount=1990)), Goods(title="全麦面包")],
    offer="满100减30", code="ABCD2345EFGH", percent_off=20, days=7, days_away=90, tier="金卡",
    previous_tier="银卡", points=1250, expires_on=date(2026, 12, 31), activity="烘焙沙龙",
    starts_at=datetime(2026, 12, 5, 6, 30, tzinfo=UTC), place="中庭", store="朝阳店",
    festival="中秋", topic="早餐", link="https://localhost:8443/s/abcdefgh12345678",
)  # fmt: skip
HOSTILE = [
    "{{ ''.__class__.__mro__ }}", "{{ name.__class__ }}", "{{ name['__class__'] }}",
    "{{ name|attr('__class__') }}", "{{ goods.append(1) }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__ }}", "{{ lipsum }}", "{{ joiner }}", "{{ namespace }}",
    "{{ config }}", "{{ request }}", "{{ range(999999999) }}", "{{ dict(a=1) }}",
    "{{ 9**9**9 }}", "{{ 'a'*999999999 }}", "{{ [0]*999999999 }}", "{{ 1.5 }}", "{{ {} }}",
    "{{ 'a' ~ name }}", "{{ '%999999999d'|format(1) }}", "{{ goods|map('x')|list }}",
    "{{ name|replace('a', 'b') }}", "{{ name|cut(name) }}", "{{ name|cut(*goods) }}",
    "{% for a in goods %}{% for b in goods %}x{% endfor %}{% endfor %}",
    "{% for a in goods recursive %}{{ loop(goods) }}{% endfor %}",
    "{% for a in range(9) %}x{% endfor %}", "{% for name in goods %}x{% endfor %}",
    "{% for a, b in goods %}x{% endfor %}", "{{ loop.__init__ }}", "{{ loop.cycle(1) }}",
    "{% set x = 1 %}", "{% macro m() %}{% endmacro %}", "{% include 'x' %}", "{% extends 'x' %}",
    "{% import 'os' as os %}", "{% block b %}{% endblock %}", "{% call m() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}", "{% autoescape true %}x{% endautoescape %}",
    "{% with x = 1 %}{{ x }}{% endwith %}", "{{ _language }}", "{{ phone }}", "{{ name", "{% if %}",
    "{{ " + "(" * 2_000 + "name" + ")" * 2_000 + " }}", "{{ " + "not " * 30 + "name }}",
    "{% if name %}" * 30 + "{% endif %}" * 30, "x" * 4_001,
]  # fmt: skip


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_gets_out_of_the_sandbox(source: str) -> None:
    """Refused by its shape, before Jinja compiles and folds constants."""
    with pytest.raises(BadTemplate) as refused:
        parsed(source)
    assert source not in str(refused.value)


def test_what_texts_need_is_there() -> None:
    source = (
        "{{ name }}：{% for g in goods %}{{ g.title }}"
        "{% if g.price %}{{ g.price|money }}{% endif %}{% if not loop.last %}、"
        "{% endif %}{% endfor %}，{{ discount }}，{{ starts_at|hour }}"
    )
    zh = rendered(source, "zh", {"name": "{name}", **in_language(VALUES, "zh")})
    assert zh == "{name}：有机牛奶19.90元、全麦面包，8折，12月5日14:30"
    en = rendered("{{ goods|titles(1) }} {{ discount }} {{ expires_on|day }}", "en",
                  in_language(VALUES, "en"))  # fmt: skip
    assert en == "有机牛奶 20% off 31 December"


def test_a_festival_that_triggers_know_is_called_by_its_name() -> None:
    told = [
        in_language(Values(festival=festival), language)["festival"]
        for festival in ("mid_autumn", "店庆")
        for language in ("zh", "en")
    ]
    assert told == ["中秋节", "the Mid-Autumn Festival", "店庆", "店庆"]


def test_output_and_time_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "{% for g in goods %}{{ g.title }}{{ g.title }}{% endfor %}"
    with pytest.raises(TooMuch):
        rendered(source, "zh", {"goods": [{"title": "长" * 500}] * 10})
    monkeypatch.setattr(engine, "MOST_SECONDS", 0.0)
    with pytest.raises(TooMuch):
        rendered(source, "zh", {"goods": [{"title": "长"}]})


def test_a_value_is_no_template_and_makes_no_placeholder() -> None:
    content = Content("pos", "zh", "a", {"text": "{{ offer }}{{ goods|titles }}"})
    script = Script("transactional", [content], {})
    evil = Values(offer="{name}{{ 9**9 }}", goods=[Goods(title="{unsubscribe}")])
    message = composing.compose(content, in_language(evil, "zh"), script, SMS)
    assert message.parts == {"text": "｛name｝｛｛ 9**9 ｝｝｛unsubscribe｝"}


def test_personal_variables_stay_placeholders_whatever_is_given() -> None:
    personal = {n for n, each in VARIABLES.items() if each.data_class is DataClass.PERSONAL}
    assert personal == {"name"}
    content = Content("push", "zh", "a", {"title": "{{ name }}", "body": "{{ unsubscribe }}"})
    values = {"name": "王小明", "unsubscribe": "https://evil.example"}
    message = composing.compose(content, values, Script("marketing", [content], {}), SMS)
    assert message.parts == {"title": "{name}", "body": "{unsubscribe}"}
    assert not set(Values.model_fields) & personal


def test_fallbacks_and_what_is_missing() -> None:
    text = "{{ name }}，{{ tier }}，{{ offer }}，{{ days }}天"
    content = Content("pos", "zh", "a", {"text": text})
    script = Script("transactional", [content], {"offer": {"zh": "小礼", "en": "a treat"}})
    nothing = composing.compose(content, {}, script, SMS)
    assert nothing.missing == ["days"] and not nothing.sendable and nothing.parts == {}
    some = composing.compose(content, {"days": 7, "tier": "金卡"}, script, SMS)
    assert some.parts["text"] == "{name}，金卡，小礼，7天" and some.fallbacks == ["offer"]
    assert some.sendable


@pytest.mark.parametrize(
    ("text", "marketing", "units", "parts"),
    [
        ("长" * 64, False, 70, 1),  # six of the signature
        ("长" * 65, False, 71, 2),
        ("长" * (134 - 6), False, 134, 2),
        ("长" * (135 - 6), False, 135, 3),
        ("😀" * 32, False, 70, 1),  # two units each
        ("长" * 19, True, 70, 1),  # ` 退订：` and a link of 41
        ("长" * 20, True, 71, 2),
        ("长{unsubscribe}", True, 48, 1),
        ("{name}", False, 10, 1),  # a usual name has four characters at most
    ],
)
def test_sms_are_counted_as_they_leave(text: str, marketing: bool, units: int, parts: int) -> None:
    count = count_sms(text, "zh", SMS, marketing=marketing)
    assert (count.units, count.parts, count.encoding) == (units, parts, "ucs2")


def test_the_gsm_alphabet_has_room_for_160() -> None:
    plain = Sms({"en": "", "zh": ""}, 41)
    found = [
        count_sms(text, "en", plain, marketing=False) for text in ("a" * 160, "a" * 161, "€" * 80)
    ]
    assert [(each.units, each.parts, each.encoding) for each in found] == [
        (160, 1, "gsm7"), (161, 2, "gsm7"), (160, 1, "gsm7"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "fits", "not_"),
    [
        ("thing1", "长" * 20, "长" * 21), ("character_string2", "A-1", "券一"),
        ("phrase3", "已完成", "已经完成了吗"), ("number4", "1250", "一千"),
        ("amount5", "¥12.50", "十元"), ("date6", "12月31日", "年底"),
        ("time7", "12月5日14:30", "下午"), ("letter8", "ABC", "A1"),
    ],
)  # fmt: skip
def test_wechat_fields_take_what_their_kind_takes(field: str, fits: str, not_: str) -> None:
    assert too_long("wechat", {field: fits}, "zh", SMS, marketing=True) == []
    assert too_long("wechat", {field: not_}, "zh", SMS, marketing=True) != []


def test_what_ships_can_be_sent_in_both_languages() -> None:
    scenes = shipped()
    assert len({each.scene for each in scenes}) >= 10
    for scene in scenes:
        contents = [Content(**each.model_dump()) for each in scene.contents]
        defaults = {name: words.model_dump() for name, words in scene.defaults.items()}
        script = Script(scene.purpose, contents, defaults)
        assert composing.faults(script, SMS) == [], scene.key
        for content in contents:
            values = in_language(VALUES, content.language)
            message = composing.compose(content, values, script, SMS)
            assert message.sendable and not message.findings, (scene.key, content, message)


def test_faults_of_a_version_are_told_with_pointers() -> None:
    def told(*contents: Content, **defaults: dict[str, str]) -> dict[str, str]:
        return dict(composing.faults(Script("marketing", contents, defaults), SMS))

    def pair(channel: str, **parts: str) -> tuple[Content, Content]:
        return Content(channel, "zh", "a", parts), Content(channel, "en", "a", parts)

    assert told(*pair("sms", text="{{ name }}")) == {}
    assert "one language" in told(Content("sms", "zh", "a", {"text": "x"}))["/contents"]
    assert "twice" in told(*pair("sms", text="x"), *pair("sms", text="y"))["/contents"]
    assert "not allowed" in told(*pair("sms", text="{{ 9**9 }}"))["/contents/0/parts"]
    assert "missing" in told(*pair("push", title="x"))["/contents/1/parts"]
    assert "kind" in told(*pair("wechat", keyword1="x"))["/contents/0/parts"]
    assert "3 at most" in told(*pair("sms", text="长" * 200))["/contents/0/parts"]
    assert "第九条" in told(*pair("sms", text="国 家级"))["/contents/0/parts"]
    fallback = {"zh": "x", "en": "x"}
    assert "/defaults/0" in told(*pair("pos", text="x"), name=fallback)
    assert "/defaults/0" in told(*pair("pos", text="x"), nobody=fallback)


def test_variants_are_shared_out_evenly_and_stay() -> None:
    members = [UUID(int=n) for n in range(4_000)]
    got = [composing.variant_of(member, "birthday", ["a", "b"]) for member in members]
    assert got == [composing.variant_of(member, "birthday", ["a", "b"]) for member in members]
    assert 1_850 < got.count("a") < 2_150  # 4.7 standard deviations
    other = [composing.variant_of(member, "festival", ["a", "b"]) for member in members]
    assert 1_850 < sum(one == two for one, two in zip(got, other, strict=True)) < 2_150


@given(st.text("{}%# nameifgoods|.()[]'0", max_size=30))
def test_any_source_is_a_template_or_refused(source: str) -> None:
    try:
        names = parsed(source)
    except BadTemplate:
        return
    assert names <= VARIABLES.keys()
