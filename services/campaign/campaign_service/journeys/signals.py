"""What services tell, as events of a member that journeys hear. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, tzinfo
from typing import Any
from uuid import UUID

from campaign_service.journeys.domain import Signal
from contracts.behaviour import BehaviourSeen
from contracts.campaign.journey_nodes import DID
from contracts.events import (
    BirthdaysAnnounced,
    MemberRegistered,
    OrderRefunded,
    OrdersRecorded,
    TierChanged,
)
from contracts.gateway_events import ConsentChanged
from contracts.points_events import ChurnRiskRaised, PointsExpiring, ReferralRewarded
from contracts.segments import SegmentEntered, SegmentLeft


def of_registered(event: MemberRegistered) -> Iterator[Signal]:
    """A new member."""
    told = {"channel": event.channel, "language": event.language}
    yield Signal("registered", str(event.member_id), event.member_id, event.registered_at, told)


def of_orders(event: OrdersRecorded) -> Iterator[Signal]:
    """Each order, as of when it was paid."""
    for order in event.orders:
        told = {"paid_fen": order.paid_fen, "store": order.store_id, "channel": order.channel,
                "coupons": len(order.coupons)}  # fmt: skip
        yield Signal("order_paid", order.order_no, order.member_id, order.paid_at, told)


def of_refund(event: OrderRefunded) -> Iterator[Signal]:
    """An order that was given back."""
    told = {"refund_fen": event.refund_fen, "store": event.store_id}
    key = f"{event.order_no}/{event.refund_no}"
    yield Signal("order_refunded", key, event.member_id, event.refunded_at, told)


def of_tier(event: TierChanged) -> Iterator[Signal]:
    """Up or down the ladder."""
    told = {"tier": event.tier, "previous": event.previous, "reason": event.reason}
    key = f"{event.changed_at.isoformat()}/{event.tier}"
    yield Signal("tier_changed", key, event.member_id, event.changed_at, told)


def of_segment(event: SegmentEntered | SegmentLeft) -> Iterator[Signal]:
    """In or out; `version` numbers every change of a segment."""
    entered = isinstance(event, SegmentEntered)
    name = "segment_entered" if entered else "segment_left"
    moment = event.entered_at if isinstance(event, SegmentEntered) else event.left_at
    key = f"{event.segment_id}/{event.version}"
    for member in event.members:
        yield Signal(name, key, member, moment, {"segment": str(event.segment_id)})


def of_consent(event: ConsentChanged) -> Iterator[Signal]:
    """A no to marketing by a channel."""
    for answer in event.answers:
        if answer.purpose == "marketing" and answer.channel and not answer.granted:
            key = f"{event.changed_at.isoformat()}/{answer.channel}"
            told = {"channel": answer.channel}
            yield Signal("consent_withdrawn", key, answer.member_id, event.changed_at, told)


def of_churn(event: ChurnRiskRaised, now: datetime) -> Iterator[Signal]:
    """A high risk, as of when it is heard: `as_of` is a day of the past that was looked at."""
    for member, chance in event.members:
        told = {"percent": round(chance * 100)}
        yield Signal("churn_risk", event.as_of.isoformat(), member, now, told)


def of_expiring(event: PointsExpiring, now: datetime) -> Iterator[Signal]:
    """Points that go soon."""
    for member, points in event.members:
        told = {"points": points, "days": event.days_ahead}
        yield Signal("points_expiring", f"{event.day}/{event.days_ahead}", member, now, told)


def of_referral(event: ReferralRewarded) -> Iterator[Signal]:
    """Told of who referred."""
    yield Signal("referral_rewarded", str(event.referred_id), event.referrer_id, event.rewarded_at)


def of_birthdays(event: BirthdaysAnnounced, zone: tzinfo) -> Iterator[Signal]:
    """At the beginning of the day."""
    moment = datetime.combine(event.day, time(), zone)
    for member in event.members:
        yield Signal("birthday", event.day.isoformat(), member, moment)


def of_behaviour(event: BehaviourSeen) -> Iterator[Signal]:
    """What members did, as far as it was asked for."""
    for seen in event.seen:
        key = f"{seen.occurred_at.isoformat()}"
        told = {"channel": seen.channel, **seen.properties}
        yield Signal(f"{DID}{seen.name}", key, seen.member_id, seen.occurred_at, told)


# What became of a message: (delivery, state, when).
States = Sequence[tuple[UUID, str, datetime]]
MESSAGE_SIGNALS = {
    "sent": "message_sent", "refused": "message_refused", "delivered": "message_delivered",
    "failed": "message_failed", "opened": "message_opened", "clicked": "link_clicked",
}  # fmt: skip


def of_messages(states: States, messages: dict[UUID, Any]) -> Iterator[Signal]:
    """`messages` are rows of those that journeys sent: member, campaign and step by delivery."""
    for delivery_id, state, moment in states:
        message = messages.get(delivery_id)
        if message is not None and state in MESSAGE_SIGNALS:
            told = {"node": message["step"], "campaign": str(message["campaign_id"])}
            yield Signal(
                MESSAGE_SIGNALS[state], str(delivery_id), message["member_id"], moment, told
            )
