"""campaign asks for budgets, gives points, gives budgets back."""

from collections.abc import Sequence

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.campaign.budgets import BudgetReleased, BudgetRequested, PointsOffered
from points_service.budgets import use_cases
from points_service.programme import Programme


def subscriptions(programme: Programme) -> list[Subscription]:
    """What is heard, under a programme's figures."""

    async def on_requested(tx: Tx, events: Sequence[BudgetRequested]) -> None:
        await use_cases.reserve(tx, programme, events)

    async def on_points(tx: Tx, events: Sequence[PointsOffered]) -> None:
        await use_cases.grant(tx, programme, events)

    return [
        Subscription(BudgetRequested, on_requested),
        Subscription(PointsOffered, on_points),
        Subscription(BudgetReleased, use_cases.release),
    ]
