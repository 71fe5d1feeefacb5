"""What services tell that partners are to hear of."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.campaign.journey_events import JourneyReached
from contracts.events import OrderRefunded, OrdersRecorded, PointsBurnt, RecordedOrder
from contracts.gateway.webhooks import WebhookEvent
from contracts.points_events import SettlementClosed
from gateway_service.webhooks.domain import Happening
from gateway_service.webhooks.use_cases import Webhooks, tell

Handler = Callable[[Tx, Sequence[Any]], Awaitable[None]]


def on_booked(hooks: Webhooks) -> Handler:
    """The handler of `points.orders_recorded.v1`."""

    async def handle(tx: Tx, events: Sequence[OrdersRecorded]) -> None:
        await tell(tx, hooks, [each for e in events for o in e.orders for each in of_order(o)])

    return handle


def subscriptions(hooks: Webhooks) -> list[Subscription]:
    """The others."""
    return [
        Subscription(OrderRefunded, _telling(hooks, of_refund), early=True),
        Subscription(PointsBurnt, _telling(hooks, of_burnt), early=True),
        Subscription(SettlementClosed, _telling(hooks, of_settlement), early=True),
        Subscription(JourneyReached, _on_journey(hooks), early=True),
    ]


def _telling(hooks: Webhooks, of: Callable[[Any], Happening]) -> Handler:
    async def handle(tx: Tx, events: Sequence[Any]) -> None:
        await tell(tx, hooks, [of(event) for event in events])

    return handle


def _on_journey(hooks: Webhooks) -> Handler:
    async def handle(tx: Tx, events: Sequence[JourneyReached]) -> None:
        await tell(tx, hooks, [each for event in events for each in of_journey(event)])

    return handle


def of_journey(event: JourneyReached) -> Iterator[Happening]:
    """Members who came to a node; no store's business, so partners do not hear of it."""
    told = {"journey_id": str(event.journey_id), "node": event.node, "topic": event.topic}
    for step_id, member, moment in event.reached:
        yield Happening(WebhookEvent.JOURNEY_REACHED, moment, told, "", member, step_id)


def of_order(order: RecordedOrder) -> Iterator[Happening]:
    """Points that it earned, and each coupon that it used."""
    named = {"order_no": order.order_no, "store_id": order.store_id}
    yield Happening(
        WebhookEvent.ORDER_RECORDED, order.paid_at, {**named, "points": order.points},
        order.store_id, order.member_id,
    )  # fmt: skip
    for code in order.coupons:
        yield Happening(
            WebhookEvent.COUPON_REDEEMED, order.paid_at, {**named, "code": code},
            order.store_id, order.member_id,
        )  # fmt: skip


def of_refund(event: OrderRefunded) -> Happening:
    """Points that it took back."""
    return Happening(
        WebhookEvent.ORDER_REFUNDED, event.refunded_at,
        {"order_no": event.order_no, "refund_no": event.refund_no, "store_id": event.store_id,
         "points": event.points},
        event.store_id or "", event.member_id,
    )  # fmt: skip


def of_burnt(event: PointsBurnt) -> Happening:
    """Points that were spent in a store, or elsewhere."""
    return Happening(
        WebhookEvent.POINTS_BURNT, event.burnt_at,
        {"redemption_id": str(event.journal_id), "store_id": event.store_id,
         "points": event.points},
        event.store_id or "", event.member_id,
    )  # fmt: skip


def of_settlement(event: SettlementClosed) -> Happening:
    """Its figures are at `GET /v1/partners/{partner_id}/settlements`."""
    return Happening(WebhookEvent.SETTLEMENT_CLOSED, event.closed_at, {"month": event.month})
