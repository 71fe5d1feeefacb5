"""Keep the projection of members up to date."""

from collections.abc import Sequence

from campaign_service.audiences import domain, repository
from chassis.database import Tx
from contracts.events import MemberRegistered, MembersMerged, OrdersRecorded


async def register(tx: Tx, events: Sequence[MemberRegistered]) -> None:
    """New members."""
    rows = [
        (event.member_id, event.registered_at, domain.language(event.language)) for event in events
    ]
    await repository.register(tx, rows)


async def fold_orders(tx: Tx, events: Sequence[OrdersRecorded]) -> None:
    """Orders move the last purchase on."""
    orders = [(order.member_id, order.paid_at) for event in events for order in event.orders]
    await repository.fold_orders(tx, orders)


async def merge(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Several ids turn out to be one person."""
    await repository.lock(tx)
    known = await repository.aliases(tx, [event.survivor_id for event in events])
    pairs = [(event.absorbed_id, event.survivor_id) for event in events]
    await repository.merge(tx, domain.survivors(pairs, known))
