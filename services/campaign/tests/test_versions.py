"""Plans are worded anew, read before they are approved, spoken about and copied; the calendar."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.campaign.tests.world import OFFICE, World

from campaign_service.calendar import domain
from campaign_service.calendar.domain import Slot
from campaign_service.calendar.use_cases import calendar
from campaign_service.campaigns import use_cases as campaigns
from campaign_service.campaigns.domain import Action
from campaign_service.campaigns.use_cases import Move
from chassis.problem import Problem
from contracts.base import Money
from contracts.campaign.offers import PercentOffer
from contracts.campaign.plans import Audience, CampaignRequest, Scenario, Schedule


def body(name: str, percent_off: int) -> CampaignRequest:
    offer = PercentOffer(percent_off=percent_off, valid_days=7)
    budget = Money(amount=1_000)
    return CampaignRequest(name=name, scenario=Scenario.REPURCHASE, offer=offer, budget=budget)


async def revise(world: World, campaign_id: UUID, actor: str, percent_off: int) -> int:
    async with world.db.transaction() as tx:
        request = body("spring", percent_off)
        return (await campaigns.revise(tx, OFFICE, actor, campaign_id, request)).plan_version


async def approve(world: World, campaign_id: UUID, actor: str, read: int | None) -> None:
    async with world.db.transaction() as tx:
        move = Move(Action.APPROVE, actor, plan_version=read)
        await campaigns.advance(tx, OFFICE, campaign_id, move)


async def refused(world: World, campaign_id: UUID, actor: str, read: int | None) -> str:
    with pytest.raises(Problem) as problem:
        await approve(world, campaign_id, actor, read)
    return problem.value.code


async def test_who_approves_has_read_the_plan_as_it_is(world: World) -> None:
    campaign_id = await world.planned()
    await world.step(campaign_id, Action.SUBMIT)
    with pytest.raises(Problem) as problem:  # handed in, it is not rewritten
        await revise(world, campaign_id, "ann", 30)
    assert problem.value.code == "wrong_step"
    await world.step(campaign_id, Action.REJECT, "bob")
    assert await revise(world, campaign_id, "cui", 30) == 2
    await world.step(campaign_id, Action.SUBMIT)
    assert await refused(world, campaign_id, "bob", None) == "other_version"
    assert await refused(world, campaign_id, "bob", 1) == "other_version"
    assert await refused(world, campaign_id, "cui", 2) == "own_campaign"  # wrote it last
    await approve(world, campaign_id, "bob", 2)
    async with world.db.transaction(readonly=True) as tx:
        found = (await campaigns.versions(tx, campaign_id)).data
        shown = await campaigns.show(tx, campaign_id)
    assert [(each.plan_version, each.author) for each in found] == [(2, "cui"), (1, "ann")]
    assert [getattr(each.offer, "percent_off", 0) for each in found] == [30, 20]
    assert [step.action for step in shown.steps] == [
        "plan", "submit", "reject", "revise", "submit", "approve",
    ]  # fmt: skip


async def test_a_plan_is_spoken_about_and_copied(world: World) -> None:
    campaign_id = await world.planned()
    async with world.db.transaction() as tx:
        await campaigns.comment(tx, "bob", campaign_id, "why not 10 %?")
        made = await campaigns.copy(tx, OFFICE, "cui", campaign_id, "autumn", dry_run=False)
    async with world.db.transaction(readonly=True) as tx:
        shown = await campaigns.show(tx, campaign_id)
    assert [(each.author, each.text) for each in shown.comments] == [("bob", "why not 10 %?")]
    assert (made.name, made.author, made.status) == ("autumn", "cui", "planned")
    assert (made.offer, made.content) == (shown.offer, shown.content)


async def test_the_calendar_shows_where_campaigns_meet_the_same_members(world: World) -> None:
    await world.members(1, 2, 3)
    for number in (1, 2):
        await world.order(number, "2017-03-01 10:00")
    march = Schedule(starts_on=date(2017, 3, 1), ends_on=date(2017, 3, 20))
    late = Schedule(starts_on=date(2017, 3, 15), ends_on=date(2017, 4, 5))
    one = await world.launched("one", schedule=march)
    two = await world.launched(
        "two", scenario=Scenario.FESTIVAL, audience=Audience(), schedule=late
    )
    await world.launched("three", audience=Audience(never_bought_days=3), schedule=march)
    async with world.db.transaction(readonly=True) as tx:
        found = await calendar(tx, date(2017, 3, 1), date(2017, 3, 31))
        with pytest.raises(Problem):
            await calendar(tx, date(2017, 3, 2), date(2017, 3, 1))
    assert {each.name: each.members for each in found.data} == {"one": 2, "two": 3, "three": 1}
    clash = found.clashes[0]
    assert {clash.campaign_id, clash.other_campaign_id} == {one, two}
    assert (clash.first_day, clash.last_day) == (date(2017, 3, 15), date(2017, 3, 20))
    assert (clash.members, clash.channels) == (2, ["sms"])
    assert [each.members for each in found.clashes] == [2, 1]


DAYS = [date(2017, 3, day) for day in range(1, 8)]
SLOTS = st.builds(
    lambda days, channels: Slot(UUID(int=1), tuple(sorted(channels)), min(days), max(days)),
    st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)),
    st.sets(st.sampled_from(["sms", "push", "call"]), min_size=1),
)


@given(st.lists(SLOTS, max_size=5), st.lists(st.sets(st.integers(0, 4)), max_size=30))
def test_meetings_are_what_counting_one_by_one_finds(
    slots: list[Slot], people: list[set[int]]
) -> None:
    masks: dict[int, int] = {}
    for inside in people:
        mask = sum(1 << place for place in inside)
        masks[mask] = masks.get(mask, 0) + 1
    found = {(m.one, m.other): m.members for m in domain.meetings(slots, masks)}
    for one in range(len(slots)):
        for other in range(one + 1, len(slots)):
            days = slots[one].first_day <= slots[other].last_day
            days = days and slots[other].first_day <= slots[one].last_day
            members = sum({one, other} <= inside for inside in people)
            assert found.get((one, other), 0) == (members if days else 0)
