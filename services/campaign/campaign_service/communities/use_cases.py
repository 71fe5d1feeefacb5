"""Open, join and leave communities; learn and tell whom others follow."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from campaign_service.activities.use_cases import member
from campaign_service.communities import repository
from chassis.database import Tx
from chassis.problem import Problem
from contracts import activities as api
from contracts.points_events import GrowthGained, ReferralRewarded

WINDOW = timedelta(days=365)
STEPS = 3  # how far somebody's reach goes
SHARE = "share"  # the act that counts as one


async def put(tx: Tx, interest: str, body: api.CommunityRequest) -> api.Community:
    """Open a community, or rename it."""
    await repository.put(tx, interest, body.name.model_dump())
    (row,) = await repository.communities(tx, interest)
    return api.Community(**row)


async def listed(tx: Tx) -> api.Communities:
    """All of them."""
    return _answer(await repository.communities(tx))


async def of_member(tx: Tx, member_id: UUID) -> api.Communities:
    """Those that a member is in. Raises Problem 404."""
    return _answer(await repository.of_member(tx, await member(tx, member_id)))


async def join(tx: Tx, member_id: UUID, interest: str) -> api.Communities:
    """One more. Raises Problem 404."""
    if not await repository.join(tx, interest, await member(tx, member_id)):
        raise Problem(404, "unknown_community", "There is no such community")
    return await of_member(tx, member_id)


async def leave(tx: Tx, member_id: UUID, interest: str) -> api.Communities:
    """One less. Raises Problem 404 for the member."""
    await repository.leave(tx, interest, await member(tx, member_id))
    return await of_member(tx, member_id)


async def on_rewarded(tx: Tx, events: Sequence[ReferralRewarded]) -> None:
    """Who brought whom."""
    await repository.add_followers(
        tx, [(event.referred_id, event.referrer_id, event.rewarded_at) for event in events]
    )


async def on_gained(tx: Tx, events: Sequence[GrowthGained]) -> None:
    """Who shared."""
    shares = [
        (gain[0], event.gained_at) for event in events for gain in event.gains if gain[1] == SHARE
    ]
    if shares:
        await repository.add_shares(tx, shares)


async def advocates(tx: Tx, limit: int) -> api.Advocates:
    """Whom others follow, highest score first."""
    rows = await repository.advocates(tx, tx.now - WINDOW, STEPS, limit)
    return api.Advocates(data=[api.Advocate(**row) for row in rows])


def _answer(rows: Sequence[Any]) -> api.Communities:
    return api.Communities(data=[api.Community(**row) for row in rows])
