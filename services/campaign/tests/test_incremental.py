"""What a campaign brought: the planted part is found, and without a draw nothing is claimed."""

from uuid import UUID

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.campaign.tests.world import World, at

from campaign_service.audiences import subscribers as audiences
from campaign_service.experiments.assigning import position
from campaign_service.measurement import subscribers as measurement
from campaign_service.measurement import use_cases as reports
from campaign_service.measurement.comparing import Plan, best, compare, course, target
from campaign_service.measurement.domain import margins
from campaign_service.measurement.words import targeting_words
from contracts.campaign.reports import By, Figures
from contracts.events import OrderRefunded, OrdersRecorded, RecordedOrder

MEMBERS = 600
SHARE = 0.4
SALT = "spring"
TWO = Plan("control", {"control": 0.5, "treated": 0.5})


async def orders(
    world: World, day: str, members: list[int], fen: int, *, store: str = "s1"
) -> None:
    """One order of so much for each of these members, who may be written to."""
    await world.agree(*set(members) - world.willing)
    told = [
        RecordedOrder(f"{day}-{n}", UUID(int=n), store, "pos", at(day), fen, 0, 0, [], [])
        for n in members
    ]
    await world.hear([OrdersRecorded(told)], audiences.on_orders, measurement.on_orders)


async def refunded(world: World, *orders: tuple[str, int]) -> None:
    """(order, fen) given back; told twice."""
    told = [
        OrderRefunded(no, f"r-{no}", UUID(int=1), at("2017-04-20"), fen, 0, 0) for no, fen in orders
    ]
    await world.hear([*told, *told], measurement.on_refunds)


def held_out(number: int) -> bool:
    """Whether a member is in the control group of the campaign of this test."""
    return position(SALT, UUID(int=number)) < SHARE


def people(seed: int, each: int, *, effect: float = 0.0, known: float = 0.9) -> pl.DataFrame:
    """Two arms that spend as they did before, more or less; the treated so much more."""
    chance = np.random.default_rng(seed)
    before = chance.gamma(2, 5_000, 2 * each)
    treated = np.arange(2 * each) % 2 == 1
    spent = known * before + chance.normal(0, 2_000, 2 * each) + effect * treated
    return pl.DataFrame(
        {
            "unit": [str(n) for n in range(2 * each)],
            "variant": np.where(treated, "treated", "control"),
            "returned": (spent > 8_000).astype(int),
            "revenue": spent,
            "pre": before,
            "at": np.arange(2 * each, dtype=float),
        }
    )


@pytest.mark.parametrize("brings", [True, False])
async def test_a_report_says_what_was_brought(world: World, brings: bool) -> None:
    campaign_id = await world.launched(SALT, control_share=SHARE)
    everybody = range(1, MEMBERS + 1)
    await orders(world, "2017-03-01", list(everybody), 1000)
    await world.day("2017-04-01")
    own_will = [n for n in everybody if n % 5 == 0]
    brought = [n for n in everybody if n % 5 in {1, 2} and not held_out(n)] if brings else []
    await orders(world, "2017-04-05", own_will + brought, 2000)
    await world.midnight("2017-04-18")
    report = await world.report(campaign_id)
    found = report.incremental
    assert found.causal and found.reason is None
    assert found.control_members == sum(map(held_out, everybody))
    assert found.treated_members + found.control_members == MEMBERS
    rate = found.return_rate
    assert rate is not None and found.extra_revenue_fen is not None
    assert rate.low <= (0.4 if brings else 0.0) <= rate.high
    assert (rate.low > 0) is brings
    if brings:
        low, high = found.extra_revenue_low, found.extra_revenue_high
        assert low is not None and high is not None
        assert low <= len(brought) * 2000 <= high
        assert found.profit_fen == pytest.approx(
            found.extra_revenue_fen * 0.2 - report.cost_fen, abs=1
        )
        assert "活动有效" in found.zh and "more came back" in found.en
    else:
        assert "未显示有效果" in found.zh and "no effect shown" in found.en


async def test_members_kept_back_after_the_draw_stay_on_their_side(world: World) -> None:
    campaign_id = await world.launched(SALT, control_share=SHARE, budget={"amount": 500})
    everybody = list(range(1, MEMBERS + 1))
    await orders(world, "2017-03-01", everybody, 1000)
    await world.midnight("2017-04-01")  # money for a hundred messages
    await world.midnight("2017-04-18")
    report = await world.report(campaign_id)
    assert report.skipped > 100
    assert report.incremental.treated_members == MEMBERS - sum(map(held_out, everybody))
    assert report.incremental.causal


async def test_without_a_control_group_nothing_is_called_causal(world: World) -> None:
    campaign_id = await world.launched(control_share=0.0)
    await orders(world, "2017-03-01", list(range(1, 50)), 1000)
    await world.midnight("2017-04-01")
    await world.midnight("2017-04-18")
    found = (await world.report(campaign_id)).incremental
    assert (found.causal, found.reason, found.extra_revenue_fen) == (False, "no_control", None)
    assert "Not causal" in found.en and "不能作因果解释" in found.zh
    assert not any(word in found.en.lower() for word in ("uplift", "incremental"))


async def test_parts_add_up_and_each_store_is_compared_with_its_own(world: World) -> None:
    campaign_id = await world.launched(SALT, control_share=SHARE)
    everybody = list(range(1, MEMBERS + 1))
    await orders(world, "2017-02-27", everybody[::2], 500, store="s1")
    await orders(world, "2017-03-01", everybody[:400], 1000, store="s2")
    await orders(world, "2017-03-02", everybody[400:], 1000, store="s3")
    for day in ("2017-03-31", "2017-04-01"):
        await world.day(day)
    codes = await world.codes()
    for number, code in list(codes.items())[:40]:
        await world.order(number, "2017-04-03", 3_333, [code])
    for moment in ("before", "after"):
        whole = await world.report(campaign_id)
        for by in By:
            report = await world.report(campaign_id, by)
            parts = {part.key: part for part in report.parts}
            for name in Figures.model_fields.keys() - {"roi"}:
                told = getattr(whole, name)
                assert sum(getattr(part, name) for part in parts.values()) == told, (by, name)
                assert getattr(report, name) == told
            assert report.incremental.en == whole.incremental.en
            assert report.incremental.control_members == whole.incremental.control_members
            if by is By.STORE:
                assert {"s2": 400, "s3": 200}.items() <= {
                    key: part.targeted for key, part in parts.items()
                }.items()
                assert all(part.incremental for part in parts.values()) is (moment == "after")
            elif by is not By.VARIANT:
                assert not any(part.incremental for part in parts.values())
        assert whole.revenue_fen == 40 * 3_333 and whole.margin_fen == round(40 * 3_333 * 0.2)
        await world.midnight("2017-04-20")


@pytest.mark.parametrize("first", ["settle", "refund"])
async def test_what_was_given_back_was_not_earned(world: World, first: str) -> None:
    campaign_id = await world.launched(SALT, control_share=0.0)
    await orders(world, "2017-03-01", [1, 2], 1000)
    await world.day("2017-04-01")
    code = (await world.codes())[1]
    await world.order(1, "2017-04-05", 8_000, [code])
    await world.order(2, "2017-04-05", 500)
    back = ((f"o{world.orders - 1}", 3_000), (f"o{world.orders}", 500))
    if first == "refund":
        await refunded(world, *back)
    await world.midnight("2017-04-18")
    if first == "settle":
        await refunded(world, *back)
    await world.midnight("2017-04-19")
    report = await world.report(campaign_id)
    assert (report.redeemed, report.orders, report.revenue_fen) == (1, 1, 5_000)
    assert (report.treated.returned, report.treated.revenue_fen) == (1, 5_000)


async def test_a_coupon_that_is_given_back_is_not_used(world: World) -> None:
    campaign_id = await world.launched(SALT, control_share=0.0)
    await orders(world, "2017-03-01", [1], 1000)
    await world.day("2017-04-01")
    code = (await world.codes())[1]
    await world.order(1, "2017-04-05", 8_000, [code])
    number = f"o{world.orders}"
    gone = OrderRefunded(number, "r", UUID(int=1), at("2017-04-06"), 8_000, 0, 0, [code])
    await world.hear([gone], measurement.on_refunds)
    report = await world.report(campaign_id)
    assert (report.redeemed, report.orders, report.revenue_fen) == (0, 0, 0)


async def test_points_that_are_given_cost_what_they_are_worth(world: World) -> None:
    offer = {"kind": "points", "points": 500}
    texts = {
        "zh": "{name}，感谢您的支持，积分已到账。拒收请回复R",
        "en": "{name}, thank you: points are on their way. Reply R to opt out",
    }
    campaign_id = await world.launched(SALT, control_share=0.0, offer=offer, template=texts)
    await orders(world, "2017-03-01", [1, 2, 3], 1000)
    await world.day("2017-04-01")
    report = await world.report(campaign_id)
    assert (report.pending, report.points_cost_fen, report.coupon_cost_fen) == (3, 3 * 500, 0)
    await world.answer()
    report = await world.report(campaign_id)
    assert report.cost_fen == report.message_cost_fen + 1_500 and report.message_cost_fen == 15


@pytest.mark.parametrize(
    ("treated", "control", "share", "reason"),
    [
        (900, 100, 0.1, None),
        (900, 100, 0.3, "sample_ratio"),
        (900, 12, 0.01, "too_few"),
        (900, 0, 0.0, "no_control"),
    ],
)
def test_when_a_comparison_is_causal(
    treated: int, control: int, share: float, reason: str | None
) -> None:
    rows = people(1, 1_000)
    arms = {"treated": treated, "control": control}
    some = pl.concat(
        rows.filter(pl.col("variant") == arm).head(count) for arm, count in arms.items()
    )
    shares = {"control": share, "treated": 1 - share} if share else {}
    found = compare(some, Plan("control", shares))
    assert found.reason == reason and found.causal is (reason is None)


def test_who_had_bought_more_before_makes_no_control_group() -> None:
    rows = people(2, 1_000).filter((pl.col("variant") == "control") | (pl.col("pre") > 4_000))
    size = rows.filter(pl.col("variant") == "treated").height
    even = pl.concat([part.head(size) for part in rows.partition_by("variant")])
    assert compare(even, TWO).reason == "balance"


def test_what_was_usual_before_narrows_the_interval() -> None:
    found = compare(people(3, 2_000, effect=500), TWO)
    gap = best(found.revenue, "treated")
    assert gap is not None and gap["variance_reduction"] > 0.8
    assert gap["interval"][0] <= 500 <= gap["interval"][1] and gap["interval"][0] > 0


def test_planted_effects_are_inside_their_intervals_nineteen_times_of_twenty() -> None:
    inside = []
    for seed in range(60):
        gap = best(compare(people(seed, 200, effect=300), TWO).revenue, "treated")
        assert gap is not None
        inside.append(gap["interval"][0] <= 300 <= gap["interval"][1])
    assert np.mean(inside) >= 0.88


def test_a_look_stays_what_it_was_when_more_comes_in() -> None:
    """What could be concluded early depends on nothing that came later, and costs the rest."""
    rows = people(4, 600, effect=2_000)
    told = {}
    for turn in (1, 2, 5):
        plan = Plan("control", TWO.shares, looks=5, elapsed=turn / 5)
        found = course(compare(rows.head(rows.height * turn // 5), plan).revenue, "treated")
        assert found is not None and len(found["looks"]) == turn
        told[turn] = found["looks"]
    assert told[1][0]["bound"] == pytest.approx(4.877, abs=0.1)  # of Lan and DeMets, a fifth in
    for early, late in zip(told[2], told[5], strict=False):
        assert early["z"] == pytest.approx(late["z"])
        assert early["bound"] == pytest.approx(late["bound"], rel=0.1)
    assert told[5][-1]["bound"] == pytest.approx(2.03, abs=0.05) and told[5][-1]["decides"]


@pytest.mark.parametrize("where", ["new", "nowhere"])
def test_who_is_worth_contacting_is_learnt_from_halves(where: str) -> None:
    """Regulars buy anyway, newcomers because of the contact: only uplift tells them apart."""
    chance = np.random.default_rng(7)
    count = 6_000
    treated, days = chance.random(count) < 0.5, chance.uniform(0, 400, count)
    likely = 0.1 + 0.5 * (days > 200) + 0.3 * treated * (days < 100) * (where == "new")
    rows = pl.DataFrame(
        {
            "unit": [str(n) for n in range(count)],
            "variant": np.where(treated, "treated", "control"),
            "outcome": 5_000.0 * (chance.random(count) < likely),
            "pre": chance.gamma(2, 100, count),
            "member_days": days,
        }
    )
    reason, judged = target(rows, TWO, "treated")
    assert reason is None and judged is not None
    assert judged["better"] is (where == "new")
    zh, en = targeting_words(reason, judged)
    assert ("No gain over response model" in en) is (where == "nowhere") and zh
    assert target(rows.head(500), TWO, "treated") == ("too_few", None)
    assert target(rows, Plan("control", {}), "treated") == ("no_control", None)


async def test_targeting_is_asked_for_by_campaign(world: World) -> None:
    campaign_id = await world.launched(SALT, control_share=SHARE)
    await world.members(*range(1, 61))
    await orders(world, "2017-03-01", list(range(1, 61)), 1000)
    await world.day("2017-04-01")
    await world.midnight("2017-04-18")
    async with world.db.transaction(readonly=True) as tx:
        found = await reports.targeting(tx, campaign_id)
    assert (found.members, found.reason, found.better) == (60, "too_few", None)


@given(st.lists(st.integers(0, 10**9), max_size=40), st.floats(0, 100))
def test_margins_of_parts_add_up_to_the_fen(revenues: list[int], percent: float) -> None:
    made = margins(revenues, percent)
    assert sum(made) == round(sum(revenues) * percent / 100)
    assert all(abs(one - fen * percent / 100) <= 1 for one, fen in zip(made, revenues, strict=True))
