"""A profile database, and the profile service, for every test of their own."""

from collections.abc import Awaitable, Callable

import pytest_asyncio
from services.profile.tests.world import World

from testkit.apps import RunningApp
from testkit.databases import Databases


@pytest_asyncio.fixture(loop_scope="session")
async def world(databases: Databases) -> World:
    """An empty profile database, driven by hand."""
    db = await databases.of("profile")
    await databases.empty("profile")
    return World(db)


@pytest_asyncio.fixture(loop_scope="session")
async def profile(clean: None, service_app: Callable[..., Awaitable[RunningApp]]) -> RunningApp:
    """The real app over real PostgreSQL and NATS, on empty tables."""
    return await service_app("profile_service.app")
