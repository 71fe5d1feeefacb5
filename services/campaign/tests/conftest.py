"""A campaign database of its own for every test."""

import pytest_asyncio
from services.campaign.tests.world import World

from testkit.databases import Databases


@pytest_asyncio.fixture(loop_scope="session")
async def world(databases: Databases) -> World:
    """An empty campaign database, driven by hand."""
    db = await databases.of("campaign")
    await databases.empty("campaign")
    return World(db)
