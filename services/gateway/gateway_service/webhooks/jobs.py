"""Sending: due messages of many webhooks at once; one that is slow holds up only itself."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Database
from chassis.jobs import BackgroundJob
from chassis.logs import log
from gateway_service.webhooks import repository
from gateway_service.webhooks.domain import LEASE, Due
from gateway_service.webhooks.use_cases import Webhooks, send

WEBHOOKS_AT_ONCE = 16
MESSAGES_AT_ONCE = 4  # of one webhook


class Sender:
    """What is being sent. What is cut off is tried again when its lease has ended."""

    def __init__(self, hooks: Webhooks) -> None:
        self._hooks = hooks
        self._sending: dict[UUID, asyncio.Task[None]] = {}

    async def run(self, db: Database, _now: datetime) -> None:
        """Until nothing is due that is not being sent already."""
        while await self._round(db):
            await asyncio.wait([*self._sending.values()], return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """Cut off what is being sent."""
        sending = [*self._sending.values()]
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def _round(self, db: Database) -> bool:
        """Begin what is due; whether there is room for more, and might be something."""
        room = WEBHOOKS_AT_ONCE - len(self._sending)
        if room > 0:
            async with db.transaction() as tx:
                taken = await repository.take(
                    tx, self._sending.keys(), room, MESSAGES_AT_ONCE, LEASE
                )
            for webhook_id, due in taken.items():
                task = asyncio.create_task(self._send(db, webhook_id, due))
                self._sending[webhook_id] = task
            return bool(taken)
        return bool(self._sending)

    async def _send(self, db: Database, webhook_id: UUID, due: Sequence[Due]) -> None:
        try:
            async with db.transaction(readonly=True) as tx:
                endpoint = await repository.find(tx, webhook_id, None)
            if endpoint is not None:
                await asyncio.gather(*(send(db, self._hooks, endpoint, each) for each in due))
        except Exception as error:  # noqa: BLE001 - it is due again when its lease ends
            log.warning("webhook_unsettled", error=type(error).__name__)
        finally:
            del self._sending[webhook_id]


def posted(sender: Sender) -> BackgroundJob:
    """Looks every second."""
    return BackgroundJob("webhooks", sender.run)
