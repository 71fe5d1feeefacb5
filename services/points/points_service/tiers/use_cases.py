"""A ladder as the API shows it, and what happens with every change of tier."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.events import TierChanged
from contracts.points.tiers import TierCondition, TierLadder, TierRung
from points_service.tiers import repository
from points_service.tiers.domain import Step


async def show(tx: Tx, ladder_id: str) -> TierLadder:
    """A ladder's tiers and their conditions; raises Problem 404."""
    ladder = await repository.ladder(tx, ladder_id)
    return TierLadder(
        ladder_id=ladder.ladder_id,
        name=ladder.name,
        tiers=[
            TierRung(
                name=rung.name,
                points_percent=rung.points_percent,
                price_percent=rung.price_percent,
                conditions=[
                    TierCondition(kind=each.kind, at_least=each.at_least)
                    for each in rung.conditions
                ],
            )
            for rung in ladder.rungs
        ],
    )


async def record(tx: Tx, steps: Sequence[Step]) -> None:
    """Keep them and tell them."""
    await repository.add_steps(tx, steps)
    for step in steps:
        tx.publish(
            TierChanged(step.member_id, step.tier, step.previous, step.reason, step.changed_at)
        )
