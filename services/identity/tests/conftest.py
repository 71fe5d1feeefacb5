"""The identity service, running, on empty tables."""

from collections.abc import Awaitable, Callable

import pytest_asyncio

from testkit.apps import RunningApp


@pytest_asyncio.fixture(loop_scope="session")
async def identity(clean: None, service_app: Callable[..., Awaitable[RunningApp]]) -> RunningApp:
    """The real app over real PostgreSQL and NATS."""
    return await service_app("identity_service.app")
