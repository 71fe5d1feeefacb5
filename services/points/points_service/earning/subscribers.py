"""profile tells tags."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.points_events import TagsChanged
from points_service.earning import use_cases


async def on_tags(tx: Tx, events: Sequence[TagsChanged]) -> None:
    """Members got or lost tags; what is told last counts."""
    changes = {(row[0], row[1]): row[2] for event in events for row in event.changes}
    await use_cases.tag(tx, changes)
