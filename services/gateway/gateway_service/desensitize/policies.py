"""The policy in force: read at the start, and again when its file changes, without a restart."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from prometheus_client import Gauge

from chassis.clock import Clock
from chassis.logs import log
from gateway_service.desensitize.cedar import SHIPPED, BadPolicy, compiled
from gateway_service.desensitize.domain import Table

LOOK_SECONDS = 1.0
REFUSED = Gauge("huiyuan_policy_refused", "1 while the policy file cannot be used")

Told = Callable[["Policies"], Awaitable[None]]


class Policies:
    """`table` is what decides. A file that cannot be used changes nothing but `refused`.

    Raises BadPolicy if there is no usable one to begin with.
    """

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self._path, self._clock = path or SHIPPED, clock
        self._seen = self._stamp()
        self._look_at = time.monotonic() + LOOK_SECONDS
        self._reading: asyncio.Task[None] | None = None
        self.table: Table = compiled(self._path.read_text())
        self.loaded_at: datetime = clock.now()
        self.refused: str | None = None
        self.told: Told | None = None

    def current(self) -> Table:
        """The table in force; looks now and then whether its file has changed."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._reading = asyncio.create_task(self.reload())
        return self.table

    async def reload(self) -> None:
        """Read the file and use it, or say why not. Compiling must not hold up the loop."""
        try:
            text = self._path.read_text()
            table = await asyncio.to_thread(compiled, text)
        except (OSError, ValueError) as error:
            self.refused = str(error) if isinstance(error, BadPolicy) else type(error).__name__
            log.error("policy_refused", path=str(self._path), in_force=self.table.digest)
        else:
            self.table, self.loaded_at, self.refused = table, self._clock.now(), None
            log.info("policy_loaded", digest=table.digest)
        REFUSED.set(self.refused is not None)
        if self.told is not None:
            await self.told(self)

    def _stamp(self) -> tuple[int, int]:
        """What a change of the file changes; nothing while it is away."""
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)
