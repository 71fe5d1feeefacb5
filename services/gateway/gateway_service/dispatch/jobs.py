"""Sending: one job a provider; a call that is slow holds up only itself."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from chassis.database import Database
from chassis.jobs import BackgroundJob, DailyJob
from chassis.logs import log
from gateway_service.dispatch import use_cases
from gateway_service.dispatch.carrier import Carrier
from gateway_service.dispatch.use_cases import Dispatch, Work

AT_ONCE = 32  # calls of one provider
_PACE = 0.1  # seconds until the rate is looked at again


class Sender:
    """What is being sent to one provider. What is cut off is settled when its lease has ended."""

    def __init__(self, dispatch: Dispatch, carrier: Carrier) -> None:
        self._dispatch, self._carrier = dispatch, carrier
        self._calls: dict[UUID, asyncio.Task[None]] = {}

    async def run(self, db: Database, _now: datetime) -> None:
        """Until nothing is due, or the provider's circuit is open. What its rate holds up goes on
        bit by bit."""
        while await self._round(db):
            calls = [*self._calls.values(), asyncio.create_task(asyncio.sleep(_PACE))]
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)

    async def stop(self) -> None:
        """Cut off what is being sent."""
        calls = [*self._calls.values()]
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await self._carrier.close()

    async def _round(self, db: Database) -> bool:
        """Begin what is due and allowed; whether there is anything to wait for."""
        room = AT_ONCE - len(self._calls)
        ready = await use_cases.prepared(db, self._carrier, room) if room > 0 else 0
        work: list[Work] | None = None
        if ready:
            async with db.transaction() as tx:
                work = await use_cases.claim(tx, self._dispatch, self._carrier, ready)
            for each in work or ():
                call = asyncio.create_task(self._carry(db, each))
                self._calls[each.claimed.delivery_id] = call
        return bool(self._calls) or work is not None

    async def _carry(self, db: Database, work: Work) -> None:
        try:
            await use_cases.carry(db, self._dispatch, self._carrier, work)
        except Exception as error:  # noqa: BLE001 - it is taken up when its lease ends
            log.warning("message_unsettled", error=type(error).__name__)
        finally:
            del self._calls[work.claimed.delivery_id]


def dispatched(senders: Iterable[Sender]) -> list[BackgroundJob | DailyJob]:
    """Each looks every second; receipts that no message ever claimed go at night."""
    jobs = [BackgroundJob("dispatch", sender.run) for sender in senders]
    return [*jobs, DailyJob("early_receipts", use_cases.sweep)]
