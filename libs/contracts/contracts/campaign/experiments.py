"""Experiments: what is tried on whom, and what came of it; the members whom nothing contacts."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Model
from contracts.campaign.offers import Offer
from contracts.campaign.plans import MessageText
from contracts.campaign.readers import PLANNERS, READERS
from contracts.campaign.reports import Arm, Course, Difference
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, PAGING, Operation
from contracts.points.common import Code
from contracts.roles import Role
from contracts.templates import Channel

Share = Annotated[float, Field(ge=0, le=1), public]


class ArmMethod(StrEnum):
    """How members are shared out.

    `fixed`: by shares that stay. `bandit`: every night anew, so that more get what does better
    (Thompson sampling), but for the `floor` of each arm, which is drawn evenly for ever.
    """

    FIXED = "fixed"
    BANDIT = "bandit"


class ArmReward(StrEnum):
    """What a bandit learns from: bought again within the window, or followed the link."""

    RETURNED = "returned"
    CLICKED = "clicked"


class ArmRequest(Model):
    """One of the things that are tried: what it changes of the campaign's plan; nothing: the plan.

    `variant`: of the plan's template. `channel`: the one tried first. `send_hour`: of programme
    time, at which its messages leave.
    """

    name: Code
    share: Annotated[float, Field(gt=0, le=100), public] = 1.0
    texts: Annotated[MessageText | None, public] = None
    variant: Annotated[Code | None, public] = None
    offer: Annotated[Offer | None, public] = None
    channel: Annotated[Channel | None, public] = None
    send_hour: Annotated[int | None, Field(ge=0, le=23), public] = None


class ExperimentRequest(Model):
    """An experiment on a campaign that does not run yet. `name` is unique; it salts the draw.

    The first arm is what the others are compared with. `planned_members`: at how many measured ones
    it ends; `looks`: how often it is looked at until then, the end included. `floor`: of bandits.
    """

    name: Annotated[str, Field(min_length=1, max_length=100), internal]
    campaign_id: Annotated[UUID, internal]
    hypothesis: Annotated[str, Field(max_length=500), internal] = ""
    arms: Annotated[list[ArmRequest], Field(min_length=2, max_length=6), public]
    method: Annotated[ArmMethod, public] = ArmMethod.FIXED
    floor: Annotated[float, Field(ge=0.02, le=0.5), public] = 0.1
    reward: Annotated[ArmReward, public] = ArmReward.RETURNED
    planned_members: Annotated[int, Field(ge=100, le=100_000_000), public]
    looks: Annotated[int, Field(ge=1, le=20), public] = 5


class Experiment(ExperimentRequest):
    """An experiment as it stands. `weights`: of a bandit, tonight's. `winner`: what everybody gets
    who was not drawn before it was stopped; null with `stopped_at`: given up without one."""

    experiment_id: Annotated[UUID, internal]
    author: Annotated[str, internal]
    created_at: Annotated[AwareDatetime, public]
    weights: Annotated[dict[str, float] | None, public] = None
    stopped_at: Annotated[AwareDatetime | None, public] = None
    stopped_by: Annotated[str | None, internal] = None
    winner: Annotated[str | None, public] = None


class ExperimentPage(Model):
    """Experiments, newest first."""

    data: Annotated[list[Experiment], internal]
    next_cursor: Annotated[str | None, public] = None


class StopRequest(Model):
    """`give_up`: stop without a winner, also where nothing is decided."""

    give_up: Annotated[bool, public] = False


class ExperimentArm(Model):
    """An arm: all its contacts, and for the causal part its difference from the first arm.

    `fair`: how many of its members were drawn with shares that never change; only they are
    compared. `p_value` is adjusted for the number of arms (Holm), `significant`: below .05.
    """

    name: Code
    members: Annotated[int, public]
    fair: Annotated[int, public]
    figures: Annotated[Arm, public]
    clicked: Annotated[int, public]
    return_rate: Annotated[Difference | None, public] = None
    revenue_fen: Annotated[Difference | None, public] = None
    adjusted_p_value: Annotated[float | None, public] = None
    significant: Annotated[bool | None, public] = None
    course: Annotated[Course | None, public] = None


class ExperimentReport(Model):
    """`measured`: members of the causal part whose window is over, of `planned_members`.

    `causal`: chance alone made the arms, so their differences are what the arms did; if not,
    `reason` says why. `decided`: whether a look crosses its bound or the end is reached, so that
    it may be stopped; `best`: the arm that then wins.
    """

    experiment_id: Annotated[UUID, internal]
    name: Annotated[str, internal]
    method: Annotated[ArmMethod, public]
    measured: Annotated[int, public]
    planned_members: Annotated[int, public]
    causal: Annotated[bool, public]
    reason: Annotated[str | None, public] = None
    sample_ratio_p: Annotated[float | None, public] = None
    balance_p: Annotated[float | None, public] = None
    arms: Annotated[list[ExperimentArm], public]
    decided: Annotated[bool, public]
    best: Annotated[str | None, public] = None
    zh: Annotated[list[str], public]
    en: Annotated[list[str], public]


class GlobalControlRequest(Model):
    """The share of all members that no marketing campaign contacts; drawn anew every year."""

    share: Annotated[float, Field(ge=0, le=0.2), public]


class GlobalControlGroup(GlobalControlRequest):
    """`salt` of this year's draw: who is in it is anybody's to check."""

    salt: Annotated[str, internal]
    set_by: Annotated[str | None, internal] = None
    set_at: Annotated[AwareDatetime | None, public] = None


class GlobalControlReport(Model):
    """All marketing against none, in the last `days` to `until`, of members who had joined before.

    `treated`: those outside the group. `extra_revenue_fen`: what they all paid more in that time.
    """

    share: Annotated[float, public]
    until: Annotated[date, public]
    days: Annotated[int, public]
    treated_members: Annotated[int, public]
    control_members: Annotated[int, public]
    causal: Annotated[bool, public]
    reason: Annotated[str | None, public] = None
    sample_ratio_p: Annotated[float | None, public] = None
    return_rate: Annotated[Difference | None, public] = None
    revenue_fen: Annotated[Difference | None, public] = None
    extra_revenue_fen: Annotated[int | None, public] = None
    extra_revenue_low: Annotated[int | None, public] = None
    extra_revenue_high: Annotated[int | None, public] = None
    zh: Annotated[str, public]
    en: Annotated[str, public]


_ONE = "/v1/experiments/{experiment_id}"
_GLOBAL = "/v1/experiments/global-control"
_SETTING = frozenset({Role.OPERATOR, Role.ADMIN})
_TAGS = ("experiments",)

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/experiments", "campaign", "Experiments, newest first",
        READERS, response=ExperimentPage, query=PAGING, tags=_TAGS,
    ),
    Operation(
        "POST", "/v1/experiments", "campaign", "Try several things in a campaign",
        PLANNERS, request=ExperimentRequest, response=Experiment, status=201,
        query=(DRY_RUN,), idempotent=True, tags=_TAGS,
    ),
    Operation(
        "GET", _GLOBAL, "campaign", "The share of members that no marketing contacts",
        READERS, response=GlobalControlGroup, tags=_TAGS,
    ),
    Operation(
        "PUT", _GLOBAL, "campaign", "Set that share", _SETTING,
        request=GlobalControlRequest, response=GlobalControlGroup, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_GLOBAL}/report", "campaign", "All marketing against none",
        READERS, response=GlobalControlReport, tags=_TAGS,
    ),
    Operation(
        "GET", _ONE, "campaign", "An experiment",
        READERS, response=Experiment, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_ONE}/report", "campaign", "What came of its arms, and whether it may be stopped",
        READERS, response=ExperimentReport, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ONE}/stop", "campaign", "Stop it: the winner is for everybody from now on",
        PLANNERS, request=StopRequest, response=Experiment, idempotent=True, tags=_TAGS,
    ),
]  # fmt: skip
