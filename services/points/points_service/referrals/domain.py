"""Referrals: what they go through, and what makes them suspicious."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Status(StrEnum):
    """pending waits for the first purchase; review waits for staff."""

    PENDING = "pending"
    REVIEW = "review"
    REFUSED = "refused"
    REWARDED = "rewarded"
    REVERSED = "reversed"


class Reason(StrEnum):
    """What is wrong with a referral."""

    SELF = "self_referral"
    DEVICE = "same_device"
    PAYMENT = "same_payment"
    RING = "ring"
    VELOCITY = "velocity"
    NOT_NEW = "not_new"  # turned out to be somebody who had bought before
    SECOND = "attributed_before"  # two who were brought turned out to be one
    REFUNDED = "first_purchase_refunded"


@dataclass(frozen=True, slots=True)
class Terms:
    """Figures of the referral programme."""

    new_for: timedelta = timedelta(days=30)  # so long after registration one counts as new
    longest_ring: int = 4
    daily: int = 10  # more in 24 hours are looked at by staff
    reversible: timedelta = timedelta(days=30)  # a first purchase given back by then


@dataclass(frozen=True, slots=True)
class Referral:
    """Who brought whom; `growth` and `points` are what the reward was."""

    referral_id: UUID
    referrer_id: UUID
    referred_id: UUID
    status: Status
    reasons: tuple[str, ...]
    attributed_at: datetime
    first_order_no: str | None = None
    purchased_at: datetime | None = None
    rewarded_at: datetime | None = None
    growth: int = 0
    points: int = 0
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about the two. `brought_by` has who brought the referrer, and so on upwards."""

    shared_devices: bool = False
    shared_payment: bool = False
    brought_by: Mapping[UUID, UUID] | None = None
    last_day: int = 0


def suspicions(referrer: UUID, referred: UUID, evidence: Evidence, terms: Terms) -> tuple[str, ...]:
    """Reasons for staff to look, in a fixed sequence."""
    found: Iterable[tuple[Reason, bool]] = (
        (Reason.SELF, referrer == referred),
        (Reason.DEVICE, evidence.shared_devices),
        (Reason.PAYMENT, evidence.shared_payment),
        (Reason.RING, closes_ring(referrer, referred, evidence.brought_by or {}, terms)),
        (Reason.VELOCITY, evidence.last_day > terms.daily),
    )
    return tuple(reason for reason, holds in found if holds)


def closes_ring(
    referrer: UUID, referred: UUID, brought_by: Mapping[UUID, UUID], terms: Terms
) -> bool:
    """Whether the referred one brought the referrer, directly or through others."""
    above: UUID | None = brought_by.get(referrer)
    for _ in range(terms.longest_ring - 2):
        if above is None or above == referred:
            break
        above = brought_by.get(above)
    return above is not None and above == referred
