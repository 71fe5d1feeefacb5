"""Experiments on campaigns: arms that stay, effects that were planted, stops that are allowed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from services.campaign.tests.world import World, at

from campaign_service.audiences import subscribers as audiences
from campaign_service.campaigns.domain import Action
from campaign_service.experiments import control
from campaign_service.experiments import jobs as experiment_jobs
from campaign_service.experiments import use_cases as experiments
from campaign_service.experiments.domain import learnt, leaves
from campaign_service.measurement import subscribers as measurement
from chassis.clock import PROGRAM_ZONE
from chassis.problem import Problem
from contracts.campaign import experiments as api
from contracts.campaign.reports import By, Figures
from contracts.events import CouponOffered, MessageRequested, OrdersRecorded, RecordedOrder

PEOPLE = range(1, 401)
ARMS: list[dict[str, Any]] = [
    {"name": "twenty"},
    {"name": "forty", "offer": {"kind": "percent", "percent_off": 40, "valid_days": 7}},
]


async def tried(world: World, campaign_id: UUID, **more: Any) -> UUID:
    """An experiment on it."""
    asked = {"name": "offers", "arms": ARMS, "planned_members": 400, "looks": 1, **more}
    body = api.ExperimentRequest(campaign_id=campaign_id, **asked)
    async with world.db.transaction() as tx:
        return (await experiments.plan(tx, "ann", body)).experiment_id


async def launch(world: World, campaign_id: UUID) -> None:
    await world.step(campaign_id, Action.SUBMIT, "ann")
    await world.step(campaign_id, Action.APPROVE, "bob")
    await world.reserve()
    await world.step(campaign_id, Action.LAUNCH, "ann")


async def bought(world: World, day: str, numbers: list[int], fen: int = 5_000) -> None:
    told = [
        RecordedOrder(f"{day}-{n}", UUID(int=n), "s1", "pos", at(day), fen, 0, 0, [], [])
        for n in numbers
    ]
    await world.agree(*numbers)
    await world.hear([OrdersRecorded(told)], audiences.on_orders, measurement.on_orders)


async def arms(world: World) -> dict[int, str]:
    async with world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT member_id, variant FROM experiment_member")
    return {row["member_id"].int: row["variant"] for row in rows}


async def report(world: World, experiment_id: UUID) -> api.ExperimentReport:
    async with world.db.transaction(readonly=True) as tx:
        return await experiments.report(tx, experiment_id)


async def stop(world: World, experiment_id: UUID, **body: Any) -> api.Experiment:
    async with world.db.transaction() as tx:
        return await experiments.stop(tx, experiment_id, "ann", api.StopRequest(**body))


async def test_each_arm_gets_its_offer_and_the_better_one_wins(world: World) -> None:
    campaign_id = await world.planned()
    experiment_id = await tried(world, campaign_id)
    await launch(world, campaign_id)
    await bought(world, "2017-03-01", list(PEOPLE))
    await world.day("2017-04-01")
    drawn = await arms(world)
    assert set(drawn) == set(PEOPLE) and 150 < list(drawn.values()).count("forty") < 250
    offered = {each.member_id.int: each.percent_off for each in await world.told(CouponOffered)}
    assert offered == {n: 40 if drawn[n] == "forty" else 20 for n in PEOPLE}
    with pytest.raises(Problem, match="not_decided"):
        await stop(world, experiment_id)
    own_will = [n for n in PEOPLE if n % 5 == 0]
    planted = [n for n in PEOPLE if n % 5 in (1, 2) and drawn[n] == "forty"]
    await bought(world, "2017-04-05", own_will + planted)
    await world.midnight("2017-04-18")
    found = await report(world, experiment_id)
    assert found.causal and found.decided and found.best == "forty"
    base, arm = found.arms
    assert base.return_rate is None and arm.return_rate is not None and arm.significant
    assert arm.return_rate.low <= 0.4 <= arm.return_rate.high
    assert base.members + arm.members == 400 == base.fair + arm.fair
    assert "forty" in found.zh[-1] and "forty" in found.en[-1]
    whole = await world.report(campaign_id, By.VARIANT)
    assert {part.key: part.targeted for part in whole.parts} == {
        "twenty": base.members, "forty": arm.members,
    }  # fmt: skip
    for name in Figures.model_fields.keys() - {"roi"}:
        assert sum(getattr(part, name) for part in whole.parts) == getattr(whole, name)
    assert (await stop(world, experiment_id)).winner == "forty"
    await bought(world, "2017-05-01", [1_000])
    await world.day("2017-06-01")
    offered = {each.member_id.int: each.percent_off for each in await world.told(CouponOffered)}
    assert offered[1_000] == 40
    assert {n: name for n, name in (await arms(world)).items() if n in drawn} == drawn
    with pytest.raises(Problem, match="stopped"):
        await stop(world, experiment_id)


async def test_without_an_effect_nothing_may_be_stopped_before_the_end(world: World) -> None:
    campaign_id = await world.planned()
    experiment_id = await tried(world, campaign_id, planned_members=1_000, looks=5)
    await launch(world, campaign_id)
    await bought(world, "2017-03-01", list(PEOPLE))
    await world.day("2017-04-01")
    await bought(world, "2017-04-05", [n for n in PEOPLE if n % 3 == 0])
    await world.midnight("2017-04-18")
    found = await report(world, experiment_id)
    assert found.causal and not found.decided and found.best is None
    course = found.arms[1].course
    assert course is not None and course.verdict == "no decision"
    assert [look.information for look in course.looks] == [0.4]  # all were contacted at once
    with pytest.raises(Problem, match="not_decided"):
        await stop(world, experiment_id)
    given_up = await stop(world, experiment_id, give_up=True)
    assert given_up.stopped_at and given_up.winner is None


async def test_texts_hours_and_channels_are_tried(world: World) -> None:
    campaign_id = await world.planned(channels=["sms", "pos"])
    texts = {
        "zh": "{name}，{code}享{discount}，{days}天内有效，老地方见。拒收请回复R",
        "en": "{name}, {code} gives {discount} for {days} days. Reply R to opt out",
    }
    made = [{"name": "now"}, {"name": "noon", "send_hour": 12}, {"name": "words", "texts": texts}]
    await tried(world, campaign_id, arms=made)
    await launch(world, campaign_id)
    await bought(world, "2017-03-01", list(range(1, 61)))
    await world.midnight("2017-04-01")
    drawn = await arms(world)
    await world.release("2017-04-01 09:00")
    early = await world.told(MessageRequested)
    await world.release("2017-04-01 12:00")
    told = {each.member_id.int: each for each in await world.told(MessageRequested)}
    assert {m.member_id.int for m in early} == {n for n, arm in drawn.items() if arm != "noon"}
    assert set(told) == set(drawn)
    for number, message in told.items():
        assert ("老地方见" in message.text) is (drawn[number] == "words")


async def test_a_bandit_gives_more_to_what_does_better_and_compares_only_what_was_drawn_fairly(
    world: World,
) -> None:
    campaign_id = await world.planned()
    experiment_id = await tried(world, campaign_id, method="bandit", floor=0.2)
    await launch(world, campaign_id)
    await bought(world, "2017-03-01", list(PEOPLE))
    await world.day("2017-04-01")
    drawn = await arms(world)
    await bought(
        world, "2017-04-05", [n for n in PEOPLE if n % 10 < (6 if drawn[n] == "forty" else 3)]
    )
    await world.midnight("2017-04-18")
    for job in experiment_jobs.JOBS:
        await job.run(world.db, at("2017-04-18"))
    async with world.db.transaction(readonly=True) as tx:
        weights = (await experiments.show(tx, experiment_id)).weights
    assert weights is not None and weights["forty"] > 0.95
    later = list(range(1_001, 1_201))
    await bought(world, "2017-04-20", later)
    await world.day("2017-05-21")
    new = [name for number, name in (await arms(world)).items() if number in later]
    assert new.count("forty") / len(new) > 0.7  # all but the floor's half
    assert new.count("twenty") > 20
    found = await report(world, experiment_id)
    assert sum(arm.fair for arm in found.arms) < sum(arm.members for arm in found.arms)
    assert found.measured == await fair(world, most=400)
    assert any("Bandit" in line for line in found.en)


async def fair(world: World, most: int) -> int:
    """How many of the first members were drawn fairly."""
    async with world.db.transaction(readonly=True) as tx:
        rows = await tx.fetch("SELECT member_id FROM experiment_member WHERE fair")
    return sum(row["member_id"].int <= most for row in rows)


async def test_whose_ids_become_one_keeps_the_arm_had_first(world: World) -> None:
    campaign_id = await world.planned()
    await tried(world, campaign_id)
    await launch(world, campaign_id)
    await bought(world, "2017-03-01", [1])
    await world.day("2017-04-01")
    first = (await arms(world))[1]
    await bought(world, "2017-03-10", list(range(2, 30)))
    await world.day("2017-04-10")
    other = next(n for n, arm in (await arms(world)).items() if arm != first and n != 1)
    await world.merge((1, other))
    async with world.db.transaction() as tx:
        found = await experiments.assign(tx, campaign_id, [UUID(int=other)], at("2017-04-11"))
    assert found[UUID(int=other)].name == first


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"arms": [{"name": "a"}, {"name": "a"}]}, "repeated"),
        ({"arms": [{"name": "a"}, {"name": "b", "channel": "email"}]}, "not_planned"),
        (
            {"arms": [{"name": "a"}, {"name": "b", "texts": {"zh": "最好的", "en": "best"}}]},
            "bad_template",
        ),
        (
            {"arms": [{"name": "a"}, {"name": "b", "offer": {
                "kind": "cash_off", "off": {"amount": 5_000}, "valid_days": 7}}]},
            "dearer_than_planned",
        ),
        ({"method": "bandit", "floor": 0.5, "arms": [{"name": n} for n in "abc"]}, "too_large"),
    ],
)  # fmt: skip
async def test_what_cannot_be_tried_says_why(
    world: World, change: dict[str, Any], code: str
) -> None:
    campaign_id = await world.planned()
    with pytest.raises(Problem) as refused:
        await tried(world, campaign_id, **change)
    assert refused.value.status == 422 and code in {e.code for e in refused.value.errors or []}


async def test_what_is_tried_is_approved_with_its_campaign(world: World) -> None:
    campaign_id = await world.planned()
    await launch(world, campaign_id)
    with pytest.raises(Problem, match="not_planned"):
        await tried(world, campaign_id)
    other = await world.planned("autumn")
    await tried(world, other)
    with pytest.raises(Problem, match="experiment_exists"):
        await tried(world, other, name="again")


async def test_no_campaign_contacts_the_global_control_group(world: World) -> None:
    async with world.db.transaction() as tx:
        tx.now = at("2017-01-01")
        shown = await control.change(tx, "op", api.GlobalControlRequest(share=0.2))
    assert shown.share == 0.2 and "2017" in shown.salt
    campaign_id = await world.planned(control_share=0.1)
    await launch(world, campaign_id)
    await world.members(*PEOPLE)
    await bought(world, "2017-03-01", list(PEOPLE))
    await world.day("2017-04-01")
    async with world.db.transaction(readonly=True) as tx:
        group = await control.group(tx)
        rows = await tx.fetch("SELECT member_id, arm, outcome FROM contact_decision")
    day = datetime(2017, 4, 1, tzinfo=UTC).date()
    held = {n for n in PEOPLE if group.holds(UUID(int=n), day)}
    assert 50 < len(held) < 110
    assert {row["member_id"].int for row in rows if row["arm"] == "global"} == held
    assert not held & {number for number, _ in await world.messages()}
    assert {row["outcome"] for row in rows if row["arm"] == "global"} == {"control"}
    planted = [n for n in PEOPLE if n % 2 and n not in held]
    await bought(world, "2017-04-05", planted + [n for n in PEOPLE if n % 10 == 0])
    await world.midnight("2017-04-18")
    own = (await world.report(campaign_id)).incremental
    assert own.treated_members + own.control_members == 400 - len(held)
    async with world.db.transaction(readonly=True) as tx:
        tx.now = at("2017-04-18")
        found = await control.report(tx)
    assert found.causal and found.control_members == len(held)
    assert found.return_rate is not None and found.return_rate.low <= 0.5 <= found.return_rate.high
    assert found.extra_revenue_low is not None and found.extra_revenue_low > 0


def test_what_is_learnt_is_how_likely_an_arm_is_best() -> None:
    assert learnt({"a": (0, 0), "b": (0, 0)}, 1)["a"] == pytest.approx(0.5, abs=0.02)
    assert learnt({"a": (1_000, 100), "b": (1_000, 200)}, 1)["b"] > 0.999
    chance = np.random.default_rng(1)
    close = learnt({"a": (100, 20), "b": (100, 22)}, 1)
    draws = chance.beta(23, 79, 50_000) > chance.beta(21, 81, 50_000)
    assert close["b"] == pytest.approx(draws.mean(), abs=0.02)
    assert learnt({"a": (9, 3), "b": (9, 4)}, 7) == learnt({"b": (9, 4), "a": (9, 3)}, 7)


def test_an_hour_is_the_next_one_of_that_name() -> None:
    nine = at("2017-04-01 09:00")
    assert leaves(nine, 12, PROGRAM_ZONE) == at("2017-04-01 12:00")
    assert leaves(nine, 9, PROGRAM_ZONE) == nine
    assert leaves(nine, 8, PROGRAM_ZONE) == at("2017-04-02 08:00")
