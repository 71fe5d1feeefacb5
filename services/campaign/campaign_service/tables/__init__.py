"""The whole schema, a page a feature. `migrations/` builds it; a test proves that both agree."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlmodel import Field

from campaign_service.tables.activities import (
    ActivityRow,
    CommunityMemberRow,
    CommunityRow,
    FollowerRow,
    GuestRow,
    InvitationPageRow,
    ShareRow,
    SignupRow,
    VoteRow,
)
from campaign_service.tables.base import Table, document, moment, sequence
from campaign_service.tables.experiments import (
    ExperimentMemberRow,
    ExperimentRow,
    ExperimentWeightRow,
    GlobalControlRow,
)
from campaign_service.tables.journeys import (
    JourneyRow,
    JourneyRunRow,
    JourneySignalRow,
    JourneyVersionRow,
    JourneyWatchRow,
)
from campaign_service.tables.kpis import (
    KpiContactRow,
    KpiDueRow,
    KpiFactRow,
    KpiNameRow,
    KpiOrderRow,
    KpiRefundRow,
    KpiReportRow,
    KpiTargetsRow,
)
from campaign_service.tables.links import MessageResponseRow
from campaign_service.tables.surveys import SurveyAnswerRow, SurveyInvitationRow, SurveyRow
from campaign_service.tables.templates import TemplateRow, TemplateVersionRow
from campaign_service.tables.triggers import (
    ArmedTriggerRow,
    EventWatchRow,
    TriggerWaitRow,
    ZoneMoveRow,
)

__all__ = [
    "ActivityRow", "ArmedTriggerRow", "CommunityMemberRow", "CommunityRow", "EventWatchRow",
    "ExperimentMemberRow", "ExperimentRow", "ExperimentWeightRow", "FollowerRow",
    "GlobalControlRow", "GuestRow", "InvitationPageRow", "JourneyRow", "JourneyRunRow",
    "JourneySignalRow", "JourneyVersionRow", "JourneyWatchRow", "KpiContactRow", "KpiDueRow",
    "KpiFactRow", "KpiNameRow", "KpiOrderRow", "KpiRefundRow", "KpiReportRow", "KpiTargetsRow",
    "MessageResponseRow", "ShareRow", "SignupRow", "SurveyAnswerRow", "SurveyInvitationRow",
    "SurveyRow", "Table", "TemplateRow", "TemplateVersionRow", "TriggerWaitRow", "VoteRow",
    "ZoneMoveRow",
]  # fmt: skip


class CampaignRow(Table, table=True):
    """A campaign as it stands, with its whole plan (contracts' `Plan`); `seq` orders lists."""

    __tablename__ = "campaign"
    campaign_id: UUID = Field(primary_key=True)
    seq: int = sequence()
    name: str = Field(sa_type=Text, unique=True)
    plan: dict[str, Any] = document()
    author: str = Field(sa_type=Text)
    created_at: datetime = moment()
    approver: str | None = Field(sa_type=Text)
    reservation: dict[str, Any] | None = document(nullable=True)
    plan_version: int
    reviser: str | None = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    version: int


class PlanRow(Table, table=True):
    """Append-only: every wording of a plan."""

    __tablename__ = "campaign_plan"
    campaign_id: UUID = Field(primary_key=True, foreign_key="campaign.campaign_id")
    plan_version: int = Field(primary_key=True)
    plan: dict[str, Any] = document()
    author: str = Field(sa_type=Text)
    at: datetime = moment()


class CommentRow(Table, table=True):
    """What people said to a plan."""

    __tablename__ = "campaign_comment"
    comment_id: UUID = Field(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.campaign_id", index=True)
    plan_version: int
    author: str = Field(sa_type=Text)
    at: datetime = moment()
    text: str = Field(sa_type=Text)


class EffectRow(Table, table=True):
    """What a campaign brought, fen a member with its standard error; only where it is causal."""

    __tablename__ = "campaign_effect"
    campaign_id: UUID = Field(primary_key=True, foreign_key="campaign.campaign_id")
    scenario: str = Field(sa_type=Text)
    offer: str = Field(sa_type=Text)
    fen: float
    error: float
    contacts: int = Field(sa_type=BigInteger)
    known_at: datetime = moment()


class StepRow(Table, table=True):
    """Append-only: what moved a campaign to each version, by whom and when."""

    __tablename__ = "campaign_step"
    campaign_id: UUID = Field(primary_key=True, foreign_key="campaign.campaign_id")
    version: int = Field(primary_key=True)
    action: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    at: datetime = moment()
    note: str | None = Field(sa_type=Text)


class MemberRow(Table, table=True):
    """Projection of members: what audience conditions look at."""

    __tablename__ = "member"
    member_id: UUID = Field(primary_key=True)
    registered_at: datetime | None = moment(nullable=True)
    language: str = Field(sa_type=Text)
    last_order_at: datetime | None = moment(nullable=True)
    orders: int
    tier: str | None = Field(sa_type=Text)
    tier_at: datetime | None = moment(nullable=True)


class SegmentMemberRow(Table, table=True):
    """Who is in a segment, as profile tells; `version` orders what it told."""

    __tablename__ = "segment_member"
    segment_id: UUID = Field(primary_key=True)
    member_id: UUID = Field(primary_key=True)
    entered_at: datetime = moment()
    version: int = Field(sa_type=BigInteger)


class AliasRow(Table, table=True):
    """An absorbed id and who it is now, always the final survivor."""

    __tablename__ = "member_alias"
    absorbed_id: UUID = Field(primary_key=True)
    survivor_id: UUID = Field(index=True)


class PartRow(Table, table=True):
    """What was told of one of the ids that are one member; who was never merged has none."""

    __tablename__ = "member_part"
    member_id: UUID = Field(primary_key=True)
    registered_at: datetime | None = moment(nullable=True)
    language: str | None = Field(sa_type=Text)
    last_order_at: datetime | None = moment(nullable=True)
    orders: int
    tier: str | None = Field(sa_type=Text)
    tier_at: datetime | None = moment(nullable=True)


class ContactableRow(Table, table=True):
    """What was told of an id, channels as bits (reach/domain.py): those it agreed to, those that
    lead to it, those by which no marketing is sent, those by which nothing is. Aliases lead here.
    """

    __tablename__ = "contactable"
    member_id: UUID = Field(primary_key=True)
    agreed: int
    reach: int
    suppressed: int
    barred: int
    prefers: str | None = Field(sa_type=Text)
    prefers_version: int = Field(sa_type=BigInteger)


class ObjectionRow(Table, table=True):
    """Ids of members who object to automated decisions; aliases lead from them."""

    __tablename__ = "objection"
    member_id: UUID = Field(primary_key=True)
    objected_at: datetime = moment()


class VerdictSetRow(Table, table=True):
    """What the checks found, kept once for all members of whom they found the same."""

    __tablename__ = "verdict_set"
    verdict_set: int = sequence(primary_key=True)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    checks: list[Any] = document()


class SpendRow(Table, table=True):
    """What a campaign's messages cost, those on their way included; a trigger counts."""

    __tablename__ = "campaign_spend"
    campaign_id: UUID = Field(primary_key=True, foreign_key="campaign.campaign_id")
    committed_fen: int = Field(sa_type=BigInteger)
    messages: int = Field(sa_type=BigInteger)


class ProgressRow(Table, table=True):
    """The last member whom a campaign has decided about on a day, which goes on behind it."""

    __tablename__ = "decision_progress"
    campaign_id: UUID = Field(primary_key=True, foreign_key="campaign.campaign_id")
    day: date
    after: UUID


class DecisionRow(Table, table=True):
    """One decision per member (as known then), lapse and step, with every check.

    `step` is a journey's node; elsewhere empty. `arm`: treated, or the control group that it was
    drawn for before anything else. `eligible`: it could have been written to.
    `orders`, `revenue_fen`: what followed in the window; set with `measured_at`, once it is over,
    as are `before_fen`, what was bought in the weeks before, and the store of the last of it.
    """

    __tablename__ = "contact_decision"
    seq: int = sequence(primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.campaign_id")
    member_id: UUID
    original_member_id: UUID
    lapse: datetime = moment()
    step: str = Field(sa_type=Text)
    decided_at: datetime = moment()
    outcome: str = Field(sa_type=Text)
    arm: str = Field(sa_type=Text)
    eligible: bool
    channel: str | None = Field(sa_type=Text)
    verdict_set: int = Field(sa_type=BigInteger, foreign_key="verdict_set.verdict_set")
    delivery_id: UUID | None
    measured_at: datetime | None = moment(nullable=True)
    orders: int
    revenue_fen: int = Field(sa_type=BigInteger)
    before_fen: int | None = Field(sa_type=BigInteger)
    store_id: str | None = Field(sa_type=Text)


class DeliveryRow(Table, table=True):
    """One message. `day` is the programme day on which it leaves, by which caps count it."""

    __tablename__ = "delivery"
    delivery_id: UUID = Field(primary_key=True)
    seq: int = sequence()
    campaign_id: UUID = Field(foreign_key="campaign.campaign_id")
    member_id: UUID
    original_member_id: UUID
    language: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    reason: str | None = Field(sa_type=Text)
    day: date
    due_at: datetime = moment()
    requested_at: datetime | None = moment(nullable=True)
    sent_at: datetime | None = moment(nullable=True)
    reported_at: datetime | None = moment(nullable=True)
    cost_fen: int
    coupon_code: str | None = Field(sa_type=Text)
    step: str = Field(sa_type=Text)
    values: dict[str, Any] = document()
    purpose: str = Field(sa_type=Text)
    stale_at: datetime | None = moment(nullable=True)
    change: dict[str, Any] = document()


class PurchaseRow(Table, table=True):
    """Recent orders, kept as long as a measuring window needs them."""

    __tablename__ = "purchase"
    order_no: str = Field(sa_type=Text, primary_key=True)
    member_id: UUID
    original_member_id: UUID
    paid_at: datetime = moment()
    paid_fen: int = Field(sa_type=BigInteger)
    store_id: str | None = Field(sa_type=Text)
    refunded_fen: int = Field(sa_type=BigInteger)


class RefundRow(Table, table=True):
    """What was given back of an order: kept so that each is taken off once."""

    __tablename__ = "refund"
    order_no: str = Field(sa_type=Text, primary_key=True)
    refund_no: str = Field(sa_type=Text, primary_key=True)
    refund_fen: int = Field(sa_type=BigInteger)
    refunded_at: datetime = moment()


class RedemptionRow(Table, table=True):
    """A campaign's coupon used with an order; `returned`: not any more."""

    __tablename__ = "redemption"
    coupon_code: str = Field(sa_type=Text, primary_key=True)
    order_no: str = Field(sa_type=Text, primary_key=True)
    campaign_id: UUID = Field(foreign_key="campaign.campaign_id")
    paid_at: datetime = moment()
    paid_fen: int = Field(sa_type=BigInteger)
    discount_fen: int = Field(sa_type=BigInteger)
    refunded_fen: int = Field(sa_type=BigInteger)
    returned: bool
