"""What triggers hear: whatever any kind of them does."""

from collections.abc import Sequence
from typing import Any

from campaign_service.decisions.use_cases import Desk
from campaign_service.triggers import use_cases
from campaign_service.triggers.rules import RULES
from chassis.bus import Subscription
from chassis.database import Tx

on_merged = use_cases.follow_merges


def subscriptions(desk: Desk) -> list[Subscription]:
    """Each event once, whichever kinds hear it."""

    async def on_happened(tx: Tx, events: Sequence[Any]) -> None:
        await use_cases.happened(tx, desk, events)

    heard = dict.fromkeys(rule.hears for rule in RULES.values())
    return [Subscription(event, on_happened) for event in heard]
