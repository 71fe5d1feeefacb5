"""What points tells beyond orders and refunds: holds, coupons, growth, tiers ahead, checkpoints."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from contracts.base import Event
from contracts.classification import internal, public


class BudgetAnswered(Event, frozen=True):
    """What a campaign asked for is set aside, or why not: `unknown_goods`, `programme_limit`,
    `released` (it was given up before it was heard of)."""

    subject = "points.budget_answered.v1"
    reservation_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    reserved: Annotated[bool, public]
    reserved_fen: Annotated[int, public]
    answered_at: Annotated[datetime, public]
    reason: Annotated[str | None, public] = None


class PointsExpiring(Event, frozen=True):
    """Points go soon: announced 30 and 7 days ahead; a row is (member, points)."""

    subject = "points.points_expiring.v1"
    day: Annotated[date, public]  # on which they go
    days_ahead: Annotated[int, public]
    members: Annotated[list[tuple[UUID, int]], internal]


class PointsTransferred(Event, frozen=True):
    """A member gave points to another."""

    subject = "points.points_transferred.v1"
    giver_id: Annotated[UUID, internal]
    receiver_id: Annotated[UUID, internal]
    points: Annotated[int, public]
    transferred_at: Annotated[datetime, public]
    journal_id: Annotated[UUID, internal]


class GrowthGained(Event, frozen=True):
    """Acts other than orders brought growth or points; a row is (member, kind, growth, points)."""

    subject = "points.growth_gained.v1"
    gains: Annotated[list[tuple[UUID, str, int, int]], internal]
    gained_at: Annotated[datetime, public]


class BadgeEarned(Event, frozen=True):
    """A member earned a badge."""

    subject = "points.badge_earned.v1"
    member_id: Annotated[UUID, internal]
    badge: Annotated[str, public]
    earned_at: Annotated[datetime, public]


class ReferralRewarded(Event, frozen=True):
    """A referred member's first purchase was rewarded."""

    subject = "points.referral_rewarded.v1"
    referrer_id: Annotated[UUID, internal]
    referred_id: Annotated[UUID, internal]
    rewarded_at: Annotated[datetime, public]


class TierWarned(Event, frozen=True):
    """Members who will lose their tier unless they do something; a row is (member, tier, next)."""

    subject = "points.tier_warned.v1"
    day: Annotated[date, public]  # of the review that would take it
    members: Annotated[list[tuple[UUID, str, str]], internal]


class CouponsIssued(Event, frozen=True):
    """Coupons now belong to members; a row is (coupon, code, member)."""

    subject = "points.coupons_issued.v1"
    template_id: Annotated[UUID, internal]
    coupons: Annotated[list[tuple[UUID, str, UUID]], internal]
    issued_at: Annotated[datetime, public]


class CouponRolledBack(Event, frozen=True):
    """A used coupon is good again, or (not `restored`) was past its date and stays gone."""

    subject = "points.coupon_rolled_back.v1"
    code: Annotated[str, internal]
    member_id: Annotated[UUID, internal]
    order_no: Annotated[str | None, internal]
    restored: Annotated[bool, public]
    rolled_back_at: Annotated[datetime, public]


class BenefitApplied(Event, frozen=True):
    """An application for a benefit changed its state."""

    subject = "points.benefit_applied.v1"
    application_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    benefit_id: Annotated[str, public]
    status: Annotated[str, public]  # applied, accepted, fulfilled, refused, overdue
    changed_at: Annotated[datetime, public]


class RenewalAnnounced(Event, frozen=True):
    """A paid membership ends soon and can be renewed; it never renews by itself."""

    subject = "points.renewal_announced.v1"
    member_id: Annotated[UUID, internal]
    membership_id: Annotated[UUID, internal]
    ends_on: Annotated[date, public]


class SettlementClosed(Event, frozen=True):
    """A month's statement is written for good."""

    subject = "points.settlement_closed.v1"
    month: Annotated[str, public]  # YYYY-MM
    closed_at: Annotated[datetime, public]


class LedgerCheckpointed(Event, frozen=True):
    """A signed Merkle root over all entries since the checkpoint before."""

    subject = "points.ledger_checkpointed.v1"
    checkpoint_id: Annotated[int, public]
    at: Annotated[datetime, public]
    entries: Annotated[int, public]
    root: Annotated[str, public]
    previous: Annotated[str, public]
    signature: Annotated[str, public]


class TagsChanged(Event, frozen=True):
    """Members have other tags than before (told by profile); a row is (member, version, tags).

    `tags` are all that the member has now: "tag", and "tag=value" for one with a value. A greater
    version is later, over all members.
    """

    subject = "profile.tags_changed.v1"
    members: Annotated[list[tuple[UUID, int, list[str]]], internal]


class ChurnRiskRaised(Event, frozen=True):
    """Members have become likely to stay away (told by profile); a row is (member, the chance).

    Told once a member and rise: whoever was at high risk before is not told again.
    """

    subject = "profile.churn_risk_raised.v1"
    as_of: Annotated[date, public]
    horizon_days: Annotated[int, public]
    members: Annotated[list[tuple[UUID, float]], internal]
