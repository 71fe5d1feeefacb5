"""Real servers from the wheels: durable, found again after a kill, never left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import nats
import psutil
import pytest
import redis.asyncio as redis

from allinone.home import Home
from allinone.servers import External, Servers, with_login
from allinone.supervisor import Supervisor
from testkit import eventually
from testkit.processes import as_ordinary_user, is_gone, processes_using, started
from testkit.stack import Stack

SERVE = (sys.executable, "-m", "testkit.serve_servers")


@asynccontextmanager
async def _running(home: Home) -> AsyncIterator[tuple[Servers, Supervisor]]:
    servers, supervisor = Servers(home.prepare(), External()), Supervisor(home.logs)
    try:
        await servers.start(supervisor)
        yield servers, supervisor
    finally:
        await supervisor.stop(*servers.names)


async def _restarted(supervisor: Supervisor, name: str) -> None:
    await eventually(lambda: supervisor.child(name).starts == 2, timeout=30)
    await asyncio.wait_for(supervisor.all_answer(), 30)


async def _write(servers: Servers, value: str) -> None:
    connection = await asyncpg.connect(servers.admin_dsn)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
    await connection.execute("INSERT INTO kept VALUES ($1)", value)
    await connection.close()
    bus = await nats.connect(servers.nats_url)
    await bus.jetstream().add_stream(name="KEPT", subjects=["kept"])
    await bus.jetstream().publish("kept", value.encode())
    await bus.close()


async def _read(servers: Servers) -> tuple[list[str], int]:
    connection = await asyncpg.connect(servers.admin_dsn)
    rows = await connection.fetch("SELECT value FROM kept ORDER BY value")
    await connection.close()
    bus = await nats.connect(servers.nats_url)
    info = await bus.jetstream().stream_info("KEPT")
    await bus.close()
    return [row["value"] for row in rows], info.state.messages


async def test_what_was_acknowledged_survives_kills_and_a_second_start(short_folder: Path) -> None:
    home = Home(short_folder / "kept")
    async with _running(home) as (servers, supervisor):
        await _write(servers, "a")
        for name in servers.names:
            supervisor.kill(name)
            await _restarted(supervisor, name)
        await _write(servers, "b")
        assert await _read(servers) == (["a", "b"], 2)
        ports = servers.ports
    again = Servers(home, External(), ports)
    supervisor = Supervisor(home.logs)
    await again.start(supervisor)
    assert again.ports == ports
    assert await _read(again) == (["a", "b"], 2)
    await supervisor.stop(*again.names)


async def test_settings_are_those_of_a_durable_ledger(short_folder: Path) -> None:
    async with _running(Home(short_folder / "durable")) as (servers, _):
        connection = await asyncpg.connect(servers.admin_dsn)
        shown = {
            name: await connection.fetchval(f"SHOW {name}")
            for name in ("fsync", "synchronous_commit", "full_page_writes", "server_version_num")
        }
        await connection.close()
        assert int(shown.pop("server_version_num")) >= 180000
        assert set(shown.values()) == {"on"}
        config = (short_folder / "durable" / "run" / "nats.conf").read_text()
        assert "sync_interval: always" in config
        bus = await nats.connect(servers.nats_url)
        assert bus.max_payload == 8 * 1024 * 1024
        await bus.close()


async def test_servers_refuse_callers_without_a_secret(stack: Stack) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(with_login(stack.admin_dsn, "postgres", "wrong"))
    nats_address = stack.nats_url.rpartition("@")[2]
    with pytest.raises(nats.errors.Error):
        await nats.connect(f"nats://{nats_address}", allow_reconnect=False, connect_timeout=2)
    client = redis.from_url(f"redis://{stack.redis_url.rpartition('@')[2]}")
    with pytest.raises(redis.AuthenticationError):
        await client.ping()
    await client.aclose()


async def test_orphaned_backends_of_a_killed_postmaster_do_not_block_a_restart(
    short_folder: Path,
) -> None:
    async with _running(Home(short_folder / "orphans")) as (servers, supervisor):
        connection = await asyncpg.connect(servers.admin_dsn)
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        os.kill(backend, signal.SIGSTOP)  # it cannot notice that its postmaster is gone
        supervisor.kill("postgres")
        await _restarted(supervisor, "postgres")
        assert is_gone(backend)
        connection.terminate()


async def test_a_stale_pid_file_naming_a_living_process_does_not_block_a_start(
    short_folder: Path,
) -> None:
    home = Home(short_folder / "stale")
    async with _running(home):
        pass
    data = home.root / "postgres" / "data"
    foreign = (
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", "import signal; signal.pause()", user=data.stat().st_uid
        )
        if os.geteuid() != 0
        else None
    )
    pid = foreign.pid if foreign else os.getpid()
    (data / "postmaster.pid").write_text(f"{pid}\n{data}\n1\n5432\n\n\n\nready\n")
    async with _running(home) as (_, supervisor):
        assert supervisor.child("postgres").starts == 1
    if foreign:
        assert foreign.returncode is None
        foreign.kill()
        await foreign.wait()


async def test_two_directories_run_side_by_side(short_folder: Path) -> None:
    async with (
        _running(Home(short_folder / "left")) as (left, _),
        _running(Home(short_folder / "right")) as (right, _),
    ):
        await _write(left, "left")
        await _write(right, "right")
        assert (await _read(left), await _read(right)) == ((["left"], 1), (["right"], 1))
        assert not set(left.ports.values()) & set(right.ports.values())


async def test_a_path_too_long_for_a_socket_works(short_folder: Path) -> None:
    deep = short_folder / ("d" * 60) / ("e" * 60)
    async with _running(Home(deep)) as (servers, _):
        await _write(servers, "deep")
        assert str(deep) not in servers.admin_dsn


async def test_no_server_outlives_a_killed_supervisor_and_the_next_start_continues(
    short_folder: Path,
) -> None:
    folder = short_folder / "killed"
    async with started(*SERVE, str(folder)) as (process, said):
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        await eventually(lambda: all(map(is_gone, said["pids"].values())))
        await eventually(lambda: not processes_using(folder))
    async with started(*SERVE, str(folder)) as (process, said):
        connection = await asyncpg.connect(said["admin_dsn"])
        assert await connection.fetchval("SELECT true")
        await connection.close()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert not processes_using(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_servers_run_as_an_ordinary_user(short_folder: Path) -> None:
    folder = short_folder / "nobody"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    os.chmod(short_folder, 0o711)
    async with started(*as_ordinary_user(), *SERVE, str(folder)) as (process, said):
        owners = {psutil.Process(pid).uids().effective for pid in said["pids"].values()}
        assert owners == {65534}
        connection = await asyncpg.connect(said["admin_dsn"])
        assert await connection.fetchval("SELECT current_user") == "postgres"
        await connection.close()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="as an ordinary user it runs as that user")
async def test_postgres_never_runs_as_root(stack: Stack) -> None:
    pid = stack.pid("postgres")
    assert psutil.Process(pid).uids().effective != 0


def test_external_urls_come_from_the_environment() -> None:
    external = External.from_environment({"HUIYUAN_DATABASE_URL": "postgresql://x", "HOME": "/"})
    assert external == External(database_url="postgresql://x")
    assert External.from_environment({"HUIYUAN_NATS_URL": ""}) == External()


def test_a_login_is_put_into_a_url_with_its_password_escaped() -> None:
    with_host = with_login("postgresql://admin:pw@db:5432/huiyuan?ssl=on", "me", "p/w@")
    assert with_host == "postgresql://me:p%2Fw%40@db:5432/huiyuan?ssl=on"
    by_socket = with_login("postgresql://admin:pw@/huiyuan?host=/run/pg", "me", "pw")
    assert by_socket == "postgresql://me:pw@/huiyuan?host=/run/pg"
