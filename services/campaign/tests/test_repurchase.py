"""The repurchase scenario on a real database: who is picked, when it leaves, what it brought."""

from collections.abc import Awaitable, Callable
from itertools import permutations
from uuid import UUID

import pytest
from services.campaign.tests.world import DESK, OUT, World, at

from campaign_service.campaigns.domain import Action
from campaign_service.decisions import use_cases as decisions
from campaign_service.deliveries import use_cases as deliveries
from chassis.database import Tx
from contracts.base import Money
from contracts.events import CouponOffered, MessageRequested


async def test_thirty_days_after_the_last_purchase_a_message_leaves_at_nine(world: World) -> None:
    campaign_id = await world.launched()
    await world.members(1, 2, 3)
    await world.order(1, "2017-03-01 10:00")
    await world.order(2, "2017-03-05 10:00")
    await world.midnight("2017-03-31")
    await world.midnight("2017-04-01")
    await world.release("2017-04-01 00:00")
    await world.release("2017-04-01 08:59")
    assert await world.messages() == []
    await world.release("2017-04-01 09:00")
    assert await world.messages() == [(1, at("2017-04-01 09:00"))]  # 2 is too early, 3 never bought
    report = await world.report(campaign_id)
    assert (report.targeted, report.pending, report.sent) == (1, 1, 0)


async def test_the_coupon_goes_out_with_the_message(world: World) -> None:
    await world.launched()
    await world.order(1, "2017-03-01")
    await world.day("2017-04-01")
    (coupon,) = await world.told(CouponOffered)
    (message,) = await world.told(MessageRequested)
    assert coupon.percent_off == 20
    assert (coupon.valid_from, coupon.valid_until) == (
        at("2017-04-01 09:00"),
        at("2017-04-15 09:00"),
    )
    assert coupon.code in message.text and "{name}" in message.text
    assert (message.channel, message.purpose) == ("sms", "marketing")


async def test_once_per_lapse(world: World) -> None:
    await world.launched()
    await world.order(1, "2017-03-01 10:00")
    await world.days("2017-03-30", 40)
    assert len(await world.messages()) == 1
    await world.order(1, "2017-05-10 10:00")
    await world.days("2017-05-11", 40)
    assert [hour for _, hour in await world.messages()] == [
        at("2017-04-01 09:00"), at("2017-06-10 09:00"),
    ]  # fmt: skip


async def test_one_message_a_day_across_campaigns(world: World) -> None:
    first, second = await world.launched("first"), await world.launched("second")
    await world.order(1, "2017-03-01")
    await world.day("2017-04-01")
    assert len(await world.messages()) == 1
    assert (await world.report(second)).skipped == 1
    await world.day("2017-04-02")
    assert [hour for _, hour in await world.messages()] == [
        at("2017-04-01 09:00"), at("2017-04-02 09:00"),
    ]  # fmt: skip
    assert (await world.report(first)).targeted == (await world.report(second)).targeted == 1
    assert (await world.report(second)).skipped == 0


async def test_running_a_midnight_again_changes_nothing(world: World) -> None:
    campaign_id = await world.launched()
    for number in range(1, 6):
        await world.order(number, "2017-03-01")
    for _ in range(3):
        await world.day("2017-04-01")
    assert len(await world.messages()) == len(await world.codes()) == 5
    assert (await world.report(campaign_id)).targeted == 5


async def test_a_crash_between_deciding_and_sending_neither_loses_nor_doubles(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = await world.launched()
    await world.order(1, "2017-03-01")

    async def crash(_tx: Tx) -> bool:
        raise ConnectionError

    async def flaky(use_case: str) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Tx, "flush", crash)
            with pytest.raises(ConnectionError):
                async with world.db.transaction() as tx:
                    if use_case == "decide":
                        await decisions.run_campaign(tx, campaign_id, DESK, at("2017-04-01"), 100)
                    else:
                        await deliveries.release(tx, OUT, at("2017-04-01 09:00"), 100)

    await flaky("decide")
    assert (await world.report(campaign_id)).targeted == 0
    await world.midnight("2017-04-01")
    await flaky("release")
    assert (await world.messages(), await world.codes()) == ([], {})
    await world.release("2017-04-01 09:00")
    await world.release("2017-04-01 09:01")
    assert len(await world.messages()) == len(await world.codes()) == 1


async def test_after_a_night_without_service_nothing_leaves_before_nine(world: World) -> None:
    await world.launched()
    await world.order(1, "2017-03-01")
    await world.midnight("2017-04-01")
    await world.release("2017-04-01 22:30")
    assert await world.messages() == []
    await world.release("2017-04-02 09:00")
    assert await world.messages() == [(1, at("2017-04-02 09:00"))]


async def test_control_group_is_decided_about_and_left_alone(world: World) -> None:
    campaign_id = await world.launched(control_share=0.5)
    for number in range(1, 101):
        await world.order(number, "2017-03-01")
    await world.day("2017-04-01")
    report = await world.report(campaign_id)
    assert report.targeted == 100
    assert report.held_out + report.pending == 100
    assert 30 < report.held_out < 70
    assert len(await world.messages()) == report.pending


async def test_budget_ends_the_sending(world: World) -> None:
    campaign_id = await world.launched(budget=Money(amount=12))
    for number in range(1, 6):
        await world.order(number, "2017-03-01")
    await world.day("2017-04-01")
    await world.answer()
    report = await world.report(campaign_id)
    assert (report.sent, report.skipped, report.cost_fen) == (2, 3, 10)


async def test_gateways_answer_counts_once(world: World) -> None:
    campaign_id = await world.launched()
    await world.order(1, "2017-03-01")
    await world.day("2017-04-01")
    await world.answer("refused", "no_consent")
    await world.answer("sent")
    report = await world.report(campaign_id)
    assert (report.sent, report.refused, report.cost_fen) == (0, 1, 0)


async def test_redemptions_bring_revenue_once(world: World) -> None:
    campaign_id = await world.launched()
    await world.order(1, "2017-03-01")
    await world.order(2, "2017-03-01")
    await world.day("2017-04-01")
    codes = await world.codes()
    await world.order(1, "2017-04-03", 5000, [codes[1], "SOMETHINGELSE"])
    await world.order(2, "2017-04-04", 7000, [codes[2]])
    await world.order(2, "2017-04-05", 900)
    report = await world.report(campaign_id)
    assert (report.redeemed, report.revenue_fen) == (2, 12_000)


async def test_both_arms_are_compared_over_fourteen_days(world: World) -> None:
    campaign_id = await world.launched()
    await world.order(1, "2017-03-01")
    await world.order(2, "2017-03-01")
    await world.day("2017-04-01")
    await world.order(1, "2017-04-10", 5000)
    await world.order(2, "2017-04-16", 7000)
    assert (await world.report(campaign_id)).treated.measured == 0
    await world.days("2017-04-15", 5)
    treated = (await world.report(campaign_id)).treated
    assert (treated.decided, treated.measured, treated.returned) == (2, 2, 1)
    assert (treated.revenue_fen, treated.return_rate) == (5000, 0.5)


async def test_paused_waits_and_finished_ends(world: World) -> None:
    campaign_id = await world.launched()
    await world.order(1, "2017-03-01")
    await world.order(2, "2017-03-04")
    await world.midnight("2017-04-01")
    await world.step(campaign_id, Action.PAUSE)
    await world.day("2017-04-02")
    assert await world.messages() == []
    await world.step(campaign_id, Action.LAUNCH)
    await world.release("2017-04-02 10:00")
    assert await world.messages() == [(1, at("2017-04-02 10:00"))]
    await world.midnight("2017-04-03")
    await world.step(campaign_id, Action.FINISH)
    await world.release("2017-04-03 09:00")
    assert len(await world.messages()) == 1
    report = await world.report(campaign_id)
    assert (report.targeted, report.pending, report.withdrawn) == (2, 1, 1)


async def test_absorbed_members_history_follows(world: World) -> None:
    campaign_id = await world.launched()
    await world.members(1, 2, 3)
    await world.order(1, "2017-03-01")
    await world.day("2017-04-01")
    await world.order(2, "2017-02-01")
    await world.merge((1, 2), (2, 3))
    await world.days("2017-04-02", 10)
    assert len(await world.messages()) == 1, "the lapse began with the later purchase"
    await world.order(1, "2017-04-20")  # points had not heard of the merge yet
    await world.days("2017-05-19", 5)
    assert [member for member, _ in await world.messages()] == [1, 3]
    report = await world.report(campaign_id)
    assert (report.members, report.targeted) == (1, 2)


async def test_two_held_messages_of_one_person_become_one(world: World) -> None:
    campaign_id = await world.launched()
    await world.order(1, "2017-03-01")
    await world.order(2, "2017-03-01 01:00")
    await world.midnight("2017-04-01")
    await world.merge((1, 2))
    await world.release("2017-04-01 09:00")
    assert [member for member, _ in await world.messages()] == [2]
    assert (await world.report(campaign_id)).withdrawn == 1


@pytest.mark.parametrize("merged_first", [True, False])
async def test_order_of_merge_and_orders_does_not_matter(world: World, merged_first: bool) -> None:
    campaign_id = await world.launched()
    await world.order(1, "2017-03-01")
    await world.order(2, "2017-03-01 02:00")
    await world.day("2017-04-01")
    if merged_first:
        await world.merge((1, 2))
    await world.order(1, "2017-04-02", 3000)
    await world.order(2, "2017-04-03", 4000)
    if not merged_first:
        await world.merge((1, 2))
    await world.days("2017-04-17", 2)
    treated = (await world.report(campaign_id)).treated
    assert (treated.decided, treated.returned, treated.revenue_fen) == (2, 2, 14_000)


async def test_a_schedule_limits_the_days(world: World) -> None:
    await world.launched(schedule={"starts_on": "2017-04-02", "ends_on": "2017-04-02"})
    await world.order(1, "2017-03-01")
    await world.day("2017-04-01")
    assert await world.messages() == []
    await world.day("2017-04-02")
    await world.order(2, "2017-03-02")
    await world.day("2017-04-03")
    assert [member for member, _ in await world.messages()] == [1]


async def test_codes_cannot_be_guessed(world: World) -> None:
    await world.launched()
    for number in range(1, 51):
        await world.order(number, "2017-03-01")
    await world.day("2017-04-01")
    codes = set((await world.codes()).values())
    assert len(codes) == 50
    assert {len(code) for code in codes} == {12}
    assert len({code[:4] for code in codes}) > 45
    assert UUID(int=1).hex not in "".join(codes)


async def test_whatever_order_the_news_come_in_members_end_the_same(world: World) -> None:
    news: list[Callable[[], Awaitable[None]]] = [
        lambda: world.members(1, 2),
        lambda: world.order(1, "2017-03-01"),
        lambda: world.order(2, "2017-03-05"),
        lambda: world.merge((1, 2)),
    ]
    ends = set()
    for order in permutations(news):
        async with world.db.transaction() as tx:
            await tx.execute("DELETE FROM member")
            await tx.execute("DELETE FROM member_alias")
            await tx.execute("DELETE FROM purchase")
        for happens in order:
            await happens()
        async with world.db.transaction(readonly=True) as tx:
            rows = await tx.fetch(
                "SELECT member_id, registered_at, language, last_order_at, orders FROM member"
                " UNION ALL"
                " SELECT absorbed_id, NULL, 'alias', NULL, 0 FROM member_alias ORDER BY 1"
            )
            bought = await tx.fetch("SELECT DISTINCT member_id FROM purchase")
        ends.add((tuple(map(tuple, rows)), tuple(map(tuple, bought))))
    (end,) = ends
    assert end == (
        (
            (UUID(int=1), None, "alias", None, 0),
            (UUID(int=2), at("2017-01-01"), "zh", at("2017-03-05"), 2),
        ),
        ((UUID(int=2),),),
    )
