"""profile tells tags."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.points_events import TagsChanged
from points_service.earning import use_cases


async def on_tags(tx: Tx, events: Sequence[TagsChanged]) -> None:
    """Members have other tags."""
    await use_cases.tag(tx, events)
