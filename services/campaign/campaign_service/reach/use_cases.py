"""Follow what is told about consents, addresses, the list of suppressed ones, and tags."""

from collections.abc import Sequence
from uuid import UUID

from campaign_service.reach import domain, repository
from campaign_service.reach.domain import Flip
from chassis.database import Tx
from contracts.events import IdentifierLinked, MessageSent
from contracts.gateway_events import ConsentChanged, SuppressionChanged
from contracts.points_events import TagsChanged


async def consents(tx: Tx, events: Sequence[ConsentChanged]) -> None:
    """Members answered. Of two who became one the gateway tells how the survivor stands."""
    flips = domain.agreed([answer for event in events for answer in event.answers])
    if flips:
        await repository.flip(tx, "agreed", flips)


async def linked(tx: Tx, events: Sequence[IdentifierLinked]) -> None:
    """Members have addresses."""
    found: dict[UUID, int] = {}
    for event in events:
        if mask := domain.ADDRESSES.get(event.kind, 0):
            found[event.member_id] = found.get(event.member_id, 0) | mask
    if found:
        await repository.flip(tx, "reach", [Flip(who, mask, 0) for who, mask in found.items()])


async def suppressions(tx: Tx, events: Sequence[SuppressionChanged]) -> None:
    """An address went on the list, or came off it: no marketing by it, or nothing at all."""
    for event in events:  # few, and of one member in a sequence that counts
        mask = domain.ADDRESSES.get(event.kind, 0)
        everything = event.scope != "marketing"
        if everything:
            mask &= domain.bits([event.scope])
        if mask:
            flip = Flip(event.member_id, *((mask, 0) if event.listed else (0, mask)))
            await repository.flip(tx, "barred" if everything else "suppressed", [flip])


async def refused(tx: Tx, events: Sequence[MessageSent]) -> None:
    """The gateway found no address, or one that is on the list: it is not tried again."""
    lost = [
        (event.member_id, domain.bits([event.channel]))
        for event in events
        if event.reason == "no_address" and event.member_id and event.channel
    ]
    if lost:
        await repository.unreach(tx, lost)
    listed: dict[UUID, int] = {}
    for event in events:
        if event.reason == "suppressed" and event.member_id and event.channel:
            before = listed.get(event.member_id, 0)
            listed[event.member_id] = before | domain.bits([event.channel])
    if listed:
        flips = [Flip(who, mask, 0) for who, mask in listed.items()]
        await repository.flip(tx, "suppressed", flips)


async def tags(tx: Tx, events: Sequence[TagsChanged]) -> None:
    """Members have come to buy somewhere else."""
    rows = [
        (member, version, domain.preferred(its))
        for event in events
        for member, version, its in event.members
    ]
    await repository.prefer(tx, rows)
