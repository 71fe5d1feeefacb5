"""What people and tills write, and what becomes of it: examples, and what holds for anything."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Seen
from services.gateway.tests.test_collect import batches, send

from contracts.classification import Kind
from contracts.gateway_events import CorrectionsMade
from contracts.roles import Role
from gateway_service.cleaning import regions
from gateway_service.cleaning.domain import clean
from gateway_service.collect.detect import TRAITS

PHONES = [
    "13800138000", "+8613800138000", "008613800138000", "86-138-0013-8000", "138 0013 8000",
    "１３８００１３８０００", "００８６　１３８－００１３－８０００", "手机：13800138000",
    "电话 138-0013-8000",
    "'13800138000", "13800138000.0", "Tel: (+86) 138.0013.8000",
]  # fmt: skip
UNREADABLE_PHONES = ["138****8000", "1380013800", "23800138000", "转8001", "没有"]
NAMES = {
    "张　三": "张三", "张三先生": "张三", " 李四 女士 ": "李四", "王先生": "王先生",
    "欧阳女士": "欧阳女士",
    "欧阳娜娜小姐": "欧阳娜娜", "Mr. John  Smith": "John Smith", "DR Ada Lovelace": "Ada Lovelace",
    "Ｊｏｈｎ": "John", "阿卜杜拉・买买提": "阿卜杜拉·买买提", "王•明": "王•明",
    "王**": "王**", "先生": "先生",
    "Mr 王小明": "王小明", "Anne-Marie O'Neill": "Anne-Marie O'Neill",
}  # fmt: skip
DATES = {
    "2017年3月5日": "2017-03-05", "2017/3/5": "2017-03-05", "20170305": "2017-03-05",
    "2017.03.05": "2017-03-05", "２０１７－３－５": "2017-03-05", "2017 年 3 月 5 号": "2017-03-05",
    "25-03-2017": "2017-03-25", "03/25/2017": "2017-03-25", "05.05.2017": "2017-05-05",
    "2017-03-05T00:00:00.000Z": "2017-03-05", "2017-03-05 00:00:00": "2017-03-05",
}  # fmt: skip
UNCLEAR_DATES = ["05-03-2017", "17-3-5", "2017-02-30", "20171305", "三月五日", "1990", "2017-3/5"]
PLACES = [  # address, city beside it, region, address afterwards
    ("北京市朝阳区建国路88号", None, "110105", "北京市朝阳区建国路88号"),
    ("北京朝阳区建国路88号", None, "110105", "北京市朝阳区建国路88号"),
    ("朝阳区建国路88号", "北京", "110105", "北京市朝阳区建国路88号"),
    ("北京市北京市朝阳区建国路88号", None, "110105", "北京市朝阳区建国路88号"),
    ("北京市市辖区海淀区中关村大街1号", None, "110108", "北京市海淀区中关村大街1号"),
    ("海淀区中关村大街1号", None, "110108", "北京市海淀区中关村大街1号"),
    ("上海 浦东新区 张江路 ５ 号", None, "310115", "上海市浦东新区张江路5号"),
    ("苏州工业园区星湖街328号", None, "320500", "江苏省苏州市工业园区星湖街328号"),
    ("江苏苏州十全街2号", None, "320500", "江苏省苏州市十全街2号"),
    ("昆山市玉山镇", None, "320583", "江苏省苏州市昆山市玉山镇"),
    ("仙桃市沔州大道", None, "429004", "湖北省仙桃市沔州大道"),
    ("东莞市长安镇", None, "441900", "广东省东莞市长安镇"),
    ("广西南宁青秀区民族大道", None, "450103", "广西壮族自治区南宁市青秀区民族大道"),
    ("西双版纳景洪市勐泐大道", None, "532801", "云南省西双版纳傣族自治州景洪市勐泐大道"),
    ("吉林昌邑区", None, "220202", "吉林省吉林市昌邑区"),
    ("鼓楼区中山路1号", "南京市", "320106", "江苏省南京市鼓楼区中山路1号"),
    ("和县历阳镇", None, "340523", "安徽省马鞍山市和县历阳镇"),
    # abolished or renamed, and where that is today
    ("杭州市下城区体育场路", None, "330105", "浙江省杭州市下城区体育场路"),
    ("江干区凯旋路", None, "330100", "浙江省杭州市江干区凯旋路"),
    ("居巢区人民路", None, "340181", "安徽省合肥市居巢区人民路"),
    ("湖北省襄樊市樊城区", None, "420606", "湖北省襄阳市樊城区"),
]
NOT_GUESSED = [
    ("朝阳区建国路88号", None, "region_ambiguous"),  # Beijing or Changchun
    ("鼓楼区中山路1号", None, "region_ambiguous"),
    ("桥东区中山路", None, "region_ambiguous"),  # one is left of three
    ("朝阳区建国路88号", "上海", "region_contradicts_city"),
    ("海淀区中关村大街1号", "上海", "region_contradicts_city"),
    ("南京路100号", None, "region_unknown"),  # a road in Shanghai, and elsewhere
    ("上海市场路3号", None, "region_unknown"),  # in Luoyang
    ("东区3栋", None, "region_unknown"),  # Panzhihua has one as well
    ("幸福里3号楼", None, "region_unknown"),
]
CITIES = {
    "北京": "110000", "上海市": "310000", "苏州": "320500", "昆山": "320583", "大理州": "532900",
    "襄樊": "420600", "香港": "810000", "吉林": None, "海南": None, "Shanghai": None, "": None,
}  # fmt: skip


def rules(record: dict[str, Any]) -> list[str]:
    return [each.rule for each in clean(record).corrections]


@pytest.mark.parametrize("text", PHONES)
def test_phones(text: str) -> None:
    (phone,) = clean({"identifiers": [{"kind": "phone", "value": text}]}).values["identifiers"]
    assert phone["value"].removeprefix("+86") == "13800138000"


@pytest.mark.parametrize("text", UNREADABLE_PHONES)
def test_what_is_no_phone_stays(text: str) -> None:
    assert clean({"phone": text}).values == {"phone": text} and rules({"phone": text}) == []


@pytest.mark.parametrize("told", NAMES)
def test_names(told: str) -> None:
    assert clean({"name": told}).values["name"] == NAMES[told]


@pytest.mark.parametrize("told", DATES)
def test_dates(told: str) -> None:
    assert clean({"birthday": told}).values["birthday"] == DATES[told]
    assert rules({"birthday": told}) == ["date_format"]


@pytest.mark.parametrize("told", UNCLEAR_DATES)
def test_dates_that_may_be_several(told: str) -> None:
    cleaned = clean({"birthday": told})
    assert cleaned.values["birthday"] == told and rules({"birthday": told}) == ["date_unclear"]


def test_genders() -> None:
    told: dict[str | int, str] = {
        "男": "male", "Ｆ": "female", "女士": "female", 1: "male", "2": "female", 0: "unknown",
        "Male": "male", "x": "x",
    }  # fmt: skip
    assert {each: clean({"gender": each}).values["gender"] for each in told} == told


@pytest.mark.parametrize(("address", "city", "region", "completed"), PLACES)
def test_places(address: str, city: str | None, region: str, completed: str) -> None:
    cleaned = clean({"address": address, "city": city}).values
    assert (cleaned["region"], cleaned["address"]) == (region, completed)
    assert regions.name_of(region) is not None


@pytest.mark.parametrize(("address", "city", "fault"), NOT_GUESSED)
def test_places_that_may_be_several(address: str, city: str | None, fault: str) -> None:
    cleaned = clean({"address": address, "city": city})
    assert cleaned.values["address"] == address
    assert "region" not in cleaned.values or cleaned.values["region"] == regions.city_code(city)
    assert [each.rule for each in cleaned.corrections] == [fault]


def test_cities() -> None:
    assert {name: regions.city_code(name) for name in CITIES} == CITIES


def test_every_division_is_found_under_its_whole_name_and_only_there() -> None:
    """All 3,213 of them, with what they are in before their names."""
    table = regions._table()
    assert len(table.current) == 3213
    for code, division in table.current.items():
        above = [table.current[each].name for each in (code[:2] + "0000", code[:4] + "00")
                 if each in table.current and each != code]  # fmt: skip
        whole = "".join([*above, division.name])
        assert regions.locate(whole) == regions.Located(whole, code), whole


SIGNS = st.sampled_from(list("0138+-.年月日/ 　：先生女士王小明市区县路号北京朝阳海淀苏州Mr·*"))
TEXTS = st.one_of(
    st.text(max_size=20),
    st.lists(SIGNS, max_size=16).map("".join),
    st.sampled_from([*PHONES, *NAMES, *DATES, *UNCLEAR_DATES, *(each[0] for each in PLACES)]),
    st.lists(st.sampled_from([each.name for each in regions._table()._all]), max_size=4).map(
        "".join
    ),
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXTS, "birthday": TEXTS, "address": TEXTS,
        "gender": st.one_of(TEXTS, st.integers()),
        "city": st.one_of(TEXTS, st.sampled_from(list(CITIES))), "phone": TEXTS, "姓名": TEXTS,
        "identifiers": st.lists(
            st.fixed_dictionaries(
                {"kind": st.sampled_from(["phone", "email", "x"]), "value": TEXTS}
            ),
            max_size=2,
        ),
        "region": st.sampled_from(["", "110105"]), "other": TEXTS,
    },
)  # fmt: skip


@given(RECORDS)
@settings(max_examples=400, deadline=None)
def test_cleaning_again_changes_nothing(record: dict[str, Any]) -> None:
    for kinds in (TRAITS.__getitem__, None):
        once = clean(record, kinds) if kinds else clean(record)
        again = clean(once.values, kinds) if kinds else clean(once.values)
        assert again.values == once.values
        assert {each.rule for each in again.corrections} <= {
            "date_unclear", "region_unknown", "region_ambiguous", regions.CONTRADICTS,
        }  # fmt: skip
        assert record.get("other") == once.values.get("other")
        kept = [each for each in once.corrections if each.before or each.after]
        assert {each.field for each in kept} <= {"gender", "city"}


def registered(seen: Seen) -> tuple[int, Any]:
    return 201, {"member_id": seen.json["member_id"], "registered_at": "2026-01-05T10:00:00Z"}


MESSY = {
    "name": "张　三 先生", "gender": "男", "birthday": "1990年3月5日", "city": " 北京 ",
    "address": "朝阳区建国路８８号",
    "identifiers": [{"kind": "phone", "value": "手机：１３８ ００１３ ８０００"}],
}  # fmt: skip


async def test_registration_cleans_before_it_seals_and_says_what_it_did(gateway: Gateway) -> None:
    gateway.inner.replies["POST /v1/members"] = registered
    agent = await gateway.as_(Role.SERVICE_AGENT)
    keyed = {**agent, "Idempotency-Key": "messy"}
    for _ in range(2):  # a retry is recorded once
        answer = await gateway.http.post("/v1/members", json=MESSY, headers=keyed)
        assert answer.status_code == 201, answer.text
    sent, member = gateway.inner.last.json, UUID(answer.json()["member_id"])
    assert (sent["gender"], sent["region"], sent["city"]) == ("male", "110105", "北京")
    assert (sent["birth_year"], sent["birth_month"]) == (1990, 3)
    vault = gateway.parts.vault
    assert sent["name"] == vault.seal(Kind.NAME, "张三", member, place="member.name")
    shown = await gateway.http.get(f"/v1/members/{member}/corrections", headers=agent)
    assert shown.status_code == 200, shown.text
    told = {(each["field"], each["rule"]): each for each in shown.json()["data"]}
    assert set(told) == {
        ("identifiers/0/value", "phone_format"), ("name", "width_and_space"),
        ("name", "name_format"), ("gender", "gender_code"), ("birthday", "date_format"),
        ("city", "width_and_space"), ("address", "width_and_space"),
        ("address", "region_completed"),
    }  # fmt: skip
    assert {each["source"] for each in told.values()} == {"registration"}
    assert not any(secret in shown.text for secret in ("张三", "13800138000", "建国路", "1990"))


async def test_a_batch_cleans_each_and_a_correction_of_a_member_as_well(gateway: Gateway) -> None:
    gateway.inner.replies["POST /v1/members/batch"] = lambda seen: (
        200,
        {"results": [
            {"status": 201, "member_id": each["member_id"], "registered_at": "2026-01-05T10:00:00Z"}
            for each in seen.json["members"]
        ]},
    )  # fmt: skip
    headers = await gateway.as_(Role.OPERATOR)
    plain = {"identifiers": [{"kind": "card_no", "value": "c-1"}], "gender": "female"}
    hopeless = {"identifiers": [{"kind": "phone", "value": "12"}], "gender": "男"}
    answer = await gateway.http.post(
        "/v1/members/batch", json={"members": [plain, hopeless, MESSY]}, headers=headers
    )
    first, refused, last = answer.json()["results"]
    assert (first["status"], refused["status"], last["status"]) == (201, 422, 201)

    async def corrections(member: str) -> list[dict[str, Any]]:
        shown = await gateway.http.get(f"/v1/members/{member}/corrections", headers=headers)
        found: list[dict[str, Any]] = shown.json()["data"]
        return found

    assert await corrections(first["member_id"]) == []
    assert len(await corrections(last["member_id"])) == 8
    path = f"/v1/members/{first['member_id']}"
    change = {"address": "鼓楼区中山路1号", "birthday": "05-03-2017"}
    answer = await gateway.http.patch(path, json=change, headers=headers)
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/birthday"
    answer = await gateway.http.patch(path, json={"address": change["address"]}, headers=headers)
    assert answer.status_code == 200 and gateway.inner.last.json["region"] == ""  # no longer known
    (marked,) = await corrections(first["member_id"])
    assert (marked["source"], marked["rule"]) == ("update", "region_ambiguous")
    async with gateway.app.db.transaction(readonly=True) as tx:
        told = await tx.fetch(
            "SELECT payload FROM outbox WHERE subject = $1", CorrectionsMade.subject
        )
    counts = [msgspec.json.decode(row["payload"], type=CorrectionsMade).counts for row in told]
    assert sum(each.n for one in counts for each in one) == 8 + 1


async def test_what_is_collected_is_cleaned_alike(gateway: Gateway, nats_url: str) -> None:
    member = UUID(int=9)
    traits = {
        "sex": "女",
        "address": "海淀区中关村大街1号",
        "phone": "13800138000.0",
        "style": "a b",
    }
    message = {"type": "identify", "messageId": "i", "userId": str(member), "traits": traits}
    for _ in range(2):
        assert (await send(gateway, message)).status_code == 200
    (activity,) = (await batches(nats_url))[0].activities
    assert activity.traits["sex"] == "female" and activity.traits["region"] == "110108"
    assert activity.traits["style"] == "a b"
    same = gateway.parts.vault.identifier(Kind.PHONE, "13800138000")[0]
    assert [each.index for each in activity.identifiers] == [same]
    headers = await gateway.as_(Role.OPERATOR)
    shown = await gateway.http.get(f"/v1/members/{member}/corrections", headers=headers)
    assert {(each["field"], each["rule"], each["source"]) for each in shown.json()["data"]} == {
        ("sex", "gender_code", "demo"), ("address", "region_completed", "demo"),
        ("phone", "phone_format", "demo"),
    }  # fmt: skip
    assert len(shown.json()["data"]) == 3
