"""What triggers and journeys ask for: once an occasion and step, whoever asks and however often."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.campaign.tests.world import DESK, World, at

from campaign_service.campaigns.domain import Action
from campaign_service.decisions.domain import Ask
from campaign_service.decisions.use_cases import ask
from contracts.campaign.decisions import Outcome
from contracts.campaign.plans import Scenario

NOON = at("2017-04-01 12:00")


async def asked(
    world: World, campaign_id: UUID, *asks: tuple[int, datetime, str], **values: Any
) -> dict[int, Outcome]:
    """`ask` for (member, occasion, step), all with these values."""
    wanted = [Ask(UUID(int=n), occasion, values, step) for n, occasion, step in asks]
    async with world.db.transaction() as tx:
        tx.now = NOON
        found = await ask(tx, DESK, campaign_id, wanted)
    return {member.int: outcome for member, outcome in found.items()}


async def held(world: World) -> list[tuple[int, str, dict[str, Any]]]:
    async with world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT member_id, step, values FROM delivery ORDER BY seq")
    return [(row["member_id"].int, row["step"], row["values"]) for row in rows]


async def test_asked_for_again_it_is_the_same_contact(world: World) -> None:
    campaign_id = await world.launched(scenario=Scenario.FESTIVAL)
    await world.members(1, 2)
    wanted = [(1, NOON, ""), (2, NOON, ""), (3, NOON, "")]
    first = await asked(world, campaign_id, *wanted, store="s1", points=30)
    assert first == {1: Outcome.MESSAGE, 2: Outcome.MESSAGE, 3: Outcome.SKIPPED}
    again = await asked(world, campaign_id, *wanted, *wanted)
    assert again == first
    assert await held(world) == [
        (1, "", {"store": "s1", "points": 30}), (2, "", {"store": "s1", "points": 30}),
    ]  # fmt: skip


async def test_each_step_is_a_contact_of_its_own(world: World) -> None:
    campaign_id = await world.launched(scenario=Scenario.FESTIVAL)
    await world.members(1)
    assert await asked(world, campaign_id, (1, NOON, "hello")) == {1: Outcome.MESSAGE}
    assert await asked(world, campaign_id, (1, NOON, "more")) == {1: Outcome.SKIPPED}, "one a day"
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE delivery SET day = day - 1")
    assert await asked(world, campaign_id, (1, NOON, "more")) == {1: Outcome.MESSAGE}
    assert [step for _, step, _ in await held(world)] == ["hello", "more"]


async def test_an_absorbed_id_is_answered_for_its_survivor(world: World) -> None:
    campaign_id = await world.launched(scenario=Scenario.FESTIVAL)
    await world.members(1, 2)
    await world.merge((1, 2))
    assert await asked(world, campaign_id, (1, NOON, "")) == {1: Outcome.MESSAGE}
    assert [member for member, _, _ in await held(world)] == [2]


async def test_only_its_audience_and_only_while_it_runs(world: World) -> None:
    campaign_id = await world.launched()
    await world.members(1, 2)
    await world.order(1, "2017-03-01")
    wanted = [(1, NOON, ""), (2, NOON, "")]
    assert await asked(world, campaign_id, *wanted) == {1: Outcome.MESSAGE, 2: Outcome.SKIPPED}
    await world.step(campaign_id, Action.PAUSE)
    assert await asked(world, campaign_id, *wanted) == {}
