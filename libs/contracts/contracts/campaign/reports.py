"""What a campaign brought about: funnel and money, and what of it would not have come anyway."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from contracts.base import Model
from contracts.campaign.plans import CampaignStatus, Scenario
from contracts.campaign.readers import READERS
from contracts.classification import internal, public
from contracts.operations import Operation, Query


class By(StrEnum):
    """What a report is shared out by; each contact belongs to one part.

    `variant`: the member's arm of the campaign's experiment; `channel`: by which the message went,
    `none` where there was none; `store`: where the member had bought last before the contact;
    `segment`: the smallest one that the member is in now; `day`: on which it was decided.
    """

    VARIANT = "variant"
    CHANNEL = "channel"
    STORE = "store"
    SEGMENT = "segment"
    DAY = "day"


class Figures(Model):
    """Counts of contacts, and money in fen. One contact is one member on one occasion.

    targeted = held_out + skipped + withdrawn + pending + sent + refused. `sent` has what may have
    been sent, `refused` what failed before it was. `delivered`: the provider says so; `opened`,
    `clicked`: see `/l/{token}`; `claimed`: coupons in members' hands; `redeemed`: those used.
    `orders`, `revenue_fen`: orders that used one, less what was given back (attributed: they might
    have come anyway). `points_cost_fen`: the liability of points given. `margin_fen`: the
    programme's share of the revenue; `roi` = revenue ÷ cost.
    """

    targeted: Annotated[int, public]
    held_out: Annotated[int, public]
    skipped: Annotated[int, public]
    withdrawn: Annotated[int, public]
    pending: Annotated[int, public]
    sent: Annotated[int, public]
    refused: Annotated[int, public]
    delivered: Annotated[int, public]
    opened: Annotated[int, public]
    clicked: Annotated[int, public]
    claimed: Annotated[int, public]
    redeemed: Annotated[int, public]
    orders: Annotated[int, public]
    revenue_fen: Annotated[int, public]
    margin_fen: Annotated[int, public]
    message_cost_fen: Annotated[int, public]
    coupon_cost_fen: Annotated[int, public]
    points_cost_fen: Annotated[int, public]
    cost_fen: Annotated[int, public]
    roi: Annotated[float | None, public] = None


class Arm(Model):
    """One side of the comparison.

    `measured`: contacts whose window is over. `returned`: those of them followed by an order in
    the window, whatever coupon it carried; `revenue_fen` what those orders paid, less what was
    given back.
    """

    decided: Annotated[int, public]
    measured: Annotated[int, public]
    returned: Annotated[int, public]
    return_rate: Annotated[float | None, public] = None
    revenue_fen: Annotated[int, public]


class Difference(Model):
    """An arm minus the control, a member; `low` to `high` is the 95 % interval.

    `cuped`: what members bought before is taken into account, which takes away
    `variance_reduction` (0 to 1) of the variance.
    """

    estimate: Annotated[float, public]
    low: Annotated[float, public]
    high: Annotated[float, public]
    p_value: Annotated[float, public]
    cuped: Annotated[bool, public] = False
    variance_reduction: Annotated[float | None, public] = None


class Look(Model):
    """One look at what had come in: it decides where |z| reaches `bound` (null: too early)."""

    units: Annotated[int, public]
    information: Annotated[float, public]
    estimate: Annotated[float, public]
    z: Annotated[float, public]
    bound: Annotated[float | None, public] = None
    decides: Annotated[bool, public]


class Course(Model):
    """The looks so far, and what they allow to conclude: `better`, `worse`, `no decision`.

    Bounds of Lan and DeMets: whoever stops where one is crossed is wrong 5 % of the time in all.
    """

    looks: Annotated[list[Look], public]
    decided_at_look: Annotated[int | None, public] = None
    verdict: Annotated[str, public]


class Incremental(Model):
    """What followed in one arm beyond the other; members count once, by their first contact.

    Who was to be treated is, also if the message was refused or did not go; of both arms only who
    could have been written to. `causal`: chance alone made the arms, so the difference is what the
    campaign did; if not, `reason` says why (`no_control`, `sample_ratio`, `balance`, `too_few`).
    `extra_revenue_fen`: what all treated paid more, from `extra_revenue_low` to
    `extra_revenue_high`; `profit_fen`: the margin of that less the cost; null where not causal.
    """

    causal: Annotated[bool, public]
    reason: Annotated[str | None, public] = None
    treated_members: Annotated[int, public]
    control_members: Annotated[int, public]
    sample_ratio_p: Annotated[float | None, public] = None
    balance_p: Annotated[float | None, public] = None
    return_rate: Annotated[Difference | None, public] = None
    revenue_fen: Annotated[Difference | None, public] = None
    course: Annotated[Course | None, public] = None
    extra_revenue_fen: Annotated[int | None, public] = None
    extra_revenue_low: Annotated[int | None, public] = None
    extra_revenue_high: Annotated[int | None, public] = None
    profit_fen: Annotated[int | None, public] = None
    profit_low: Annotated[int | None, public] = None
    profit_high: Annotated[int | None, public] = None
    zh: Annotated[str, public]
    en: Annotated[str, public]


class ReportPart(Figures):
    """One part of a report. `incremental`: null where the part is known only after the contact, so
    that no control group can be compared with it."""

    key: Annotated[str, internal]
    incremental: Annotated[Incremental | None, public] = None


class CampaignReport(Figures):
    """The whole, and with `by` its parts, whose figures add up to those of the whole.

    `window_days` is how long both arms are watched after the decision.
    """

    campaign_id: Annotated[UUID, internal]
    name: Annotated[str, internal]
    scenario: Annotated[Scenario, public]
    author: Annotated[str, internal]
    approver: Annotated[str | None, internal] = None
    status: Annotated[CampaignStatus, public]
    members: Annotated[int, public]
    budget_fen: Annotated[int, internal]
    window_days: Annotated[int, public]
    treated: Annotated[Arm, public]
    control: Annotated[Arm, public]
    incremental: Annotated[Incremental, public]
    by: Annotated[By | None, public] = None
    parts: Annotated[list[ReportPart], public] = []


class Ranking(Model):
    """A way to choose whom to contact, judged on members it has not learnt from.

    `qini`: fen a member of all gained over choosing at random, as an area; its 95 % interval.
    """

    kind: Annotated[str, public]
    qini: Annotated[float, public]
    low: Annotated[float, public]
    high: Annotated[float, public]


class Targeting(Model):
    """Who is worth contacting, learnt from half of a campaign's members, judged on the other half.

    `uplift_model`: by the difference that a contact makes; `response_model`: by who buys when
    contacted, as everybody does it. `better`: whether the whole interval of their difference lies
    above 0; if not, there is no gain over the response model. Null where nothing can be learnt.
    """

    campaign_id: Annotated[UUID, internal]
    members: Annotated[int, public]
    learnt_from: Annotated[int, public]
    held_out: Annotated[int, public]
    uplift_model: Annotated[Ranking | None, public] = None
    response_model: Annotated[Ranking | None, public] = None
    gain_low: Annotated[float | None, public] = None
    gain_high: Annotated[float | None, public] = None
    better: Annotated[bool | None, public] = None
    reason: Annotated[str | None, public] = None
    zh: Annotated[str, public]
    en: Annotated[str, public]


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/campaigns/{campaign_id}/report", "campaign", "Funnel and comparison",
        READERS, response=CampaignReport, query=(Query("by", By, "share the figures out"),),
        tags=("campaigns",),
    ),
    Operation(
        "GET", "/v1/campaigns/{campaign_id}/targeting", "campaign",
        "Whether choosing members by uplift gains over choosing those who buy",
        READERS, response=Targeting, tags=("campaigns",),
    ),
]  # fmt: skip
