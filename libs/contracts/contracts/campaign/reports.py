"""What a campaign brought about."""

from typing import Annotated
from uuid import UUID

from contracts.base import Model
from contracts.campaign.plans import CampaignStatus, Scenario
from contracts.campaign.readers import READERS
from contracts.classification import internal, public
from contracts.operations import Operation


class Arm(Model):
    """One side of the comparison.

    `measured`: contacts whose window is over. `returned`: those of them followed by an order in
    the window, whatever coupon it carried; `revenue_fen` what those orders paid.
    """

    decided: Annotated[int, public]
    measured: Annotated[int, public]
    returned: Annotated[int, public]
    return_rate: Annotated[float | None, public] = None
    revenue_fen: Annotated[int, public]


class Difference(Model):
    """Treated minus control, a member; `low` to `high` is the 95 % interval."""

    estimate: Annotated[float, public]
    low: Annotated[float, public]
    high: Annotated[float, public]
    p_value: Annotated[float, public]


class Incremental(Model):
    """What followed in one arm beyond the other; members count once, by their first contact.

    Who was to be treated is, also if the message was refused or did not go. `causal`: chance alone
    made the arms, so the difference is what the campaign did; if not, `reason` says why
    (`no_control`, `sample_ratio`, `too_few`). `extra_revenue_fen`: what all treated paid more, from
    `extra_revenue_low` to `extra_revenue_high`; null where it is not causal.
    """

    causal: Annotated[bool, public]
    reason: Annotated[str | None, public] = None
    treated_members: Annotated[int, public]
    control_members: Annotated[int, public]
    sample_ratio_p: Annotated[float | None, public] = None
    return_rate: Annotated[Difference | None, public] = None
    revenue_fen: Annotated[Difference | None, public] = None
    extra_revenue_fen: Annotated[int | None, public] = None
    extra_revenue_low: Annotated[int | None, public] = None
    extra_revenue_high: Annotated[int | None, public] = None
    zh: Annotated[str, public]
    en: Annotated[str, public]


class CampaignReport(Model):
    """The funnel. One contact is one member in one lapse.

    targeted = held_out + skipped + withdrawn + pending + sent + refused. `sent` has what may have
    been sent, `refused` what failed before it was. `redeemed` counts the coupons used,
    `revenue_fen` is Σ paid of the orders that used them, `cost_fen` what the sent messages cost.
    `window_days` is how long both arms are watched after the decision.
    """

    campaign_id: Annotated[UUID, internal]
    name: Annotated[str, internal]
    scenario: Annotated[Scenario, public]
    author: Annotated[str, internal]
    approver: Annotated[str | None, internal] = None
    status: Annotated[CampaignStatus, public]
    members: Annotated[int, public]
    targeted: Annotated[int, public]
    held_out: Annotated[int, public]
    skipped: Annotated[int, public]
    withdrawn: Annotated[int, public]
    pending: Annotated[int, public]
    sent: Annotated[int, public]
    refused: Annotated[int, public]
    redeemed: Annotated[int, public]
    revenue_fen: Annotated[int, public]
    cost_fen: Annotated[int, public]
    budget_fen: Annotated[int, internal]
    window_days: Annotated[int, public]
    treated: Annotated[Arm, public]
    control: Annotated[Arm, public]
    incremental: Annotated[Incremental, public]


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/campaigns/{campaign_id}/report", "campaign", "Funnel and comparison",
        READERS, response=CampaignReport, tags=("campaigns",),
    ),
]  # fmt: skip
