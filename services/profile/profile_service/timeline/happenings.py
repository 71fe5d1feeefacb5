"""What events of others say on the timeline: one function an event, one line in `READERS`. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events import (
    CouponOffered,
    MembersMerged,
    MembersSplit,
    MessageSent,
    OrdersRecorded,
    PointsBurnt,
    PointsExpired,
    TierChanged,
)
from contracts.gateway_events import ConsentChanged
from contracts.points_events import (
    BadgeEarned,
    BenefitApplied,
    CouponRolledBack,
    CouponsIssued,
    GrowthGained,
    PointsTransferred,
    ReferralRewarded,
)

Midnight = Callable[[Any], datetime]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that is kept for the timeline. `key` None: the fact has no name of its own, and one
    is made up; otherwise it is the same however often the fact is told."""

    member_id: UUID
    at: datetime
    kind: str
    name: str
    key: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def _burnt(event: PointsBurnt, _: Midnight) -> Iterable[Happening]:
    key, facts = str(event.journal_id), {"points": -event.points}
    yield Happening(event.member_id, event.burnt_at, "points", "burnt", key, facts)


def _expired(event: PointsExpired, midnight: Midnight) -> Iterable[Happening]:
    at = midnight(event.day)
    for member_id, points in event.members:
        yield Happening(member_id, at, "points", "expired", None, {"points": -points})


def _transferred(event: PointsTransferred, _: Midnight) -> Iterable[Happening]:
    key, at = str(event.journal_id), event.transferred_at
    given, received = {"points": -event.points}, {"points": event.points}
    yield Happening(event.giver_id, at, "points", "given", f"{key}-", given)
    yield Happening(event.receiver_id, at, "points", "received", f"{key}+", received)


def _gained(event: GrowthGained, _: Midnight) -> Iterable[Happening]:
    for member_id, act, growth, points in event.gains:
        facts = {"growth": growth, "act": act}
        yield Happening(member_id, event.gained_at, "growth", act, None, facts)
        if points:
            facts = {"points": points, "act": act}
            yield Happening(member_id, event.gained_at, "points", "earned", None, facts)


def _badge(event: BadgeEarned, _: Midnight) -> Iterable[Happening]:
    facts = {"badge": event.badge}
    yield Happening(event.member_id, event.earned_at, "growth", "badge", event.badge, facts)


def _referral(event: ReferralRewarded, _: Midnight) -> Iterable[Happening]:
    yield Happening(event.referrer_id, event.rewarded_at, "growth", "referral")
    yield Happening(event.referred_id, event.rewarded_at, "growth", "referred")


def _tier(event: TierChanged, _: Midnight) -> Iterable[Happening]:
    facts = {"previous": event.previous, "reason": event.reason}
    key = f"{event.previous}>{event.tier}"
    yield Happening(event.member_id, event.changed_at, "tier", event.tier, key, facts)


def _used(event: OrdersRecorded, _: Midnight) -> Iterable[Happening]:
    for order in event.orders:
        for code in order.coupons:
            key, facts = f"{order.order_no}:{code}", {"order_no": order.order_no}
            yield Happening(order.member_id, order.paid_at, "coupon", "used", key, facts)


def _offered(event: CouponOffered, _: Midnight) -> Iterable[Happening]:
    facts = {"percent_off": event.percent_off, "until": event.valid_until.isoformat()}
    key = str(event.coupon_id)
    yield Happening(event.member_id, event.valid_from, "coupon", "issued", key, facts)


def _issued(event: CouponsIssued, _: Midnight) -> Iterable[Happening]:
    for coupon_id, _code, member_id in event.coupons:
        yield Happening(member_id, event.issued_at, "coupon", "issued", str(coupon_id))


def _rolled_back(event: CouponRolledBack, _: Midnight) -> Iterable[Happening]:
    name = "restored" if event.restored else "lapsed"
    facts = {"order_no": event.order_no} if event.order_no else {}
    at = event.rolled_back_at
    yield Happening(event.member_id, at, "coupon", name, f"{event.order_no}:{event.code}", facts)


def _sent(event: MessageSent, _: Midnight) -> Iterable[Happening]:
    if event.status == "sent" and event.member_id is not None and event.sent_at is not None:
        key, facts = str(event.delivery_id), {"channel": event.channel}
        yield Happening(event.member_id, event.sent_at, "message", "sent", key, facts)


def _merged(event: MembersMerged, _: Midnight) -> Iterable[Happening]:
    key = str(event.merge_id)
    yield Happening(event.survivor_id, event.merged_at, "identity", "merged", key)


def _split(event: MembersSplit, _: Midnight) -> Iterable[Happening]:
    key, facts = str(event.merge_id), {"merged_at": event.merged_at.isoformat()}
    for member_id in (event.survivor_id, event.restored_id):
        yield Happening(member_id, event.split_at, "identity", "split", key, facts)


def _consent(event: ConsentChanged, _: Midnight) -> Iterable[Happening]:
    for each in event.answers:
        name = "granted" if each.granted else "refused"
        key = f"{each.purpose}:{each.channel or ''}"
        facts = {"purpose": each.purpose, "channel": each.channel}
        yield Happening(each.member_id, event.changed_at, "consent", name, key, facts)


def _benefit(event: BenefitApplied, _: Midnight) -> Iterable[Happening]:
    key, facts = f"{event.application_id}:{event.status}", {"benefit": event.benefit_id}
    yield Happening(event.member_id, event.changed_at, "benefit", event.status, key, facts)


READERS: Mapping[type[Any], Callable[[Any, Midnight], Iterable[Happening]]] = {
    PointsBurnt: _burnt,
    PointsExpired: _expired,
    PointsTransferred: _transferred,
    GrowthGained: _gained,
    BadgeEarned: _badge,
    ReferralRewarded: _referral,
    TierChanged: _tier,
    OrdersRecorded: _used,
    CouponOffered: _offered,
    CouponsIssued: _issued,
    CouponRolledBack: _rolled_back,
    MessageSent: _sent,
    MembersMerged: _merged,
    MembersSplit: _split,
    ConsentChanged: _consent,
    BenefitApplied: _benefit,
}
