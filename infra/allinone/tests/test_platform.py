"""The whole platform: `huiyuan up` as a user runs it, and the same from Python."""

import asyncio
import json
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest
from typer.testing import CliRunner

from allinone.cli import app
from allinone.home import SERVICES, Home, InUse, is_locked
from allinone.platform import Platform
from allinone.ports import PortTaken, claim
from testkit import eventually
from testkit.processes import as_ordinary_user, is_gone, processes_using
from testkit.stack import Stack

HUIYUAN = str(Path(sys.executable).with_name("huiyuan"))
CHILDREN = ("postgres", "nats", "redis", *SERVICES)


async def _run(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `huiyuan` with `arguments`."""
    process = await asyncio.create_subprocess_exec(
        *(HUIYUAN, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def _up(
    folder: Path, before: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    """`huiyuan up --dev` (words `before` it) and what it wrote into its ready file."""
    ready = folder.with_suffix(".ready")
    ready.unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        *(*before, HUIYUAN, "up", "--dev"),
        *("--data-dir", str(folder), "--ready-file", str(ready)),
        env={**os.environ, **(environment or {})},
    )
    try:
        await eventually(lambda: ready.exists() or process.returncode is not None, timeout=90)
        assert process.returncode is None, "it ended before it was ready"
        yield process, json.loads(ready.read_text())
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 60)


async def _ready(said: dict[str, Any]) -> int:
    trust = ssl.create_default_context(cafile=said["ca"])
    async with httpx.AsyncClient(verify=trust) as client:
        return (await client.get(f"{said['url']}/readyz")).status_code


async def test_up_as_a_user_runs_it(short_folder: Path) -> None:
    """Up, look, up again, die, up once more with the same data, end in order."""
    folder = short_folder / "up"
    home = Home(folder)
    async with _up(folder) as (process, said):
        assert said["pid"] == process.pid
        assert await _ready(said) == 200
        children = home.state()["children"]
        assert set(children) == set(CHILDREN)

        status, _, err = await _run("up", "--data-dir", str(folder))
        assert status == 1
        assert f"pid {process.pid}, serving {said['url']}" in err.replace("\n", "")

        status, out, _ = await _run("doctor", "--data-dir", str(folder))
        assert status == 0, out
        for name in ("PostgreSQL server", "NATS server", "Redis server", *SERVICES):
            assert f"✓  {name} " in out

        listed = folder.with_suffix(".csv")
        listed.write_text("phone,13800138000\n")
        pii = ("doctor", "pii", "--data", str(folder), "--values", str(listed))
        status, out, _ = await _run(*pii)
        assert status == 0 and "0 occurrences of 1 personal values" in out, out
        assert "proved first" in out and "not looked at" not in out

        status, out, err = await _run("token", "--data-dir", str(folder), "--role", "analyst")
        assert (status, err) == (0, "")
        assert out.count(".") == 2

        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        pids = [int(child["pid"]) for child in children.values()]
        await eventually(lambda: all(map(is_gone, pids)))
        await eventually(lambda: not processes_using(folder))
    ports = home.state()["ports"]
    async with _up(folder) as (process, said):
        assert await _ready(said) == 200
        assert home.state()["ports"] == ports
        for _ in range(2):  # the second one is impatience and changes nothing
            process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert not processes_using(folder)
        assert not is_locked(home)
    status, out, _ = await _run(*pii)
    assert status == 0 and "not looked at: tables (the platform is not running" in out
    status, _, err = await _run("token", "--data-dir", str(folder), "--role", "analyst")
    assert status == 1
    assert "start one with `huiyuan up --dev`" in err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_up_as_an_ordinary_user(short_folder: Path) -> None:
    place = short_folder / "ordinary"
    place.mkdir()
    os.chown(place, 65534, 65534)
    os.chmod(short_folder, 0o711)
    async with _up(place / "data", before=as_ordinary_user()) as (_, said):
        assert await _ready(said) == 200
        children = Home(place / "data").state()["children"].values()
        owners = {psutil.Process(int(child["pid"])).uids().effective for child in children}
        assert owners == {65534}


async def test_servers_of_the_user_are_used_instead(short_folder: Path) -> None:
    theirs = Stack(short_folder / "theirs")
    folder = short_folder / "ours"
    environment = {
        "HUIYUAN_DATABASE_URL": theirs.admin_dsn,
        "HUIYUAN_NATS_URL": theirs.nats_url,
        "HUIYUAN_REDIS_URL": theirs.redis_url,
    }
    try:
        await theirs.start()
        async with _up(folder, environment=environment) as (_, said):
            assert await _ready(said) == 200
            assert set(Home(folder).state()["children"]) == set(SERVICES)
        connection = await asyncpg.connect(theirs.admin_dsn)
        await connection.execute("UPDATE points.alembic_version SET version_num = 'newer'")
        await connection.close()
        status, _, err = await _run("migrate", "--data-dir", str(folder), environment=environment)
        assert status == 1
        assert "the schema of points is not ours" in err
        assert not (folder / "postgres").exists()
    finally:
        await theirs.stop()


async def test_migrating_alone_leaves_nothing_running(short_folder: Path) -> None:
    folder = short_folder / "migrated"
    for _ in range(2):
        status, _, err = await _run("migrate", "--data-dir", str(folder))
        assert status == 0, err
        assert all(f"✓ {service}" in err for service in SERVICES)
    assert not processes_using(folder)


@pytest.mark.parametrize("name", CHILDREN)
async def test_a_killed_child_comes_back_and_the_platform_is_healthy(
    platform: Platform, name: str
) -> None:
    before, starts = platform.pid(name), platform.starts(name)
    platform.kill(name)
    await eventually(lambda: platform.starts(name) > starts)
    await platform.wait_healthy()
    assert platform.pid(name) not in (None, before)


async def test_a_service_may_read_its_own_schema_only(platform: Platform) -> None:
    connection = await asyncpg.connect(platform.service_dsn("points"))
    assert await connection.fetchval("SELECT count(*) >= 0 FROM points.outbox")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetchval("SELECT count(*) FROM identity.outbox")
    await connection.close()


async def test_inner_services_refuse_everyone_but_the_gateway(platform: Platform) -> None:
    async with httpx.AsyncClient() as client:
        for name, url in platform.service_urls.items():
            if name != "gateway":
                assert (await client.get(f"{url}/internal/lag")).status_code == 401


async def test_a_running_directory_is_not_started_twice(platform: Platform) -> None:
    with pytest.raises(InUse, match=f"pid {os.getpid()}, serving {platform.url}"):
        async with Platform(platform.home.root):
            pass


async def test_a_port_that_is_taken_is_refused_plainly(short_folder: Path) -> None:
    taken = claim()
    try:
        with pytest.raises(PortTaken, match=f"port {taken.port} .* choose another with --port"):
            async with Platform(short_folder / "taken", port=taken.port):
                pass
    finally:
        taken.release()
    assert not is_locked(Home(short_folder / "taken"))


@pytest.mark.parametrize("command", ["up", "demo", "token", "migrate", "doctor", "bench"])
def test_every_command_explains_itself(command: str) -> None:
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert f"huiyuan {command}" in shown.output or f"{command} [OPTIONS]" in shown.output


def test_a_benchmark_that_does_not_exist_is_refused() -> None:
    shown = CliRunner().invoke(app, ["bench", "nonsense"])
    assert shown.exit_code == 1
    assert "collect, ledger, gateway" in shown.output
