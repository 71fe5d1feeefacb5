"""Fixtures every test of the workspace has, by the pytest entry point of this package.

Servers are real and shared by the whole session; what is slow to import is imported when used.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from allinone.platform import Platform
    from chassis.clock import DrivenClock
    from chassis.database import Database
    from testkit.apps import RunningApp
    from testkit.databases import Databases
    from testkit.stack import Stack

INTERNAL_TOKEN = "test-internal-token"
SEED = "test"


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A temporary folder with a path short enough for unix sockets, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(short_folder: Path) -> AsyncIterator["Stack"]:
    """PostgreSQL, NATS and Redis of this session: `.admin_dsn`, `.nats_url`, `.kill(name)` …"""
    from testkit.stack import Stack  # noqa: PLC0415

    running = Stack(short_folder / "stack")
    try:
        await running.start()
        yield running
    finally:
        await running.stop()


@pytest.fixture(scope="session")
def nats_url(stack: "Stack") -> str:
    """The session's NATS, token included."""
    return stack.nats_url


@pytest.fixture(scope="session")
def redis_url(stack: "Stack") -> str:
    """The session's Redis, password included."""
    return stack.redis_url


@pytest.fixture(scope="session")
def session_clock(short_folder: Path) -> "DrivenClock":
    """The driven clock that databases and apps of this session read. Tests ask for `clock`."""
    from chassis.clock import DrivenClock  # noqa: PLC0415

    return DrivenClock(short_folder / "clock")


@pytest.fixture
def clock(session_clock: "DrivenClock") -> Iterator["DrivenClock"]:
    """The session's clock, to `.move(…)`; back at real time after the test."""
    yield session_clock
    session_clock.move(datetime.now(UTC))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def databases(stack: "Stack", session_clock: "DrivenClock") -> AsyncIterator["Databases"]:
    """All migrated schemas: `await databases.of("points")`, `await databases.empty("points")`."""
    from testkit.databases import Databases  # noqa: PLC0415

    known = Databases(stack, session_clock, SEED)
    yield known
    await known.stop()


@pytest.fixture(scope="session")
def database_of(databases: "Databases") -> Callable[[str], Awaitable["Database"]]:
    """`await database_of("points")`: a chassis Database in the migrated schema, own role."""
    return databases.of


@pytest_asyncio.fixture(loop_scope="session")
async def clean(stack: "Stack", databases: "Databases") -> None:
    """Before the test: schemas as after migration, streams and Redis empty.

    Name it before `service_app`, so that the app starts in the clean state.
    """
    await stack.all_answer()  # a test that failed may have left one of them down
    await databases.empty()
    await stack.empty_bus()
    await stack.empty_redis()


@pytest_asyncio.fixture(loop_scope="session")
async def service_app(
    stack: "Stack", databases: "Databases", session_clock: "DrivenClock", short_folder: Path
) -> AsyncIterator[Callable[..., Awaitable["RunningApp"]]]:
    """`await service_app("points_service.app", POOL_SIZE="4")`: the app, until the test ends.

    Keyword arguments are settings, without their HUIYUAN_ prefix. `.client` calls it as admin.
    """
    from testkit.apps import running_app  # noqa: PLC0415

    async with AsyncExitStack() as running:

        async def start(module: str, **settings: str) -> "RunningApp":
            service = module.partition("_service")[0]
            await databases.migrate(service)
            environment = {
                "SERVICE": service,
                "DATABASE_URL": stack.service_dsn(service),
                "NATS_URL": stack.nats_url,
                "REDIS_URL": stack.redis_url,
                "INTERNAL_TOKEN": INTERNAL_TOKEN,
                "DEV": "true",
                "CLOCK_FILE": str(short_folder / "clock"),
                "SEED": SEED,
                "KEY_DIR": str(short_folder / "keys"),
                **settings,
            }
            (short_folder / "keys").mkdir(mode=0o700, exist_ok=True)
            named = {f"HUIYUAN_{name}": value for name, value in environment.items()}
            return await running.enter_async_context(running_app(module, named))

        yield start


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def platform() -> AsyncIterator["Platform"]:
    """The whole platform, booted once a session in development mode, for journeys and faults."""
    from allinone.platform import Platform  # noqa: PLC0415
    from allinone.servers import External  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="hy-", ignore_cleanup_errors=True) as folder:
        starting = Platform(Path(folder), dev=True, seed=SEED, external=External(), durable=False)
        async with starting as running:
            yield running


@pytest.fixture(scope="session")
def is_root() -> bool:
    """Whether the tests run as root (then servers run as another user)."""
    return os.geteuid() == 0


def pytest_configure(config: pytest.Config) -> None:
    """What `testkit.never_wrong` counts is gathered from the processes that share a run; no example
    of Hypothesis fails for being slow, as the machine is shared and speed is for benchmarks."""
    from hypothesis import settings  # noqa: PLC0415

    from testkit.never_wrong import Gathering  # noqa: PLC0415

    settings.register_profile("suite", deadline=None)
    settings.load_profile("suite")

    config.pluginmanager.register(Gathering())
