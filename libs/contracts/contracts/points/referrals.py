"""Who brought whom."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Model
from contracts.classification import Kind, internal, personal, public
from contracts.operations import PAGING, Operation, Query
from contracts.roles import SERVING, Role

Status = Literal["pending", "review", "refused", "rewarded", "reversed"]


class ReferralLink(Model):
    """A member's code, to be put into a link; it tells nothing about the member."""

    member_id: Annotated[UUID, internal]
    code: Annotated[str, internal]


class ReferralRequest(Model):
    """A new member came by a code. `device_id`: where the link was opened."""

    code: Annotated[str, Field(pattern=r"^[A-Z2-7]{16}$"), internal]
    member_id: Annotated[UUID, internal]
    device_id: Annotated[str | None, Field(min_length=1, max_length=512),
                         personal(Kind.DEVICE_ID, at="identifier.value")] = None  # fmt: skip


class Referral(Model):
    """Who brought whom, and what became of it.

    pending: waits for the first purchase. review: something looks wrong (`reasons`), staff decide.
    rewarded after the first purchase; reversed because that was given back. Reasons: self_referral,
    same_device, same_payment, ring, velocity; not_new (had bought before), attributed_before (two
    who were brought are one), first_purchase_refunded.
    """

    referral_id: Annotated[UUID, internal]
    referrer_id: Annotated[UUID, internal]
    referred_id: Annotated[UUID, internal]
    status: Annotated[Status, public]
    reasons: Annotated[list[str], internal]
    attributed_at: Annotated[datetime, public]
    first_order_no: Annotated[str | None, internal]
    rewarded_at: Annotated[datetime | None, public]
    decided_by: Annotated[str | None, internal]


class Referrals(Model):
    """A page, newest first."""

    data: Annotated[list[Referral], internal]
    next_cursor: Annotated[str | None, public]


class ReferralDecision(Model):
    """What staff decide about one in review."""

    decision: Annotated[Literal["accept", "refuse"], public]


class ReferralReceipt(Model):
    """What the one who was brought may know."""

    referral_id: Annotated[UUID, internal]
    status: Annotated[Literal["pending", "review", "refused"], public]


_REVIEWERS = frozenset({Role.SERVICE_AGENT, Role.COMPLIANCE, Role.OPERATOR, Role.ADMIN})

OPERATIONS: list[Operation] = [
    Operation(
        "POST", "/v1/members/{member_id}/referral-links", "points", "The member's referral code",
        SERVING | {Role.MEMBER}, response=ReferralLink, tags=("referrals",),
    ),
    Operation(
        "POST", "/v1/referrals", "points", "A new member was brought by another",
        SERVING | {Role.MEMBER}, ReferralRequest, ReferralReceipt,
        idempotent=True, own=None, tags=("referrals",),
    ),
    Operation(
        "GET", "/v1/referrals", "points", "Referrals, by status",
        _REVIEWERS, response=Referrals,
        query=(Query("status", str, "only these: pending, review, refused, rewarded, reversed"),
               *PAGING),
        own=None, tags=("referrals",),
    ),
    Operation(
        "POST", "/v1/referrals/{referral_id}/decide", "points", "Decide about one in review",
        _REVIEWERS, ReferralDecision, Referral, idempotent=True, own=None, tags=("referrals",),
    ),
]  # fmt: skip
