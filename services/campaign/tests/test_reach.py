"""By which channels members may and can be written to, and what happens where one does not work."""

from typing import Any
from uuid import UUID

import pytest_asyncio
from services.campaign.tests.world import DESK, World, at

from campaign_service.decisions.domain import Ask
from campaign_service.decisions.use_cases import ask
from campaign_service.reach import use_cases as reach
from campaign_service.reach.domain import BITS, named
from campaign_service.templates.use_cases import ship
from contracts.campaign.decisions import Outcome
from contracts.campaign.plans import ContentRef, Scenario
from contracts.classification import Kind
from contracts.events import CouponOffered, MessageRequested
from contracts.gateway_events import SuppressionChanged
from contracts.points_events import TagsChanged

BOTH: dict[str, Any] = {"content": ContentRef(template="birthday"), "channels": ["wechat", "sms"]}


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def _templates(world: World) -> None:
    await ship(world.db)


async def bits(world: World, number: int) -> dict[str, Any]:
    async with world.db.transaction(readonly=True) as tx:
        row = await tx.fetchrow("SELECT * FROM contactable WHERE member_id = $1", UUID(int=number))
    return dict(row)


async def suppress(world: World, number: int, scope: str, *, listed: bool) -> None:
    told = SuppressionChanged(UUID(int=number), Kind.PHONE, scope, listed, at("2017-03-01"))
    await world.hear([told], reach.suppressions)


async def by(world: World) -> list[tuple[int, str]]:
    """(member, channel) of every message told."""
    return [(told.member_id.int, told.channel) for told in await world.told(MessageRequested)]


async def leave(world: World, moment: str) -> None:
    """What was held again, by the clock on the wall, leaves at this moment."""
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE delivery SET due_at = $1 WHERE status = 'held'", at(moment))
    await world.release(moment)


async def test_the_last_answer_counts_and_channels_are_apart(world: World) -> None:
    await world.members(1)
    await world.answers(True, "wechat", 1)
    await world.answers(False, "sms", 1)
    await world.answers(False, "sms", 1)
    assert named((await bits(world, 1))["agreed"]) == ["wechat"]
    await world.answers(True, "sms", 1)
    assert named((await bits(world, 1))["agreed"]) == ["sms", "wechat"]


async def test_a_list_of_suppressed_addresses_is_followed_both_ways(world: World) -> None:
    await world.members(1)
    await suppress(world, 1, "marketing", listed=True)
    await suppress(world, 1, "sms", listed=True)
    found = await bits(world, 1)
    assert (named(found["suppressed"]), named(found["barred"])) == (["sms", "call"], ["sms"])
    await suppress(world, 1, "marketing", listed=False)
    await suppress(world, 1, "sms", listed=False)
    found = await bits(world, 1)
    assert (found["suppressed"], found["barred"]) == (0, 0)


async def test_what_is_known_of_ids_that_are_one_counts_together(world: World) -> None:
    await world.launched(**BOTH)
    await world.members(1, 2)
    await world.agree(1, channel="wechat", kind=Kind.WECHAT_OPENID)
    await world.answers(True, "wechat", 2)
    await world.order(2, "2017-03-01")
    await world.merge((1, 2))  # the account that 2 can be reached by was 1's
    await world.day("2017-04-01")
    assert await by(world) == [(2, "wechat")]
    await world.split(2, 1)
    await world.order(2, "2017-05-01")
    await world.day("2017-06-01")
    assert await by(world) == [(2, "wechat"), (2, "sms")]


async def test_the_members_own_channel_comes_first_where_wanted(world: World) -> None:
    await world.launched(**BOTH, prefer_members_own=True)
    await world.members(1, 2)
    await world.agree(1, 2, channel="wechat", kind=Kind.WECHAT_OPENID)
    tags = [(UUID(int=1), 2, ["preferred_channel=pos"]), (UUID(int=1), 1, ["x"])]
    await world.hear([TagsChanged(tags)], reach.tags)
    for number in (1, 2):
        await world.order(number, "2017-03-01")
    await world.day("2017-04-01")
    assert sorted(await by(world)) == [(1, "sms"), (2, "wechat")]


async def test_a_channel_that_does_not_lead_there_hands_on_to_the_next(world: World) -> None:
    campaign_id = await world.launched(**BOTH)
    await world.agree(1, channel="wechat", kind=Kind.WECHAT_OPENID)
    await world.agree(1)
    await world.order(1, "2017-03-01")
    await world.day("2017-04-01")
    await world.answer("refused", "no_address")
    await world.answer("refused", "no_address")  # told again
    await leave(world, "2017-04-01 10:00")
    assert await by(world) == [(1, "wechat"), (1, "sms")]
    (coupon,) = await world.told(CouponOffered)
    assert coupon.code in (await world.told(MessageRequested))[-1].text, "the same coupon"
    await world.answer("refused", "suppressed")
    await leave(world, "2017-04-01 11:00")
    assert len(await by(world)) == 2, "there is no other channel"
    report = await world.report(campaign_id)
    assert (report.targeted, report.refused, report.cost_fen) == (1, 1, 0)
    assert (await bits(world, 1))["suppressed"] & BITS["sms"]


async def test_what_came_too_late_leaves_in_the_morning(world: World) -> None:
    await world.launched()
    await world.order(1, "2017-03-01")
    await world.day("2017-04-01")
    await world.answer("refused", "expired")
    await leave(world, "2017-04-02 09:00")
    assert len(await by(world)) == 2 and len(await world.codes()) == 1


async def test_a_text_without_its_values_is_not_said(world: World) -> None:
    content = ContentRef(template="points-expiry")
    campaign_id = await world.launched(
        scenario=Scenario.FESTIVAL, content=content, offer={"kind": "none"}
    )
    await world.members(1, 2)
    async with world.db.transaction() as tx:
        tx.now = at("2017-04-01 12:00")
        full = {"points": 300, "expires_on": "2017-04-30", "days": 30, "store": "一号店"}
        asks = [Ask(UUID(int=1), tx.now, full), Ask(UUID(int=2), tx.now, {})]
        found = await ask(tx, DESK, campaign_id, asks)
        rows = await tx.fetch(
            "SELECT v.checks -> -1 ->> 'check' AS last FROM contact_decision"
            " JOIN verdict_set v USING (verdict_set) ORDER BY member_id"
        )
    assert list(found.values()) == [Outcome.MESSAGE, Outcome.SKIPPED]
    assert [row["last"] for row in rows] == ["wording", "wording"]
