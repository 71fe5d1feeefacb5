"""Offers: what they are called, what coupon they promise, what a plan may say of them."""

from typing import Any

import pytest
from pydantic import TypeAdapter
from services.campaign.tests.world import World

from campaign_service.campaigns.domain import Action
from campaign_service.campaigns.offers import promise, said
from chassis.problem import Problem
from contracts.base import Money
from contracts.campaign.budgets import BudgetReleased, BudgetRequested, PointsOffered
from contracts.campaign.offers import Offer, worst_fen
from contracts.campaign.plans import MessageText
from contracts.events import CouponOffered, MessageRequested

OFFER: TypeAdapter[Any] = TypeAdapter(Offer)
MESSAGE_FEN = 5  # of the tests' policy
YUAN_50, YUAN_200 = {"amount": 5_000}, {"amount": 20_000}
PERCENT = {"percent_off": 15, "valid_days": 7}
CASH = {"kind": "cash_off", "off": YUAN_50, "threshold": YUAN_200, "valid_days": 7}
GIFT = {"kind": "gift", "sku": "tea", "quantity": 2, "worth": {"amount": 990}, "valid_days": 7}
DELIVERY = {"kind": "free_delivery", "most": {"amount": 1_250}, "valid_days": 7}


@pytest.mark.parametrize(
    ("offer", "zh", "en", "worst"),
    [
        (PERCENT, "8.5折", "15% off", 0),
        ({**PERCENT, "max_off": YUAN_50}, "8.5折", "15% off", 5_000),
        (CASH, "满200元减50元", "¥50 off from ¥200", 5_000),
        ({**CASH, "threshold": None}, "减50元", "¥50 off", 5_000),
        (GIFT, "赠礼", "a gift", 1_980),
        ({**GIFT, "threshold": YUAN_200}, "满200元赠礼", "a gift from ¥200", 1_980),
        (DELIVERY, "免运费", "free delivery", 1_250),
        ({"kind": "none"}, "", "", 0),
        ({"kind": "points", "points": 99}, "99积分", "99 points", 198),
    ],
)
def test_an_offer_has_words_and_a_price(offer: Any, zh: str, en: str, worst: int) -> None:
    made = OFFER.validate_python(offer)
    assert (said(made, "zh"), said(made, "en"), worst_fen(made, 50)) == (zh, en, worst)


def test_points_is_promised_what_the_plan_says() -> None:
    cash = promise(OFFER.validate_python({**CASH, "scope": {"departments": ["fresh"]}}))
    assert (cash.effect, cash.value, cash.threshold_fen) == ("cash_off", 5_000, 20_000)
    assert (cash.departments, cash.zh) == (["fresh"], "满200元减50元")
    gift = promise(OFFER.validate_python(GIFT))
    assert (gift.effect, gift.value, gift.gift_sku) == ("gift", 2, "tea")
    free = promise(OFFER.validate_python(DELIVERY))
    assert (free.effect, free.value) == ("free_delivery", 1_250)


async def test_the_message_names_the_offer_and_the_coupon_keeps_it(world: World) -> None:
    await world.launched(offer=OFFER.validate_python(CASH))
    await world.members(1)
    await world.order(1, "2017-03-01 10:00")
    await world.day("2017-04-01")
    [coupon] = await world.told(CouponOffered)
    [message] = await world.told(MessageRequested)
    assert (coupon.percent_off, coupon.promise.value) == (0, 5_000)
    assert f"送您满200元减50元券{coupon.code}" in message.text


async def test_the_money_is_set_aside_before_anybody_is_contacted(world: World) -> None:
    body = {"offer": OFFER.validate_python(CASH), "budget": Money(amount=50_099)}
    campaign_id = await world.planned(**body)
    for action, actor in ((Action.SUBMIT, "ann"), (Action.APPROVE, "bob")):
        await world.step(campaign_id, action, actor)
    [asked] = await world.told(BudgetRequested)
    assert (asked.contacts, asked.each_fen, asked.promise.value) == (10, 5_000, 5_000)
    for reason in (None, "programme_limit"):  # not answered yet; refused
        with pytest.raises(Problem) as refused:
            await world.step(campaign_id, Action.LAUNCH)
        assert (refused.value.status, refused.value.code) == (409, "budget_not_reserved")
        await world.reserve(reason or "programme_limit")
    await world.step(campaign_id, Action.REJECT, "bob")
    for action, actor in ((Action.SUBMIT, "ann"), (Action.APPROVE, "bob")):
        await world.step(campaign_id, action, actor)
    await world.reserve()
    await world.step(campaign_id, Action.LAUNCH)
    assert len(await world.told(BudgetRequested)) == 2
    assert await world.told(BudgetReleased) == []  # what was refused need not be given back


async def test_messages_and_offers_stay_within_one_budget(world: World) -> None:
    budget = Money(amount=2 * (5_000 + MESSAGE_FEN) + 5_004)
    campaign_id = await world.launched(offer=OFFER.validate_python(CASH), budget=budget)
    await world.members(*range(1, 6))
    for number in range(1, 6):
        await world.order(number, "2017-03-01 10:00")
    await world.day("2017-04-01")
    assert len(await world.told(CouponOffered)) == 2
    await world.step(campaign_id, Action.PAUSE)
    assert await world.told(BudgetReleased) == []
    await world.step(campaign_id, Action.FINISH)
    [released] = await world.told(BudgetReleased)
    [asked] = await world.told(BudgetRequested)
    assert (released.reservation_id, released.offered) == (asked.reservation_id, 2)


async def test_points_are_given_with_the_message(world: World) -> None:
    texts = MessageText(zh="{name}，送您{points}积分。拒收请回复R", en="{points}. opt out: R")
    await world.launched(
        offer=OFFER.validate_python({"kind": "points", "points": 300}), template=texts
    )
    await world.members(1, 2)
    for number in (1, 2):
        await world.order(number, "2017-03-01 10:00")
    await world.day("2017-04-01")
    [offered] = await world.told(PointsOffered)
    messages = await world.told(MessageRequested)
    assert sorted(offered.grants) == sorted((m.delivery_id, m.member_id) for m in messages)
    assert (offered.points, messages[0].text) == (300, "{name}，送您300积分。拒收请回复R")


async def test_without_an_offer_there_is_no_coupon(world: World) -> None:
    texts = MessageText(zh="{name}，新店开业。拒收请回复R", en="{name}, we open. opt out: R")
    await world.launched(offer=OFFER.validate_python({"kind": "none"}), template=texts)
    await world.members(1)
    await world.order(1, "2017-03-01 10:00")
    await world.day("2017-04-01")
    [message] = await world.told(MessageRequested)
    assert (await world.told(CouponOffered), message.text) == ([], "{name}，新店开业。拒收请回复R")


async def test_a_text_names_only_what_there_is(world: World) -> None:
    with pytest.raises(Problem) as refused:
        await world.launched(offer=OFFER.validate_python({"kind": "none"}))
    assert [error.pointer for error in refused.value.errors] == ["/template/zh", "/template/en"]
    with pytest.raises(Problem) as refused:
        await world.launched(channels=["sms", "wechat", "sms"])
    pointers = sorted(error.pointer for error in refused.value.errors)
    assert pointers == ["/channels/1", "/channels/2"]
