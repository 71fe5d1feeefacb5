"""The workflow never skips an approval by somebody else, whatever is tried."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_service.campaigns.domain import (
    MOVES,
    Action,
    Campaign,
    OwnCampaign,
    Step,
    WrongStep,
    advance,
    planned,
)
from campaign_service.campaigns.planning import plan
from contracts.base import Money
from contracts.campaign.offers import PercentOffer
from contracts.campaign.plans import CampaignRequest, Scenario
from contracts.campaign.plans import CampaignStatus as Status

AT = datetime(2017, 3, 1, tzinfo=UTC)
PLAN = Campaign(
    campaign_id=UUID(int=1),
    plan=plan(
        CampaignRequest(
            name="spring",
            scenario=Scenario.REPURCHASE,
            offer=PercentOffer(percent_off=20, valid_days=14),
            budget=Money(amount=100_000),
        )
    ),
    author="ann",
    created_at=AT,
)
TRIES = st.lists(
    st.tuples(st.sampled_from(sorted(MOVES)), st.sampled_from(["ann", "bob", "cui"])), max_size=40
)


def run(tries: list[tuple[Action, str]]) -> tuple[Campaign, list[Step]]:
    campaign, steps = PLAN, [planned(PLAN)]
    for action, actor in tries:
        try:
            campaign, step = advance(campaign, action, actor, AT)
        except (WrongStep, OwnCampaign):
            continue
        steps.append(step)
    return campaign, steps


@given(TRIES)
def test_no_sequence_of_steps_skips_approval(tries: list[tuple[Action, str]]) -> None:
    campaign, steps = run(tries)
    launched = [index for index, step in enumerate(steps) if step.action is Action.LAUNCH]
    if launched:
        before = steps[: launched[0]]
        assert any(step.action is Action.APPROVE and step.actor != "ann" for step in before)
        assert campaign.approver not in (None, "ann")
    assert all(
        step.actor != "ann" for step in steps if step.action in (Action.APPROVE, Action.REJECT)
    )


@given(TRIES)
def test_every_step_is_versioned(tries: list[tuple[Action, str]]) -> None:
    campaign, steps = run(tries)
    assert [step.version for step in steps] == list(range(1, len(steps) + 1))
    assert (campaign.version, campaign.status) == (steps[-1].version, steps[-1].status)


@given(TRIES)
def test_finished_is_the_end(tries: list[tuple[Action, str]]) -> None:
    campaign, steps = run(tries)
    finished = [step for step in steps if step.status is Status.FINISHED]
    assert len(finished) <= 1
    if finished:
        assert campaign.status is Status.FINISHED


def test_a_rejected_plan_needs_a_new_approval() -> None:
    tries = [
        (Action.SUBMIT, "ann"),
        (Action.REJECT, "bob"),
        (Action.LAUNCH, "ann"),
    ]
    campaign, _ = run(tries)
    assert (campaign.status, campaign.approver) == (Status.PLANNED, None)


def test_nobody_approves_their_own() -> None:
    submitted, _ = advance(PLAN, Action.SUBMIT, "ann", AT)
    with pytest.raises(OwnCampaign):
        advance(submitted, Action.APPROVE, "ann", AT)
