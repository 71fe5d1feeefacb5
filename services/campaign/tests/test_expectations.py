"""What campaigns brought is learnt, drawn towards the mean, told, and decides who goes first."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.campaign.tests.world import World

from campaign_service.campaigns.domain import Action
from campaign_service.decisions import use_cases as decisions
from campaign_service.expectations import domain, repository
from campaign_service.expectations.domain import Effect
from campaign_service.expectations.use_cases import told
from contracts.campaign.plans import Audience, Scenario
from contracts.events import MessageRequested

KINDS = st.tuples(st.sampled_from(["repurchase", "festival"]), st.sampled_from(["percent", "gift"]))
EFFECTS = st.lists(
    st.builds(
        lambda kind, fen, error: Effect(UUID(int=1), kind[0], kind[1], fen, error, 100),
        KINDS, st.floats(-5_000, 5_000), st.floats(1, 2_000),
    ),
    max_size=12,
)  # fmt: skip


def effect(scenario: str, fen: float, error: float, number: int = 1) -> Effect:
    return Effect(UUID(int=number), scenario, "percent", fen, error, 1_000)


@given(EFFECTS, KINDS)
def test_an_expectation_lies_among_what_was_seen(past: list[Effect], kind: tuple[str, str]) -> None:
    found = domain.expect(past, *kind)
    if not past:
        assert found is None
        return
    assert found is not None
    seen = [each.fen for each in past]
    assert min(seen) - 1e-6 <= found.fen <= max(seen) + 1e-6
    assert found.low <= found.fen <= found.high
    assert found.campaigns == len(past)


def test_what_little_is_known_of_is_expected_to_be_like_the_others() -> None:
    others = [effect("festival", fen, 50, n) for n, fen in enumerate((100.0, 300.0, 500.0), 2)]
    unsure = domain.expect([*others, effect("repurchase", 5_000, 3_000)], "repurchase", "percent")
    sure = domain.expect([*others, effect("repurchase", 1_000, 10)], "repurchase", "percent")
    assert unsure is not None and sure is not None
    assert unsure.fen < 400 and 600 < sure.fen < 1_000  # one campaign is one campaign
    assert (sure.alike, sure.campaigns) == (1, 4)


def test_where_nothing_causal_is_known_that_is_said() -> None:
    nothing = told(None)
    assert (nothing.campaigns, nothing.revenue_fen) == (0, None)
    assert "no past campaign" in nothing.en and "无法预期" in nothing.zh
    assert "¥12.00 more a contact" in told(domain.Expectation(1200, 800, 1600, 3, 2, 900)).en


async def test_the_campaign_that_brings_more_has_the_members_contact_of_the_day(
    world: World,
) -> None:
    async with world.db.transaction() as tx:
        for number, (scenario, fen) in enumerate((("repurchase", 100.0), ("festival", 2_000.0))):
            old = await _old(world, f"old {number}", Scenario(scenario))
            await repository.put(tx, Effect(old, scenario, "percent", fen, 10.0, 1_000))
    first = await world.launched("first")
    better = await world.launched("better", scenario=Scenario.FESTIVAL, audience=Audience())
    await world.members(1)
    await world.order(1, "2017-03-01 10:00")
    await world.day("2017-04-01")
    [message] = await world.told(MessageRequested)
    assert message.campaign_id == better
    async with world.db.transaction(readonly=True) as tx:
        page = await decisions.explain(tx, UUID(int=1), None, 50)
    [lost] = [each for each in page.data if each.campaign_id == first]
    assert lost.outcome == "skipped" and lost.checks[-1].check == "caps"
    assert "“better” went first" in lost.checks[-1].en and "“better”在先" in lost.checks[-1].zh


async def _old(world: World, name: str, scenario: Scenario) -> UUID:
    campaign_id = await world.launched(name, scenario=scenario, audience=Audience())
    await world.step(campaign_id, Action.FINISH)
    return campaign_id


async def test_a_plan_says_what_it_is_expected_to_bring(world: World) -> None:
    campaign_id = await world.planned()
    async with world.db.transaction() as tx:
        await repository.put(tx, Effect(campaign_id, "repurchase", "percent", 500.0, 50.0, 1_000))
    await world.step(campaign_id, Action.SUBMIT)
    shown = await world.show(campaign_id)
    assert shown.expected is not None and shown.expected.revenue_fen == 500


async def test_what_was_measured_is_learnt(world: World) -> None:
    campaign_id = await world.launched("spring", control_share=0.5)
    numbers = range(1, 301)
    await world.members(*numbers)
    for number in numbers:
        await world.order(number, "2017-03-01 10:00", 1_000 + number)
    await world.day("2017-04-01")
    contacted = {member for member, _ in await world.messages()}
    for number in sorted(contacted):
        await world.order(number, "2017-04-03 10:00", 2_000 + number % 7)
    await world.midnight("2017-05-22")
    async with world.db.transaction(readonly=True) as tx:
        [learnt] = await repository.effects(tx)
    assert learnt.campaign_id == campaign_id and learnt.contacts == len(contacted)
    assert learnt.fen == pytest.approx(2_000, abs=100) and learnt.error > 0
