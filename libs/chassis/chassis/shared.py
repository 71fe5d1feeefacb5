"""Endpoints whose concurrent callers share a transaction, each with its own key and answer."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from chassis.coalesce import Coalescer
from chassis.database import Database, Tx, undone
from chassis.idempotency import Key, keep, key_of, still_running, take
from chassis.principal import Principal
from chassis.problem import Problem

Ask = TypeVar("Ask")
Act = Callable[[Tx, Sequence[Ask]], Awaitable[Sequence[BaseModel | Problem]]]


class _Undone(Exception):
    """Rolls back what a dry run did."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body


@dataclass(frozen=True, slots=True)
class _Call(Generic[Ask]):
    ask: Ask
    key: Key | None


class Shared(Generic[Ask]):
    """What an endpoint does for everybody who calls at the same moment.

    `act(tx, asks)` has an answer for each, in sequence, or a Problem and then wrote nothing for
    it. If it fails as a whole, each call is tried by itself, so that one stops nobody else.
    """

    def __init__(self, db: Database, act: Act[Ask], *, max_batch: int) -> None:
        self._db, self._act = db, act
        self._calls: Coalescer[_Call[Ask], Response] = Coalescer(
            self._run, max_batch=max_batch, alone=undone
        )

    async def __call__(
        self, request: Request, principal: Principal, ask: Ask, *, dry_run: bool = False
    ) -> Response:
        """The answer to this call, or to the one before with its key; raises as `Once` does.

        A dry run is done by itself, and undone.
        """
        if dry_run:
            return await self._tried(ask)
        return await self.submit(ask, await key_of(request, principal))

    async def submit(self, ask: Ask, key: Key | None = None) -> Response:
        """The same for a caller that is no request."""
        return await self._calls.submit(_Call(ask, key))

    async def _tried(self, ask: Ask) -> Response:
        try:
            async with self._db.transaction() as tx:
                [answer] = await self._act(tx, [ask])
                if isinstance(answer, Problem):
                    raise answer
                raise _Undone(answer.model_dump_json().encode())
        except _Undone as undone_:
            return Response(undone_.body, media_type="application/json")

    async def _run(self, calls: Sequence[_Call[Ask]]) -> list[Response | Exception]:
        async with self._db.transaction() as tx:
            told = await _told(tx, calls)
            fresh = [place for place in range(len(calls)) if place not in told]
            asks = [calls[place].ask for place in fresh]
            answers = await self._act(tx, asks) if asks else ()
            kept = []
            for place, answer in zip(fresh, answers, strict=True):
                if isinstance(answer, Problem):
                    told[place] = answer
                    continue
                body, key = answer.model_dump_json().encode(), calls[place].key
                told[place] = Response(body, media_type="application/json")
                if key:
                    kept.append((key, 200, body))
            await keep(tx, kept)
            return [told[place] for place in range(len(calls))]


async def _told(tx: Tx, calls: Sequence[_Call[Ask]]) -> dict[int, Response | Exception]:
    """Answers to calls that must not run, by their places."""
    told: dict[int, Response | Exception] = {}
    places: dict[str, int] = {}
    for place, call in enumerate(calls):
        if call.key and places.setdefault(call.key.scope, place) != place:
            told[place] = still_running()  # it came while the first one of them is under way
    named = {key: place for place in places.values() if (key := calls[place].key)}
    for key, answer in (await take(tx, list(named))).items():
        told[named[key]] = answer
    return told
