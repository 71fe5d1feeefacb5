"""Room in the stream of collected behaviour: what everybody has read goes when it grows full.

The stream refuses new messages when it is full, so that nothing unread is ever pushed out; clients
are told to come back later.
"""

from datetime import datetime
from typing import Any

import nats.errors

from chassis.bus import Bus
from chassis.database import Database
from chassis.logs import log

STREAM = "ACTIVITY"
READERS = frozenset({"gateway", "identity", "points", "profile"})  # nothing goes before they exist
FULL_ENOUGH = 0.5


class Room:
    """Looks after the stream of the bus it is given at the start."""

    bus: Bus | None = None

    async def make(self, _db: Database, _now: datetime) -> None:
        """Drop what all readers have acknowledged, if the stream is more than half full."""
        if self.bus is None or not self.bus.connected:
            return
        try:
            info = await self.bus.js.stream_info(STREAM)
            if info.config.max_bytes > 0 and info.state.bytes > FULL_ENOUGH * info.config.max_bytes:
                readers = await self.bus.js.consumers_info(STREAM)
                read = _read_by_all(readers, info.state.last_seq)
                if read >= info.state.first_seq:
                    await self.bus.js.purge_stream(STREAM, seq=read + 1)
                    log.info("stream_room_made", messages=read + 1 - info.state.first_seq)
        except (nats.errors.Error, TimeoutError) as error:  # away; the next round asks again
            log.warning("stream_room", error=type(error).__name__)


def _read_by_all(readers: list[Any], last: int) -> int:
    """The last message that everybody has read, all before it included; 0 if nobody knows.

    `last` is the stream's last message, asked for before the readers were.
    """
    if not {reader.name for reader in readers} >= READERS:
        return 0
    return min(
        reader.ack_floor.stream_seq if reader.num_pending or reader.num_ack_pending else last
        for reader in readers
    )
