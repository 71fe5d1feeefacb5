"""A service's real app inside the test process: its lifespan runs, calls go over ASGI."""

import asyncio
import importlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from chassis.database import Database
from chassis.principal import HEADER, TOKEN_HEADER, Principal
from contracts.roles import Role


@dataclass(frozen=True)
class RunningApp:
    """A started app. `client` calls it as role admin with the inner token."""

    app: Any
    client: httpx.AsyncClient

    @property
    def db(self) -> Database:
        """The app's own database, for looking at what it did."""
        database: Database = self.app.state.db
        return database

    def headers(
        self,
        role: Role,
        *,
        member_id: UUID | None = None,
        purpose: str | None = None,
        store: str | None = None,
    ) -> dict[str, str]:
        """Headers that make a call come from `role`, as the gateway would send them."""
        return _caller(Principal(role, f"test-{role}", member_id, purpose, store))


@asynccontextmanager
async def running_app(module: str, environment: Mapping[str, str]) -> AsyncIterator[RunningApp]:
    """Run `<module>.create_app()` made under `environment` until the block ends."""
    with _environment(environment):
        app = importlib.import_module(module).create_app()
    token = environment["HUIYUAN_INTERNAL_TOKEN"]
    headers = {TOKEN_HEADER: token, **_caller(Principal(Role.ADMIN, "test-admin"))}
    async with (
        _lifespan(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://service", headers=headers
        ) as client,
    ):
        yield RunningApp(app, client)


def _caller(principal: Principal) -> dict[str, str]:
    return {HEADER: principal.header()}


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@asynccontextmanager
async def _lifespan(app: Any) -> AsyncIterator[None]:
    """The server's half of ASGI's lifespan, which an in-process transport leaves out."""
    to_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    from_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    running = asyncio.create_task(app(scope, to_app.get, from_app.put))
    await _say(running, to_app, from_app, "startup")
    try:
        yield
    finally:
        await _say(running, to_app, from_app, "shutdown")
        await running


async def _say(
    running: asyncio.Task[Any],
    to_app: asyncio.Queue[dict[str, str]],
    from_app: asyncio.Queue[dict[str, str]],
    word: str,
) -> None:
    await to_app.put({"type": f"lifespan.{word}"})
    answer = asyncio.create_task(from_app.get())
    await asyncio.wait([running, answer], return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        answer.cancel()
        await running  # raises what the app raised
        raise RuntimeError(f"the app ended before its {word} was complete")
    message = answer.result()
    if message["type"].endswith(".failed"):
        await asyncio.wait([running])
        raise running.exception() or RuntimeError(message.get("message", f"{word} failed"))
