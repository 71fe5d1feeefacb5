"""Keep the projection of members up to date."""

from collections.abc import Sequence
from uuid import UUID

from campaign_service.audiences import domain, repository
from chassis.database import Tx
from contracts.events import MemberRegistered, MembersMerged, OrdersRecorded, TierChanged
from contracts.segments import SegmentEntered, SegmentLeft


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


async def change_tiers(tx: Tx, events: Sequence[TierChanged]) -> set[UUID]:
    """Members stand elsewhere on the ladder; answers who they are now."""
    changes = [(event.member_id, event.tier, event.changed_at) for event in events]
    return await repository.change_tiers(tx, changes)


async def enter(tx: Tx, events: Sequence[SegmentEntered]) -> dict[UUID, set[UUID]]:
    """Members are in segments now; answers those who were not before, by segment."""
    await repository.lock(tx)
    entered: dict[UUID, set[UUID]] = {}
    for event in events:
        new = await repository.enter(
            tx, event.segment_id, event.members, event.entered_at, event.version
        )
        entered.setdefault(event.segment_id, set()).update(new)
    return entered


async def leave(tx: Tx, events: Sequence[SegmentLeft]) -> None:
    """Members are in segments no more."""
    await repository.lock(tx)
    for event in events:
        await repository.leave(tx, event.segment_id, event.members, event.version)


async def merge(tx: Tx, events: Sequence[MembersMerged]) -> None:
    """Several ids turn out to be one person."""
    await repository.lock(tx)
    known = await repository.aliases(tx, [event.survivor_id for event in events])
    pairs = [(event.absorbed_id, event.survivor_id) for event in events]
    await repository.merge(tx, domain.survivors(pairs, known))
