"""Plans and their workflow: plan → submit → approve → launch → finish."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Discriminator, Field, Tag

from contracts.auditing import Action
from contracts.base import Model, Money
from contracts.campaign.offers import Offer
from contracts.campaign.readers import APPROVERS, PLANNERS, READERS
from contracts.campaign.triggers import DailyTrigger, Trigger
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, PAGING, Operation, Query
from contracts.points.common import Code
from contracts.roles import Role
from contracts.templates import Channel


class Scenario(StrEnum):
    """The standing scenarios that exist.

    `repurchase`: has not bought for a while; `new_member`: joined and has not bought; `uplift`: a
    good customer who could buy more; `win_back`: about to leave; `festival`: everybody;
    `referral`: brought a friend; `birthday`; `moment`: what somebody is doing right now.
    """

    REPURCHASE = "repurchase"
    NEW_MEMBER = "new_member"
    UPLIFT = "uplift"
    WIN_BACK = "win_back"
    FESTIVAL = "festival"
    REFERRAL = "referral"
    BIRTHDAY = "birthday"
    MOMENT = "moment"


class CampaignStatus(StrEnum):
    """Where a campaign is in its workflow."""

    PLANNED = "planned"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    LAUNCHED = "launched"
    PAUSED = "paused"
    FINISHED = "finished"


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


class Schedule(Model):
    """First and last programme day (Asia/Shanghai) on which members are picked; both inclusive."""

    starts_on: Annotated[date | None, public] = None
    ends_on: Annotated[date | None, public] = None


class MessageText(Model):
    """The message in both languages.

    Variables: `{name}` (filled in by the gateway); of a coupon `{code}`, `{discount}`, `{days}`; of
    points `{points}`. The way to unsubscribe must be there, and a coupon's `{code}`; Chinese fits
    one SMS (70 characters), English 160.
    """

    zh: Annotated[str, Field(min_length=1, max_length=200), public]
    en: Annotated[str, Field(min_length=1, max_length=400), public]


class OwnTexts(Model):
    """Texts of this campaign's own, for channels that carry nothing but a text: sms, pos, call."""

    texts: Annotated[MessageText, public]


def _names_template(body: Any) -> bool:
    return "template" in body if isinstance(body, dict) else isinstance(body, ContentRef)


class ContentRef(Model):
    """A template by its key. Without `version` the newest; a plan handed in keeps the one it saw.

    Without `variant` each member gets the one that chance gave it.
    """

    template: Code
    version: Annotated[int | None, Field(ge=1), public] = None
    variant: Annotated[Code | None, public] = None


Content = Annotated[
    Annotated[OwnTexts, Tag("?texts")] | Annotated[ContentRef, Tag("?template")],
    Discriminator(lambda body: "?template" if _names_template(body) else "?texts"),
]


class Caps(Model):
    """What the plan allows beneath the programme's own limits; None: nothing stricter.

    `per_member`: messages of this campaign, ever. `per_day`, `per_week`: messages of any campaign
    that a member has had, this one included. `per_channel`: the same a week, by channel.
    """

    per_member: Annotated[int | None, Field(ge=1, le=1000), public] = None
    per_day: Annotated[int | None, Field(ge=1, le=100), public] = None
    per_week: Annotated[int | None, Field(ge=1, le=100), public] = None
    per_channel: Annotated[dict[Channel, Annotated[int, Field(ge=1, le=100)]], public] = Field(
        default_factory=dict
    )


class Expected(Model):
    """What a contact may bring, learnt from past campaigns whose reports are causal.

    `campaigns`: how many there are, `alike` of the same scenario and kind of offer. Revenue in fen
    a contact, from `revenue_low` to `revenue_high` in 95 of 100 campaigns; null: nothing is known.
    """

    campaigns: Annotated[int, public]
    alike: Annotated[int, public]
    revenue_fen: Annotated[int | None, public] = None
    revenue_low: Annotated[int | None, public] = None
    revenue_high: Annotated[int | None, public] = None
    zh: Annotated[str, public]
    en: Annotated[str, public]


class Plan(Model):
    """A whole plan, kept as one versioned document. `name` also seeds the control group.

    `channels`: the first that reaches a member is used; with `prefer_members_own` the member's own
    comes first. `budget` pays for messages and for the worst case of what is offered.
    `stale_after`: minutes after its occasion from which on a message is worth nothing and dropped.
    `expected`: as it was when the plan was handed in.
    """

    name: Annotated[str, Field(min_length=1, max_length=100), internal]
    scenario: Annotated[Scenario, public]
    goal: Annotated[str | None, Field(max_length=500), internal] = None
    audience: Annotated[Audience, public]
    trigger: Annotated[Trigger, public] = DailyTrigger()
    offer: Annotated[Offer, public]
    content: Annotated[Content, public]
    channels: Annotated[list[Channel], Field(min_length=1, max_length=7), public]
    prefer_members_own: Annotated[bool, public] = False
    control_share: Annotated[float, Field(ge=0, le=0.5), public] = 0.1
    schedule: Annotated[Schedule, public] = Schedule()
    budget: Annotated[Money, internal]
    caps: Annotated[Caps, public] = Caps()
    stale_after: Annotated[int | None, Field(ge=1, le=525_600), public] = None
    expected: Annotated[Expected | None, public] = None

    @property
    def of_use_minutes(self) -> int | None:
        """The shorter of `stale_after` and for how long what triggers it is of use, if either is
        said."""
        within = getattr(self.trigger, "within_minutes", None)
        return min((each for each in (self.stale_after, within) if each is not None), default=None)


class PlanBody(Model):
    """A plan without its name.

    Without `content`, `channels` or `audience` the scenario's own are used; `template` is short for
    `content` with texts of one's own.
    """

    scenario: Annotated[Scenario, public]
    goal: Annotated[str | None, Field(max_length=500), internal] = None
    audience: Annotated[Audience | None, public] = None
    trigger: Annotated[Trigger, public] = DailyTrigger()
    offer: Annotated[Offer, public]
    content: Annotated[Content | None, public] = None
    template: Annotated[MessageText | None, public] = None
    channels: Annotated[list[Channel], Field(max_length=7), public] = Field(default_factory=list)
    prefer_members_own: Annotated[bool, public] = False
    control_share: Annotated[float, Field(ge=0, le=0.5), public] = 0.1
    schedule: Annotated[Schedule, public] = Schedule()
    budget: Annotated[Money, internal]
    caps: Annotated[Caps, public] = Caps()
    stale_after: Annotated[int | None, Field(ge=1, le=525_600), public] = None


class CampaignRequest(PlanBody):
    """A plan. `name` is unique; it also seeds the control group."""

    name: Annotated[str, Field(min_length=1, max_length=100), internal]


class ReservationState(StrEnum):
    """Where the money for offers is; `requested`: points has not answered yet."""

    REQUESTED = "requested"
    RESERVED = "reserved"
    REFUSED = "refused"
    RELEASED = "released"


class Reservation(Model):
    """What points sets aside for offers from approval on: `contacts` times what one costs at most.

    `reason` of a refusal: `unknown_goods`, `programme_limit`.
    """

    reservation_id: Annotated[UUID, internal]
    state: Annotated[ReservationState, public]
    contacts: Annotated[int, public]
    each: Annotated[Money, internal]
    total: Annotated[Money, internal]
    reason: Annotated[str | None, public] = None


class CampaignStep(Model):
    """One step of the workflow: who took it and when."""

    version: Annotated[int, public]
    action: Annotated[str, public]
    status: Annotated[CampaignStatus, public]
    actor: Annotated[str, internal]
    at: Annotated[AwareDatetime, public]
    note: Annotated[str | None, internal] = None


class Comment(Model):
    """What somebody said to a version of the plan."""

    comment_id: Annotated[UUID, internal]
    plan_version: Annotated[int, public]
    author: Annotated[str, internal]
    at: Annotated[AwareDatetime, public]
    text: Annotated[str, internal]


class Campaign(Plan):
    """A campaign: its plan, where it is, and how it came there. `version` counts steps,
    `plan_version` how often the plan was written.

    `reservation`: from approval on, where the offer costs something that can be bounded.
    """

    campaign_id: Annotated[UUID, internal]
    status: Annotated[CampaignStatus, public]
    version: Annotated[int, public]
    plan_version: Annotated[int, public]
    author: Annotated[str, internal]
    approver: Annotated[str | None, internal] = None
    created_at: Annotated[AwareDatetime, public]
    reservation: Annotated[Reservation | None, internal] = None
    steps: Annotated[list[CampaignStep], internal] = Field(default_factory=list)
    comments: Annotated[list[Comment], internal] = Field(default_factory=list)


class PlanVersion(Plan):
    """How a plan was worded at a time, and by whom."""

    plan_version: Annotated[int, public]
    author: Annotated[str, internal]
    at: Annotated[AwareDatetime, public]


class PlanVersions(Model):
    """All of them, the newest first."""

    data: Annotated[list[PlanVersion], internal]
    next_cursor: Annotated[str | None, public] = None


class CommentRequest(Model):
    """What somebody has to say to a plan."""

    text: Annotated[str, Field(pattern=r"^[^\x00]{1,2000}$"), internal]


class CopyRequest(Model):
    """What the copy is called; all else is as it was."""

    name: Annotated[str, Field(min_length=1, max_length=100), internal]


class CampaignPage(Model):
    """Campaigns, newest first; `steps` and `comments` are left out."""

    data: Annotated[list[Campaign], internal]
    next_cursor: Annotated[str | None, public] = None


class RejectRequest(Model):
    """Why a plan goes back to its author."""

    reason: Annotated[str, Field(min_length=1, max_length=500), internal]


_SEEN = Query(
    "plan_version", Annotated[int, Field(ge=1)],
    "the version that was read; needed where there is more than one",
)  # fmt: skip


def _step(
    action: str, summary: str, roles: frozenset[Role], body: type | None = None, *more: Query
) -> Operation:
    return Operation(
        "POST",
        f"/v1/campaigns/{{campaign_id}}/{action}",
        "campaign",
        summary,
        roles,
        request=body,
        response=Campaign,
        query=(DRY_RUN, *more),
        idempotent=True,
        edge="audited",
        audited=Action.CAMPAIGN,
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
        query=(DRY_RUN,), idempotent=True, edge="audited", audited=Action.CAMPAIGN,
        tags=("campaigns",),
    ),
    Operation(
        "GET", "/v1/campaigns/{campaign_id}", "campaign", "A campaign with its steps and comments",
        READERS, response=Campaign, tags=("campaigns",),
    ),
    Operation(
        "PUT", "/v1/campaigns/{campaign_id}", "campaign", "Word a plan anew, until handed in",
        PLANNERS, request=CampaignRequest, response=Campaign, edge="audited",
        audited=Action.CAMPAIGN, tags=("campaigns",),
    ),
    Operation(
        "GET", "/v1/campaigns/{campaign_id}/plans", "campaign", "How the plan was worded before",
        READERS, response=PlanVersions, tags=("campaigns",),
    ),
    Operation(
        "POST", "/v1/campaigns/{campaign_id}/comments", "campaign", "Say something to a plan",
        PLANNERS | APPROVERS, request=CommentRequest, response=Comment, status=201,
        idempotent=True, tags=("campaigns",),
    ),
    Operation(
        "POST", "/v1/campaigns/{campaign_id}/copy", "campaign", "The same plan once more",
        PLANNERS, request=CopyRequest, response=Campaign, status=201, query=(DRY_RUN,),
        idempotent=True, edge="audited", audited=Action.CAMPAIGN, tags=("campaigns",),
    ),
    _step("submit", "Hand the plan in for approval", PLANNERS),
    _step("approve", "Approve somebody else's plan and its budget", APPROVERS, None, _SEEN),
    _step("reject", "Send somebody else's plan back, its budget too", APPROVERS, RejectRequest),
    _step("launch", "Start an approved campaign, or go on after a pause", PLANNERS),
    _step("pause", "Stop picking and sending for now", PLANNERS),
    _step("finish", "End it; what was not sent never will be", PLANNERS),
]  # fmt: skip
