"""Concurrent callers share one database call: whoever waits at that moment rides along."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Coalescer(Generic[Item, Answer]):
    """Gathers submitted items into micro-batches run by a few workers.

    `run_batch(items)` answers one result an item, in order; a result that is an exception is raised
    to its own caller only. If the batch itself fails, every caller in it gets that failure; but
    where `alone(failure)` says that nothing was done, each item is run by itself, and only those
    that fail again do.
    """

    def __init__(
        self,
        run_batch: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | Exception]]],
        *,
        max_batch: int = 512,
        workers: int = 2,
        alone: Callable[[Exception], bool] = lambda _: False,
    ) -> None:
        self._run_batch, self._max_batch, self._workers = run_batch, max_batch, workers
        self._alone = alone
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, item: Item) -> Answer:
        """Hand in one item and wait for its answer."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if len(self._running) < self._workers:
            task = asyncio.create_task(self._work())
            self._running.add(task)
        return await future

    async def _work(self) -> None:
        try:
            await self._drain()
        finally:  # at once: a done callback comes later than callers who submit again
            self._running.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _drain(self) -> None:
        while self._waiting:
            batch = self._waiting[: self._max_batch]
            del self._waiting[: self._max_batch]
            answers = await self._answers([item for item, _ in batch])
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.done():  # its caller has gone
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _answers(self, items: Sequence[Item]) -> Sequence[Answer | Exception]:
        try:
            return await self._run_batch(items)
        except Exception as error:  # noqa: BLE001 - handed to every caller of the batch
            if len(items) == 1 or not self._alone(error):
                return [error] * len(items)
        return [answer for item in items for answer in await self._answers([item])]
