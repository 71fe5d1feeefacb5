"""Campaigns as clients see them: plan → submit → approve → launch → report. Owned by campaign."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Model, Money
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, PAGING, Operation
from contracts.roles import Role


class Scenario(StrEnum):
    """The standing scenarios that exist.

    `repurchase`: has not bought for a while; `new_member`: joined and has not bought; `uplift`: a
    good customer who could buy more; `win_back`: about to leave; `festival`: everybody.
    """

    REPURCHASE = "repurchase"
    NEW_MEMBER = "new_member"
    UPLIFT = "uplift"
    WIN_BACK = "win_back"
    FESTIVAL = "festival"


class Trigger(StrEnum):
    """When members are picked: every midnight, or also at the moment they enter the audience."""

    DAILY = "daily"
    ENTERED = "entered"


class CampaignStatus(StrEnum):
    """Where a campaign is in its workflow."""

    PLANNED = "planned"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    LAUNCHED = "launched"
    PAUSED = "paused"
    FINISHED = "finished"


class Outcome(StrEnum):
    """What was decided about one member: message it, keep it out for comparison, or not now."""

    MESSAGE = "message"
    CONTROL = "control"
    SKIPPED = "skipped"


class DeliveryStatus(StrEnum):
    """Where a message is: waiting for its hour, with the gateway, or done.

    delivered, failed: as the provider's receipt says. unknown: the provider's answer was lost; it
    may have been sent, and is not sent again.
    """

    HELD = "held"
    REQUESTED = "requested"
    SENT = "sent"
    REFUSED = "refused"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


class Audience(Model):
    """Who is meant: all that is given has to hold. Nothing given: everybody, once.

    A member is contacted once on an occasion: the latest of last purchase
    (`days_without_purchase`; who never bought is not meant), joining (`never_bought_days`), change
    of tier (`tiers`) and entry into the last of the `segments`. `not_in`: segments that keep out.
    """

    days_without_purchase: Annotated[int | None, Field(ge=1, le=3650), public] = None
    never_bought_days: Annotated[int | None, Field(ge=0, le=3650), public] = None
    tiers: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=20), public
    ] = Field(default_factory=list)
    segments: Annotated[list[UUID], Field(max_length=10), internal] = Field(default_factory=list)
    not_in: Annotated[list[UUID], Field(max_length=10), internal] = Field(default_factory=list)


class Offer(Model):
    """A percent coupon, valid for some days from the hour it is sent."""

    percent_off: Annotated[int, Field(ge=1, le=90), public]
    valid_days: Annotated[int, Field(ge=1, le=365), public]


class Schedule(Model):
    """First and last programme day (Asia/Shanghai) on which members are picked; both inclusive."""

    starts_on: Annotated[date | None, public] = None
    ends_on: Annotated[date | None, public] = None


class MessageText(Model):
    """The message in both languages.

    Variables: `{name}` (filled in by the gateway), `{code}`, `{discount}`, `{days}`. `{code}` and
    the way to unsubscribe must be there; Chinese fits one SMS (70 characters), English 160.
    """

    zh: Annotated[str, Field(min_length=1, max_length=200), public]
    en: Annotated[str, Field(min_length=1, max_length=400), public]


class CampaignRequest(Model):
    """A plan. `name` is unique; it also seeds the control group. `budget` pays for messages.

    Without `template` or `audience` the scenario's own are used.
    """

    name: Annotated[str, Field(min_length=1, max_length=100), internal]
    scenario: Annotated[Scenario, public]
    audience: Annotated[Audience | None, public] = None
    trigger: Annotated[Trigger, public] = Trigger.DAILY
    offer: Annotated[Offer, public]
    control_share: Annotated[float, Field(ge=0, le=0.5), public] = 0.1
    schedule: Annotated[Schedule, public] = Schedule()
    template: Annotated[MessageText | None, public] = None
    budget: Annotated[Money, internal]


class CampaignStep(Model):
    """One step of the workflow: who took it and when."""

    version: Annotated[int, public]
    action: Annotated[str, public]
    status: Annotated[CampaignStatus, public]
    actor: Annotated[str, internal]
    at: Annotated[AwareDatetime, public]
    note: Annotated[str | None, internal] = None


class Campaign(Model):
    """A campaign with its whole history."""

    campaign_id: Annotated[UUID, internal]
    name: Annotated[str, internal]
    scenario: Annotated[Scenario, public]
    audience: Annotated[Audience, public]
    trigger: Annotated[Trigger, public]
    channel: Annotated[str, public]
    offer: Annotated[Offer, public]
    control_share: Annotated[float, public]
    schedule: Annotated[Schedule, public]
    template: Annotated[MessageText, public]
    budget: Annotated[Money, internal]
    status: Annotated[CampaignStatus, public]
    version: Annotated[int, public]
    author: Annotated[str, internal]
    approver: Annotated[str | None, internal] = None
    created_at: Annotated[AwareDatetime, public]
    steps: Annotated[list[CampaignStep], internal] = Field(default_factory=list)


class CampaignPage(Model):
    """Campaigns, newest first; `steps` are left out."""

    data: Annotated[list[Campaign], internal]
    next_cursor: Annotated[str | None, public] = None


class RejectRequest(Model):
    """Why a plan goes back to its author."""

    reason: Annotated[str, Field(min_length=1, max_length=500), internal]


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


class Delivery(Model):
    """One message to one member. `reason` says why it did not leave, or arrive."""

    delivery_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    campaign: Annotated[str, internal]
    channel: Annotated[str, public]
    status: Annotated[DeliveryStatus, public]
    reason: Annotated[str | None, public] = None
    due_at: Annotated[AwareDatetime, public]
    requested_at: Annotated[AwareDatetime | None, public] = None
    sent_at: Annotated[AwareDatetime | None, public] = None
    reported_at: Annotated[AwareDatetime | None, public] = None


class DeliveryPage(Model):
    """Messages to a member, newest first."""

    data: Annotated[list[Delivery], internal]
    next_cursor: Annotated[str | None, public] = None


class Check(Model):
    """One check of a contact decision, in words."""

    check: Annotated[str, public]
    passed: Annotated[bool, public]
    zh: Annotated[str, internal]
    en: Annotated[str, internal]


class ContactDecision(Model):
    """Why a member did or did not get a message."""

    campaign_id: Annotated[UUID, internal]
    campaign: Annotated[str, internal]
    decided_at: Annotated[AwareDatetime, public]
    outcome: Annotated[Outcome, public]
    checks: Annotated[list[Check], internal]


class ContactDecisionPage(Model):
    """Decisions about a member, newest first."""

    data: Annotated[list[ContactDecision], internal]
    next_cursor: Annotated[str | None, public] = None


PLANNERS = frozenset({Role.PLANNER})
APPROVERS = frozenset({Role.APPROVER})
READERS = frozenset({Role.PLANNER, Role.APPROVER, Role.ANALYST, Role.OPERATOR, Role.ADMIN})
EXPLAINED_TO = frozenset(
    {Role.MEMBER, Role.SERVICE_AGENT, Role.COMPLIANCE, Role.OPERATOR, Role.ADMIN}
)


def _step(action: str, summary: str, roles: frozenset[Role], body: type | None = None) -> Operation:
    return Operation(
        "POST",
        f"/v1/campaigns/{{campaign_id}}/{action}",
        "campaign",
        summary,
        roles,
        request=body,
        response=Campaign,
        query=(DRY_RUN,),
        idempotent=True,
        tags=("campaigns",),
    )


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/campaigns", "campaign", "Campaigns, newest first",
        READERS, response=CampaignPage, query=PAGING, tags=("campaigns",),
    ),
    Operation(
        "POST", "/v1/campaigns", "campaign", "Plan a campaign",
        PLANNERS, request=CampaignRequest, response=Campaign, status=201,
        query=(DRY_RUN,), idempotent=True, tags=("campaigns",),
    ),
    Operation(
        "GET", "/v1/campaigns/{campaign_id}", "campaign", "A campaign with its steps",
        READERS, response=Campaign, tags=("campaigns",),
    ),
    _step("submit", "Hand the plan in for approval", PLANNERS),
    _step("approve", "Approve somebody else's plan and its budget", APPROVERS),
    _step("reject", "Send somebody else's plan back", APPROVERS, RejectRequest),
    _step("launch", "Start an approved campaign, or go on after a pause", PLANNERS),
    _step("pause", "Stop picking and sending for now", PLANNERS),
    _step("finish", "End it; what was not sent never will be", PLANNERS),
    Operation(
        "GET", "/v1/campaigns/{campaign_id}/report", "campaign", "Funnel and comparison",
        READERS, response=CampaignReport, tags=("campaigns",),
    ),
    Operation(
        "GET", "/v1/members/{member_id}/deliveries", "campaign", "Messages to a member",
        EXPLAINED_TO, response=DeliveryPage, query=PAGING, tags=("campaigns",),
    ),
    Operation(
        "GET", "/v1/members/{member_id}/contact-decisions", "campaign",
        "Why this member did or did not get a message, check by check",
        EXPLAINED_TO, response=ContactDecisionPage, query=PAGING, tags=("campaigns",),
    ),
]  # fmt: skip
