"""What a campaign brought: the planted part is found, and without a draw nothing is claimed."""

from uuid import UUID

import pytest
from services.campaign.tests.world import World, at

from campaign_service.audiences import subscribers as audiences
from campaign_service.experiments.assigning import position
from campaign_service.measurement import subscribers as measurement
from campaign_service.measurement.incremental import Side, compare
from contracts.events import OrdersRecorded, RecordedOrder

MEMBERS = 600
SHARE = 0.4
SALT = "spring"


async def orders(world: World, day: str, members: list[int], fen: int) -> None:
    """One order of so much for each of these members."""
    told = [
        RecordedOrder(f"{day}-{n}", UUID(int=n), "s1", "pos", at(day), fen, 0, 0, [], [])
        for n in members
    ]
    await world.hear([OrdersRecorded(told)], audiences.on_orders, measurement.on_orders)


def held_out(number: int) -> bool:
    """Whether a member is in the control group of the campaign of this test."""
    return position(SALT, UUID(int=number)) < SHARE


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
    found = (await world.report(campaign_id)).incremental
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
    sides = {
        "treated": Side(treated, treated // 3, treated * 100, treated * 30_000),
        "control": Side(control, control // 3, control * 100, control * 30_000),
    }
    found = compare(sides, share)
    assert found.reason == reason and found.causal is (reason is None)
    assert (found.extra_revenue_fen is None) is (reason is not None)
    if found.return_rate:
        assert found.return_rate.estimate == pytest.approx(0, abs=0.01)
