"""Audiences by segment, tier and joining; picked at midnight or as members enter."""

from typing import Any
from uuid import UUID

import pytest
from services.campaign.tests.world import DESK, World, at

from campaign_service.audiences import use_cases as audiences
from campaign_service.campaigns.planning import plan
from campaign_service.campaigns.rules import PLAYBOOKS
from campaign_service.decisions import subscribers as decisions
from campaign_service.decisions import use_cases as decision_cases
from chassis.problem import Problem
from contracts.base import Money
from contracts.campaign.offers import PercentOffer
from contracts.campaign.plans import CampaignRequest, Scenario
from contracts.events import TierChanged
from contracts.segments import SegmentEntered, SegmentLeft

FRESH, SLEEPING = UUID(int=101), UUID(int=102)
ON_ENTERED, ON_TIER = (each.handler for each in decisions.subscriptions(DESK))


async def enter(world: World, segment: UUID, day: str, *members: int, version: int = 1) -> None:
    ids = [UUID(int=n) for n in members]
    await world.hear([SegmentEntered(segment, version, ids, at(day))], ON_ENTERED)


async def leave(world: World, segment: UUID, day: str, *members: int, version: int = 2) -> None:
    ids = [UUID(int=n) for n in members]
    await world.hear([SegmentLeft(segment, version, ids, at(day))], audiences.leave)


async def tier(world: World, day: str, name: str, *members: int) -> None:
    news = [TierChanged(UUID(int=n), name, "base", "order", at(day)) for n in members]
    await world.hear(news, ON_TIER)


async def written_to(world: World) -> list[int]:
    return [member for member, _ in await world.messages()]


def by(**audience: object) -> dict[str, Any]:
    return {"audience": audience}


async def test_members_of_all_segments_and_of_none_that_keeps_out(world: World) -> None:
    await world.launched(**by(segments=[FRESH], not_in=[SLEEPING]))
    await world.members(1, 2, 3)
    await enter(world, FRESH, "2017-03-30", 1, 2)
    await enter(world, SLEEPING, "2017-03-30", 2)
    await world.day("2017-04-01")
    assert await written_to(world) == [1]
    await leave(world, SLEEPING, "2017-04-01", 2)
    await world.day("2017-04-02")
    assert await written_to(world) == [1, 2]


async def test_once_an_entry_and_again_after_the_next(world: World) -> None:
    await world.launched(**by(segments=[FRESH]))
    await world.members(1)
    await enter(world, FRESH, "2017-03-30", 1)
    await world.days("2017-04-01", 3)
    assert await written_to(world) == [1]
    await leave(world, FRESH, "2017-04-04", 1)
    await world.day("2017-04-05")
    await enter(world, FRESH, "2017-04-06", 1, version=3)
    await enter(world, FRESH, "2017-04-06", 1, version=3)  # told again
    await leave(world, FRESH, "2017-04-04", 1)  # told again, late
    await world.days("2017-04-07", 2)
    assert await written_to(world) == [1, 1]


async def test_who_enters_is_decided_about_at_once(world: World) -> None:
    campaign_id = await world.launched(**by(segments=[FRESH]), trigger="entered")
    await world.members(1, 2)
    await enter(world, FRESH, "2017-04-01 12:00", 1)
    await world.release("2017-04-01 12:00")
    assert (await world.report(campaign_id)).targeted == 1
    await world.midnight("2017-04-02")
    assert (await world.report(campaign_id)).targeted == 1
    await enter(world, SLEEPING, "2017-04-02 12:00", 2)
    assert (await world.report(campaign_id)).targeted == 1


async def test_paused_campaigns_wait_for_nobody(world: World) -> None:
    campaign_id = await world.launched(
        **by(segments=[FRESH]), trigger="entered", schedule={"ends_on": "2016-01-01"}
    )
    await world.members(1)
    await enter(world, FRESH, "2017-04-01 12:00", 1)
    assert (await world.report(campaign_id)).targeted == 0


async def test_merged_members_are_where_one_of_them_was(world: World) -> None:
    await world.launched(**by(segments=[FRESH]))
    await world.members(1, 2)
    await enter(world, FRESH, "2017-03-30", 1)
    await world.day("2017-04-01")
    await world.merge((1, 2))
    await world.day("2017-04-02")
    assert await written_to(world) == [1]  # the person has had it
    await leave(world, FRESH, "2017-04-02", 2)
    await enter(world, FRESH, "2017-04-03", 1, version=3)  # told of an id that is another now
    await world.day("2017-04-04")
    assert await written_to(world) == [1, 2]


async def test_a_tier_and_who_rises_into_it(world: World) -> None:
    await world.launched(**by(tiers=["gold", "diamond"]))
    await world.members(1, 2)
    await tier(world, "2017-03-30", "gold", 1)
    await tier(world, "2017-03-30", "silver", 2)
    await world.day("2017-04-01")
    assert await written_to(world) == [1]
    await tier(world, "2017-04-02", "gold", 2)
    await tier(world, "2017-03-29", "base", 2)  # late news
    await world.day("2017-04-03")
    assert await written_to(world) == [1, 2]


@pytest.mark.parametrize("merged_first", [True, False])
async def test_a_tier_comes_back_with_a_split(world: World, merged_first: bool) -> None:
    await world.members(1, 2)
    await tier(world, "2017-03-01", "silver", 2)
    if merged_first:
        await world.merge((1, 2))
    await tier(world, "2017-03-02", "gold", 1)
    if not merged_first:
        await world.merge((1, 2))
    await world.split(2, 1)
    async with world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT member_id, tier FROM member ORDER BY member_id")
    assert [(row["member_id"].int, row["tier"]) for row in rows] == [(1, "gold"), (2, "silver")]


async def test_who_joined_and_has_not_bought(world: World) -> None:
    await world.launched(scenario=Scenario.NEW_MEMBER)
    await world.members(1, 2)
    await world.order(2, "2017-01-02")
    await world.midnight("2017-01-03")
    assert not await written_to(world)
    await world.days("2017-01-05", 2)
    assert await written_to(world) == [1]


async def test_everybody_once(world: World) -> None:
    await world.launched(scenario=Scenario.FESTIVAL)
    await world.members(1, 2)
    await world.days("2017-04-01", 3)
    assert sorted(await written_to(world)) == [1, 2]


async def test_the_reason_is_told(world: World) -> None:
    await world.launched("by segment", **by(segments=[FRESH]))
    await world.launched("by tier", **by(tiers=["gold"]))
    await world.launched("joined", scenario=Scenario.NEW_MEMBER)
    await world.launched("all", scenario=Scenario.FESTIVAL)
    await world.members(1)
    await enter(world, FRESH, "2017-03-30", 1)
    await tier(world, "2017-03-29", "gold", 1)
    await world.midnight("2017-04-01")
    async with world.db.transaction(readonly=True) as tx:
        page = await decision_cases.explain(tx, UUID(int=1), None, 10)
    words = {each.campaign: each.checks[0].en for each in page.data}
    assert "entered the campaign's segments on 2017-03-30" in words["by segment"]
    assert words["by tier"] == "in the audience: tier gold"
    assert words["joined"] == "in the audience: joined on 2017-01-01, has not bought yet"
    assert words["all"] == "in the audience"
    assert all(check.zh for each in page.data for check in each.checks)


async def test_a_plan_without_its_audience_is_refused(world: World) -> None:
    with pytest.raises(Problem) as refused:
        await world.launched(scenario=Scenario.WIN_BACK)
    assert (refused.value.status, refused.value.code) == (422, "audience_needed")


def test_the_scenarios_texts_may_be_sent() -> None:
    assert set(PLAYBOOKS) == set(Scenario)
    for scenario in sorted(set(Scenario) - {Scenario.WIN_BACK}):
        plan(
            CampaignRequest(
                name="x",
                scenario=scenario,
                offer=PercentOffer(percent_off=10, valid_days=7),
                budget=Money(amount=1),
            )
        )
