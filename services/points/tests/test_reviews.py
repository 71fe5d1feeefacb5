"""The monthly review: climbing, warnings, grace, soft landing, periods; pure and served."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop
from services.points.tests.test_merges import merge

from chassis.clock import midnight
from points_service.calendar import months_later
from points_service.members.domain import LONG_AGO, Member
from points_service.reviews.domain import judge, kept_until, next_review
from points_service.reviews.use_cases import review
from points_service.tiers.domain import Condition, Ladder, Rung
from points_service.tiers.rules.rule import Month

ANYBODY = UUID(int=1)
MARCH = date(2017, 3, 1)
RUNGS = (
    Rung("low", 100, ()),
    Rung("middle", 120, (Condition("growth", 500),)),
    Rung("high", 150, (Condition("growth", 1500), Condition("month_spend", 20_000))),
    Rung("top", 200, (Condition("growth", 3000), Condition("frequency", 4, 3))),
)
NAMES = [rung.name for rung in RUNGS]

ladders = st.builds(
    Ladder,
    st.just("L"),
    st.just("test"),
    st.just(RUNGS),
    qualification_months=st.sampled_from([0, 1, 12]),
    grace_days=st.sampled_from([0, 1, 30, 45]),
    soft_landing=st.booleans(),
)
growths = st.sampled_from([0, 499, 500, 1500, 2999, 3000])
months = st.dictionaries(
    st.integers(0, 6).map(lambda back: months_later(MARCH, -back)),
    st.builds(Month, st.integers(0, 3), st.sampled_from([0, 19_999, 20_000])),
    max_size=4,
)
tiers = st.sampled_from(NAMES)
members = st.builds(
    Member,
    st.just(ANYBODY),
    tiers,
    growth=growths,
    month=st.just(months_later(MARCH, -1)),
    month_fen=st.sampled_from([0, 20_000]),
    past=months,
    kept_since=st.sampled_from([LONG_AGO, date(2016, 5, 4), date(2017, 2, 20)]),
)


@given(ladders, members)
def test_climbing_never_lowers(ladder: Ladder, member: Member) -> None:
    higher = ladder.climb(member.tier, member.standing(MARCH))
    assert ladder.place(higher) >= ladder.place(member.tier)
    assert ladder.climb(higher, member.standing(MARCH)) == higher


@given(ladders, members)
def test_a_review_once_more_changes_nothing(ladder: Ladder, member: Member) -> None:
    after = judge(member, ladder, MARCH)
    assert judge(after.member, ladder, MARCH).member == after.member
    assert judge(after.member, ladder, MARCH).falls_to is None


@given(ladders, members, st.lists(st.sampled_from([0, 20_000]), min_size=14, max_size=14))
def test_nobody_falls_unwarned_too_early_too_far_or_within_a_period(
    ladder: Ladder, member: Member, spends: list[int]
) -> None:
    today = MARCH
    for fen in spends:
        before, verdict = member, judge(member, ladder, today)
        after = verdict.member
        steps = ladder.place(before.tier) - ladder.place(after.tier)
        earned = ladder.review(before.standing(months_later(today, -1)))
        if steps > 0:
            assert kept_until(ladder, before.kept_since) <= today
            assert not ladder.soft_landing or steps == 1
            assert ladder.place(after.tier) >= ladder.place(earned)
            if ladder.grace_days:
                assert before.warned_on and before.falls_on and before.falls_on <= today
                assert (today - before.warned_on).days >= ladder.grace_days
        elif steps < 0:
            assert after.tier == earned and after.warned_on is None
        if earned == after.tier:
            assert after.warned_on is None
        if verdict.falls_to:
            assert after.warned_on == today
            assert after.falls_on and (after.falls_on - today).days >= ladder.grace_days
            assert ladder.place(verdict.falls_to) < ladder.place(after.tier)
        member = after.with_spend(today, fen)
        today = months_later(today, 1)


@given(members)
def test_who_keeps_failing_is_at_last_where_the_conditions_lead(member: Member) -> None:
    ladder = Ladder("L", "test", RUNGS, grace_days=30, soft_landing=True)
    bottom = "middle" if member.growth >= 500 else "low"
    for month in range(12):
        member = judge(member, ladder, months_later(MARCH, month + 7)).member
    assert member.tier == bottom and member.warned_on is None


@pytest.mark.parametrize(
    ("since", "months", "until"),
    [
        (date(2017, 3, 1), 0, date(2017, 4, 1)),
        (date(2017, 3, 15), 0, date(2017, 4, 1)),
        (date(2017, 3, 15), 1, date(2017, 5, 1)),
        (date(2017, 3, 1), 12, date(2018, 3, 1)),
        (date(2017, 3, 15), 12, date(2018, 4, 1)),
    ],
)
def test_a_period_ends_with_a_review(since: date, months: int, until: date) -> None:
    assert kept_until(Ladder("L", "test", RUNGS, qualification_months=months), since) == until


def test_a_february_gives_a_month_more() -> None:
    """Nobody has less than the 30 days that were promised."""
    ladder = Ladder("L", "test", RUNGS, grace_days=30)
    member = Member(ANYBODY, "high", growth=1500)
    assert judge(member, ladder, date(2017, 1, 1)).member.falls_on == date(2017, 2, 1)
    assert judge(member, ladder, date(2017, 2, 1)).member.falls_on == date(2017, 4, 1)
    assert next_review(date(2017, 3, 3)) == date(2017, 4, 1)


def test_a_period_that_is_passed_begins_anew_and_a_failed_one_ends_with_a_warning() -> None:
    ladder = Ladder("L", "test", RUNGS, qualification_months=12, grace_days=30, soft_landing=True)
    member = Member(ANYBODY, "high", growth=1500, kept_since=date(2017, 1, 10))
    for month in range(2, 12):  # failed, but within the period
        assert judge(member, ladder, date(2017, month, 1)).member == member
    warned = judge(member, ladder, date(2018, 1, 1))
    assert (warned.falls_to, warned.member.falls_on) == ("middle", date(2018, 2, 1))
    saved = warned.member.with_spend(date(2018, 1, 1), 20_000)
    after = judge(saved, ladder, date(2018, 2, 1)).member
    assert (after.tier, after.warned_on, after.kept_since) == ("high", None, date(2018, 2, 1))
    fallen = judge(warned.member, ladder, date(2018, 2, 1)).member
    assert (fallen.tier, fallen.kept_since) == ("middle", date(2018, 2, 1))


# -- on a real server ------------------------------------------------------------------------------


async def tier(shop: Shop, member: UUID) -> dict[str, object]:
    return await shop.get(f"/v1/members/{member}/tier")


def at(day: date) -> datetime:
    return midnight(day)


async def test_a_warning_is_given_told_shown_and_forgotten(shop: Shop) -> None:
    shop.move(datetime(2017, 4, 10, tzinfo=UTC))
    await shop.tick()
    falls, saved = uuid4(), uuid4()
    for member in (falls, saved):
        await shop.buy(member, 1600)
    assert (await tier(shop, falls))["kept_until"] == "2017-05-01"
    shop.move(at(date(2017, 6, 1)))
    await shop.tick()
    for member in (falls, saved):
        found = await tier(shop, member)
        assert found["tier"] == "gold" and found["kept_until"] == "2017-07-01"
        assert found["title"] == {"zh": "金卡会员", "en": "Gold"}
        assert found["warning"] == {
            "warned_on": "2017-06-01",
            "falls_on": "2017-07-01",
            "falls_to": "silver",
            "missing": [{"kind": "month_spend", "at_least": 20000, "months": 0, "reached": 0}],
        }
    (told,) = await shop.events("points.tier_warned.v1")
    assert told["day"] == "2017-07-01"
    assert {tuple(row) for row in told["members"]} == {
        (str(member), "gold", "silver") for member in (falls, saved)
    }
    await shop.buy(saved, 200)
    found = await tier(shop, saved)
    warning = found["warning"]
    assert isinstance(warning, dict) and warning["missing"] == []
    shop.move(at(date(2017, 7, 1)))
    await shop.tick()
    found = await tier(shop, saved)
    assert (found["tier"], found["warning"]) == ("gold", None)
    found = await tier(shop, falls)
    assert (found["tier"], found["warning"]) == ("silver", None)
    assert found["warnings"] == [
        {"tier": "gold", "falls_to": "silver", "warned_on": "2017-06-01", "falls_on": "2017-07-01"}
    ]


async def test_who_climbs_or_is_merged_into_somebody_safe_is_warned_no_more(shop: Shop) -> None:
    shop.move(datetime(2017, 4, 10, tzinfo=UTC))
    await shop.tick()
    warned, safe, refunded = uuid4(), uuid4(), uuid4()
    for member in (warned, safe, refunded):
        await shop.buy(member, 1600)
    shop.move(at(date(2017, 5, 30)))
    await shop.tick()
    await shop.buy(safe, 300)
    shop.move(at(date(2017, 6, 2)))
    await shop.tick()
    assert (await tier(shop, warned))["warning"] is not None
    assert (await tier(shop, safe))["warning"] is None
    assert (await shop.refund("o2", "r")).status_code == 200  # falls at once: growth is gone
    found = await tier(shop, refunded)
    assert (found["tier"], found["warning"], found["kept_until"]) == ("regular", None, None)
    await merge(shop, (warned, safe))
    found = await tier(shop, warned)
    assert (found["tier"], found["warning"]) == ("gold", None)
    assert len(found["warnings"]) == 1  # type: ignore[arg-type]


async def test_a_jump_of_400_days_runs_every_review_in_order(shop: Shop) -> None:
    await shop.tick()
    member = uuid4()
    await shop.buy(member, 1600)
    shop.move(NOON + timedelta(days=400))
    await shop.tick()
    found = await tier(shop, member)
    history = [(s["previous"], s["tier"], s["changed_at"]) for s in found["history"]]  # type: ignore[attr-defined]
    assert history == [
        ("gold", "silver", "2017-05-31T16:00:00Z"),  # warned on 1 May
        ("regular", "gold", "2017-03-15T04:00:00Z"),
    ]
    moved = await shop.get("/v1/tiers/movements")
    assert moved["data"] == [
        {
            "month": "2017-03-01", "previous": "regular", "tier": "gold", "reason": "order",
            "members": 1,
        },
        {
            "month": "2017-06-01", "previous": "gold", "tier": "silver", "reason": "review",
            "members": 1,
        },
    ]  # fmt: skip
    assert moved["warned"] == [{"month": "2017-05-01", "tier": "gold", "members": 1}]
    later = await shop.get("/v1/tiers/movements?from=2017-04-01&to=2017-05-31")
    assert later["data"] == [] and len(later["warned"]) == 1
    shop.move(NOON)
    await shop.tick()
    assert (await tier(shop, member))["tier"] == "silver"


async def test_a_review_that_is_run_again_changes_nothing(shop: Shop) -> None:
    await shop.tick()
    members = [uuid4() for _ in range(3)]
    for member in members:
        await shop.buy(member, 1600)
    for month in (4, 5, 6):
        shop.move(at(date(2017, month, 1)))
        await review(shop.running.db, "A", shop.clock.now())
        before = [await tier(shop, member) for member in members]
        told = await shop.events("points.tier_changed.v1")
        await review(shop.running.db, "A", shop.clock.now())
        assert [await tier(shop, member) for member in members] == before
        assert await shop.events("points.tier_changed.v1") == told
    assert {found["tier"] for found in before} == {"silver"}
