"""The published rules say what is in force, and a new version means that they say something new."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from services.points.tests.conftest import NOON, Shop
from services.points.tests.coupons import template
from services.points.tests.test_packages import offer
from services.points.tests.test_paid_memberships import PLAN
from services.points.tests.test_partners import AIR, BOTH_WAYS
from services.points.tests.test_stored_value import RULE

from points_service.earning.rules import CONDITIONS as EARNING_CONDITIONS
from points_service.earning.rules import EFFECTS
from points_service.expiry.domain import Policy
from points_service.expiry.rules import KINDS
from points_service.rulebook.domain import within, yuan
from points_service.rulebook.rules import earning, expiry, tiers
from points_service.rulebook.rules.tasks import PERIODS
from points_service.tiers.rules import CONDITIONS as TIER_CONDITIONS
from testkit import together

PATH = "/v1/rules/public"


async def rules(shop: Shop, language: str, query: str = "") -> dict[str, Any]:
    return await shop.get(f"{PATH}?language={language}{query}")


def sentences(found: dict[str, Any], code: str) -> str:
    """A section as one text."""
    return "\n".join(
        rule for each in found["sections"] if each["code"] == code for rule in each["rules"]
    )


async def said(shop: Shop, code: str, zh: str, en: str) -> int:
    """Both languages have it; answers the version."""
    chinese, english = await rules(shop, "zh"), await rules(shop, "en")
    assert zh in sentences(chinese, code), sentences(chinese, code)
    assert en in sentences(english, code), sentences(english, code)
    assert chinese["version"] == english["version"] == chinese["latest"]
    return int(chinese["version"])


async def put(shop: Shop, path: str, body: dict[str, Any]) -> None:
    answer = await shop.client.put(path, json=body)
    assert answer.status_code == 200, answer.text


async def test_shipped_rules_in_plain_words(shop: Shop) -> None:
    for code, zh, en in (
        ("points", "100 积分抵 1 元", "100 points are worth 1 yuan"),
        ("expiry", "12 个月后", "12 months after"),
        ("expiry", "前 30、7 天", "30 and 7 days before"),
        ("transfers", "每次转赠 100 至 10000 积分", "100 to 10000 points"),
        ("earning", "每消费 1 元得 1 成长值", "1 growth for each yuan"),
        ("earning", "5 成长值（签到每次）", "5 growth each time (Check-in)"),
        ("earning", "每人每日最多 100 成长值", "a member a day at most 100 growth"),
        ("tiers", "成长值达到 500", "growth of 500"),
        ("tiers", "当月消费满 200 元", "200 yuan spent in the month"),
        ("tiers", "积分 2 倍", "2 times the points"),
        ("coupons", "满 200 元减 50 元", "from 200 yuan 50 yuan off"),
        ("stored_value", "7 天内可退还未消费的本金", "within 7 days of its top-up"),
    ):
        assert await said(shop, code, zh, en) == 1
    found = await shop.get(PATH)
    assert (found["language"], found["published_at"]) == ("zh", "2017-03-15T04:00:00Z")
    assert "paid_memberships" not in {each["code"] for each in found["sections"]}


async def test_a_changed_rule_is_a_new_version_with_the_new_figure(shop: Shop) -> None:
    first = await rules(shop, "en")
    shop.move(NOON + timedelta(hours=1))
    assert await rules(shop, "en") == first  # nothing has changed: neither number nor date

    ladder = await shop.get("/v1/tier-ladders/A")
    changed: dict[str, Any] = {
        key: ladder[key]
        for key in ("name", "kind", "qualification_months", "grace_days", "soft_landing", "tiers")
        if key in ladder
    }
    for tier in changed["tiers"]:
        del tier["worth"], tier["above_percent"]
    silver = changed["tiers"][1]
    silver["conditions"][0]["at_least"] = 666
    silver["points_percent"] = 125
    await put(shop, "/v1/tier-ladders/A", changed)
    assert (
        await said(shop, "tiers", "成长值达到 666；积分 1.25 倍", "growth of 666; 1.25 times") == 2
    )
    second = await rules(shop, "en")
    assert second["published_at"] == "2017-03-15T05:00:00Z"
    others = {each["code"]: each for each in first["sections"] if each["code"] != "tiers"}
    assert {e["code"]: e for e in second["sections"] if e["code"] != "tiers"} == others

    old = await rules(shop, "zh", "&version=1")
    assert "成长值达到 500" in sentences(old, "tiers") and (old["version"], old["latest"]) == (1, 2)
    assert (await rules(shop, "en", "&version=1")) == first | {"latest": 2}
    assert (await shop.client.get(f"{PATH}?version=3")).status_code == 404
    for query in ("version=0", "version=x", "language=fr"):
        assert (await shop.client.get(f"{PATH}?{query}")).status_code == 422


async def test_every_kind_of_rule_is_followed(shop: Shop) -> None:
    assert (await rules(shop, "zh"))["version"] == 1
    rule = {
        "rule_id": "milk_day",
        "name": {"zh": "牛奶日", "en": "Milk day"},
        "effect": {"kind": "multiplier", "gives": "points", "amount": 300},
        "conditions": [
            {"kind": "category", "any_of": ["milk"]},
            {"kind": "weekday", "any_of": ["3"]},
            {"kind": "amount", "at_least": 3000},
        ],
        "limits": {"per_day": 77},
    }
    assert (await shop.client.post("/v1/earning-rules", json=rule)).status_code in (200, 201)
    zh = "牛奶日：消费所得积分为 3 倍，品类：milk，周三，满 30 元，每人每日最多 77 积分，"
    zh += "退款按比例退回上限"
    en = "Milk day: 3 times the points of purchases, category: milk, on Wednesday, from 30 yuan"
    assert await said(shop, "earning", zh, en) == 2

    await put(shop, "/v1/stored-value-rules/spring", RULE)
    zh, en = "单次充值满 500 元赠 50 元。（2017-01-01 至 2017-03-31）", "50 yuan on top of a top-up"
    assert await said(shop, "stored_value", zh, en) == 3
    await put(shop, "/v1/membership-plans/plus", PLAN | {"fee_fen": 19950, "notice_days": 10})
    zh, en = (
        "199.50 元 12 个月，权益：免费配送，享标价的 95%；到期前 10 天提醒",
        "199.50 yuan for 12",
    )
    assert await said(shop, "paid_memberships", zh, en) == 4
    assert await said(shop, "paid_memberships", "不会自动续费", "No paid membership renews") == 4

    await shop.client.post(
        "/v1/partners", json=AIR | {"outward": BOTH_WAYS | {"limits": {"member_day": 500}}}
    )
    zh = "100 积分换 8 里程（每人每日最多 500 积分）；8 里程换 50 积分"
    assert await said(shop, "partners", zh, "100 points become 8 miles (at most 500 points") == 5
    await offer(shop)
    zh, en = (
        "1000 积分加 100.01 元，含meal、film、gym",
        "1000 points and 100.01 yuan for meal, film",
    )
    assert await said(shop, "packages", zh, en) == 6

    await template(shop, off={"amount": 1234}, threshold={"amount": 8000}, per_member_limit=3)
    zh, en = "满 80 元减 12.34 元，每人限 3 张", "from 80 yuan 12.34 yuan off, 3 a member"
    assert await said(shop, "coupons", zh, en) == 7

    policy = {"kind": "depreciation", "active": True,
              "figures": {"percent": 20, "month": 12, "day": 31}}  # fmt: skip
    await put(shop, "/v1/expiry-policies/year-end", policy)
    zh, en = "每年 12 月 31 日零时，此前获得的积分减少 20%", "points earned before lose 20 %"
    assert await said(shop, "expiry", zh, en) == 8


async def test_what_ends_with_a_day_leaves_the_rules_at_midnight(shop: Shop) -> None:
    await shop.tick()
    await put(shop, "/v1/stored-value-rules/spring", RULE)
    assert (await rules(shop, "en"))["version"] == 1
    shop.move(datetime(2017, 3, 31, 15, 59, tzinfo=UTC))
    await shop.tick()
    assert (await rules(shop, "en"))["version"] == 1
    shop.move(datetime(2017, 4, 5, tzinfo=UTC))
    await shop.tick()
    found = await rules(shop, "en")
    assert found["version"] == 2 and "top-up of at least" not in sentences(found, "stored_value")


async def test_many_readers_make_one_version(shop: Shop) -> None:
    answers = await together(rules(shop, "zh") for _ in range(16))
    assert all(each == answers[0] for each in answers) and answers[0]["version"] == 1
    for attack in ("UPDATE rulebook_version SET hash = ''", "DELETE FROM rulebook_version"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with shop.running.db.transaction() as tx:
                await tx.execute(attack)


def test_every_kind_has_its_words() -> None:
    assert set(earning.CONDITIONS) == set(EARNING_CONDITIONS)
    assert set(tiers.CONDITIONS) == set(TIER_CONDITIONS)
    assert set(EFFECTS) == {"fixed", "per_yuan", "multiplier"}
    figures = {
        "rolling": {"months": 18},
        "end_of_year": {"years": 2},
        "depreciation": {"percent": 5, "month": 6, "day": 1},
    }
    assert set(figures) == set(KINDS)
    for kind, told in figures.items():
        text = expiry.render(Policy("p", kind, True, told))
        for figure in told.values():
            assert str(figure) in text.zh and str(figure) in text.en
    assert set(PERIODS) == {"day", "week", "month", "year", "ever"}


def test_amounts_and_dates() -> None:
    assert [yuan(fen) for fen in (100, 1250, 5, 0)] == ["1", "12.50", "0.05", "0"]
    end = datetime(2017, 3, 31, 16, 0, tzinfo=UTC)
    assert within(NOON, end).zh == "（2017-03-15 至 2017-03-31）"
    assert within(None, end).en == " (until 2017-03-31)"
    assert within(NOON, None).zh == ""
