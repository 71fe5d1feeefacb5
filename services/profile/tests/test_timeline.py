"""The timeline: everything that happens, in sentences, in pages, through merges and splits."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args
from uuid import UUID

import pytest
from services.profile.tests.test_api import get, registered, tell
from services.profile.tests.world import NOON, World, activity, batch, days, member, order

from chassis.clock import PROGRAM_ZONE
from contracts.base import Event
from contracts.events import (
    CouponOffered,
    MembersMerged,
    MembersSplit,
    MessageSent,
    OrderRefunded,
    OrdersRecorded,
    PointsBurnt,
    PointsExpired,
    TierChanged,
    all_events,
)
from contracts.gateway_events import ConsentAnswer, ConsentChanged
from contracts.points_events import (
    BadgeEarned,
    BenefitApplied,
    CouponRolledBack,
    CouponsIssued,
    GrowthGained,
    PointsTransferred,
    ReferralRewarded,
)
from contracts.timeline import Kind, TimelineItem
from profile_service.rights import use_cases as rights
from profile_service.timeline import use_cases
from profile_service.timeline.domain import KINDS
from profile_service.timeline.happenings import READERS
from testkit.apps import RunningApp

ONE, TWO, THREE = member(1), member(2), member(3)
CODE = "SAVE5"


def facts() -> list[Event]:
    """One of each, an hour apart, of the first member unless said otherwise."""
    at = [NOON + timedelta(hours=n) for n in range(30)]
    ids = [UUID(int=100 + n) for n in range(30)]
    answers = [ConsentAnswer(ONE, "marketing", "sms", True),
               ConsentAnswer(ONE, "personalised_recommendation", None, True)]  # fmt: skip
    return [
        OrdersRecorded([order("o-1", ONE, at=at[0], items=[("apple", 2, 2500)], coupons=[CODE])]),
        OrderRefunded("o-1", "r-1", ONE, at[1], 1000, 10, 10),
        PointsBurnt(ONE, 100, at[2], ids[2]),
        PointsTransferred(ONE, TWO, 7, at[3], ids[3]),
        GrowthGained([(ONE, "check_in", 5, 3), (TWO, "share", 20, 0)], at[4]),
        BadgeEarned(ONE, "early-bird", at[5]),
        ReferralRewarded(ONE, TWO, at[6]),
        TierChanged(ONE, "silver", "regular", "order", at[7]),
        CouponsIssued(ids[8], [(ids[9], CODE, ONE)], at[8]),
        CouponOffered(ids[10], "C20", ONE, ids[11], 20, at[9], at[29]),
        CouponRolledBack(CODE, ONE, "o-1", True, at[10]),
        MessageSent(ids[12], "sent", None, at[11], ONE, "sms"),
        MessageSent(ids[13], "refused", "no_consent", None, ONE, "sms"),
        ConsentChanged(answers, at[12]),
        BenefitApplied(ids[14], ONE, "free_delivery", "applied", at[13]),
        batch(activity("m-1", member_id=ONE, at=at[14], properties={"sku": "apple"})),
        PointsExpired((NOON + days(1)).date(), [(ONE, 40), (TWO, 2)]),
    ]  # fmt: skip


SENTENCES = [  # newest first
    ("activity", "浏览了苹果", "Looked at 苹果"),
    ("benefit", "申请权益", "Applied for a benefit"),
    ("points", "40积分到期", "40 points expired"),
    ("consent", "同意个性化推荐", "Agreed to personal recommendations"),
    ("consent", "同意营销信息（短信）", "Agreed to marketing messages by SMS"),
    ("message", "收到短信消息", "Was sent a message by SMS"),
    ("coupon", "优惠券退回，可再次使用", "A coupon is good again"),
    ("coupon", "收到优惠券（减20%）", "Got a coupon of 20 %"),
    ("coupon", "收到优惠券", "Got a coupon"),
    ("tier", "等级由普通会员变为银卡", "Tier changed from regular to silver"),
    ("growth", "推荐的好友完成首单", "A friend brought along has bought"),
    ("growth", "获得勋章：early-bird", "Earned a badge: early-bird"),
    ("points", "获得3积分", "Earned 3 points"),
    ("growth", "签到，成长值+5", "+5 growth for checking in"),
    ("points", "转赠7积分", "Gave 7 points away"),
    ("points", "使用100积分", "Spent 100 points"),
    ("refund", "退款10.00元", "10.00 yuan given back"),
    ("points", "因退货收回10积分", "10 points taken back with a return"),
    ("purchase", "在一店购买1种商品，实付25.00元", "Bought 1 item at 一店 for 25.00 yuan"),
    ("points", "获得25积分", "Earned 25 points"),
    ("coupon", "使用优惠券", "Used a coupon"),
]


async def test_everything_that_happens_in_two_languages(profile: RunningApp) -> None:
    await profile.client.put("/v1/products/apple", json={"name": "苹果"})
    await profile.client.put("/v1/stores/store-1", json={"name": "一店"})
    await tell(profile, registered(1), registered(2), *facts())
    path = f"/v1/members/{ONE}/timeline"
    whole = (await get(profile, path))["data"]
    assert [(row["kind"], row["zh"], row["en"]) for row in whole] == SENTENCES
    other = (await get(profile, f"/v1/members/{TWO}/timeline"))["data"]
    assert [row["en"] for row in other] == [
        "2 points expired", "Brought by a friend, and bought", "+20 growth for sharing",
        "Was given 7 points",
    ]  # fmt: skip
    points = (await get(profile, f"{path}?kind=points"))["data"]
    assert [row["points"] for row in points] == [-40, 3, -7, -100, -10, 25]
    assert points == [row for row in whole if row["kind"] == "points"]
    assert sum(row["points"] for row in points) == -129
    some = (await get(profile, f"{path}?kind=tier,coupon,refund"))["data"]
    assert some == [row for row in whole if row["kind"] in ("tier", "coupon", "refund")]
    until = (NOON + timedelta(hours=7)).isoformat()
    for since, found in ((NOON + timedelta(hours=4), 4), (NOON + timedelta(hours=7), 0)):
        query = {"since": since.isoformat(), "until": until, "limit": "2"}
        got = await pages(profile, path, query)
        assert got == [row for row in whole if since <= moment(row) < NOON + timedelta(hours=7)]
        assert len(got) == found
    await tell(profile, *(each for each in facts() if "gained" not in each.subject
                          and "expired" not in each.subject))  # fmt: skip
    assert len((await get(profile, path))["data"]) == len(SENTENCES) + 1  # a referral has no id


def moment(row: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(row["at"])


async def pages(app: RunningApp, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
    """All pages, one after the other."""
    found, cursor = [], None
    while True:
        more: dict[str, str] = {"cursor": cursor} if cursor else {}
        answer = await app.client.get(path, params=query | more)
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        if not (cursor := answer.json()["next_cursor"]):
            return found


async def test_pages_of_what_happens_at_once(profile: RunningApp) -> None:
    """Three and more at the same moment, of two ids that are one person's."""
    at = [NOON + timedelta(minutes=n // 3) for n in range(12)]
    await tell(
        profile,
        registered(1),
        registered(2),
        OrdersRecorded([order(f"o-{n}", member(1 + n % 2), at=at[n]) for n in range(6)]),
        batch(*(activity(f"m-{n}", member_id=member(1 + n % 2), at=at[n]) for n in range(6, 12))),
        GrowthGained([(member(1 + n % 2), "check_in", 5, 5) for n in range(6)], at[0]),
        MembersMerged(UUID(int=9), ONE, TWO, at[3], "phone:1"),
    )
    path = f"/v1/members/{ONE}/timeline"
    whole = (await get(profile, path))["data"]
    assert len(whole) == 6 * 2 + 6 + 6 * 2 + 1
    assert all(moment(a) >= moment(b) for a, b in pairwise(whole))
    for limit in ("1", "4", "7"):
        assert await pages(profile, path, {"limit": limit}) == whole


async def items(world: World, who: UUID, **asked: Any) -> list[TimelineItem]:
    part = use_cases.part_of(None, asked.get("kind"), None, None)
    async with world.db.transaction(readonly=True) as tx:
        return (await use_cases.timeline(tx, who, part, 200)).data


async def hear(world: World, *events: Event) -> None:
    for event in events:
        async with world.db.transaction() as tx:
            await use_cases.record(tx, world.ids, [event])


async def test_it_goes_along_with_merges_and_splits_and_ends_with_the_member(world: World) -> None:
    for number in (1, 2, 3):
        await world.register(number)
    await hear(world, *(event for event in facts() if type(event) in READERS))
    await world.record(order("o-9", TWO, at=NOON))
    mine, others = await items(world, ONE), await items(world, TWO)
    await world.link(TWO, ONE, NOON + days(2))
    await hear(world, MembersMerged(UUID(int=9), ONE, TWO, NOON + days(2), "phone:1"))
    both = await items(world, TWO)
    assert both == await items(world, ONE)
    assert [each.name for each in both if each.kind == "identity"] == ["merged"]
    assert len(both) == len(mine) + len(others) + 1
    await hear(world, PointsBurnt(ONE, 5, NOON + days(3), UUID(int=77)))
    split = MembersSplit(UUID(int=9), ONE, TWO, [TWO], [], [], NOON + days(2), NOON + days(4))
    await world.split(ONE, TWO, NOON + days(4))
    await hear(world, split)
    after = await items(world, TWO)
    assert after[1:] == others  # exactly what was its own
    assert (after[0].zh, after[0].en) == (
        "撤销2017-03-17的合并", "The merge of 2017-03-17 was taken back",
    )  # fmt: skip
    assert [each.name for each in (await items(world, ONE))[:3]] == ["split", "burnt", "merged"]
    assert (await items(world, ONE))[3:] == mine
    async with world.db.transaction() as tx:
        await rights.erase(tx, [ONE])
    left = "SELECT count(*) FROM happening JOIN subject ON subject.id = subject_id"
    assert await world.value(f"{left} WHERE member_id <> $1", TWO) == 0
    assert await world.value("SELECT count(*) FROM happening") == len(after) - 2  # two are orders'


async def test_facts_that_come_together_are_one_statement(world: World) -> None:
    """5,000 members' points expire in one event; told again under another name, it is a new one."""
    crowd = [UUID(int=1000 + n) for n in range(5_000)]
    await hear(world, PointsExpired(date(2017, 4, 1), [(each, 1) for each in crowd]))
    assert await world.value("SELECT count(*) FROM happening") == 5_000
    at = await world.value("SELECT max(at) FROM happening")
    assert at == datetime(2017, 4, 1, tzinfo=PROGRAM_ZONE).astimezone(UTC)


def test_kinds_of_contract_and_service_are_the_same() -> None:
    assert set(KINDS) == set(get_args(Kind))
    assert set(READERS) <= set(all_events())


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_each_kind_can_be_asked_for_alone(world: World, kind: str) -> None:
    await world.register(1)
    assert await items(world, ONE, kind=kind) == []
