"""`huiyuan ledger`, `huiyuan audit`: books read as a whole, receipts checked without a database."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg

from allinone.home import Home, is_locked
from allinone.servers import External, Servers
from allinone.supervisor import Supervisor
from chassis.clock import SystemClock
from chassis.database import Tx
from chassis.evidence.strongbox import Strongbox
from chassis.evidence.walk import Audit
from chassis.ids import Ids
from contracts.evidence.checkpoints import Malformed
from gateway_service.audit.chain import AUDIT
from gateway_service.audit.proofs import verify
from points_service.proofs.audit import audit
from points_service.proofs.domain import LEDGER, Receipt, objections
from points_service.proofs.receipts import receipt_in

Progress = Callable[[int], None]
Whole = Callable[[Tx, Strongbox, Progress], Awaitable[Audit]]


class Unreadable(RuntimeError):
    """A file that is no receipt or no key; says which and what to do."""


async def verify_ledger(home: Home, progress: Progress = lambda entries: None) -> Audit:
    """Read the points ledger in `home`; see `_read`."""
    return await _read(home, "points", Strongbox(home.ledger, LEDGER), audit, progress)


async def verify_audit(home: Home, progress: Progress = lambda entries: None) -> Audit:
    """Read the gateway's audit in `home`; see `_read`."""
    return await _read(home, "gateway", Strongbox(home.keys / AUDIT, AUDIT), verify, progress)


async def _read(
    home: Home, service: str, box: Strongbox, whole: Whole, progress: Progress
) -> Audit:
    """What is wrong with a service's books in `home` (or at HUIYUAN_DATABASE_URL).

    The platform may run or not. Reads one moment, as the service's own role; changes nothing.
    Raises Unreadable.
    """
    external = External.from_environment()
    if external.database_url is None and not (home.root / "postgres").exists():
        raise Unreadable(f"there is nothing in {home.root} to read; `huiyuan up` makes it")
    # Only the database is needed: naming the others keeps them from being started.
    servers = Servers(home.prepare(), replace(external, nats_url="unused", redis_url="unused"))
    async with _started(home, servers):
        connection = await asyncpg.connect(
            servers.service_dsn(service), server_settings={"search_path": service}
        )
        try:
            clock = SystemClock()
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                tx = Tx(connection, clock, Ids(clock))
                return await whole(tx, box, progress)
        finally:
            await connection.close()


@asynccontextmanager
async def _started(home: Home, servers: Servers) -> AsyncIterator[None]:
    """The database, started for as long as it takes unless it runs."""
    if is_locked(home):
        yield
        return
    lock, supervisor = home.lock(), Supervisor(home.logs)
    try:
        await servers.start(supervisor)
        yield
    finally:
        await supervisor.stop(*servers.names)
        lock.release()


def check(file: Path, key: str) -> tuple[Receipt, list[str]]:
    """A receipt and what is wrong with it. `key` is the public key, or a file that holds it.

    Raises Unreadable.
    """
    try:
        found = receipt_in(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, Malformed) as error:
        raise Unreadable(
            f"{file} is no receipt; GET /v1/ledger/entries/{{id}}/proof gives one"
        ) from error
    return found, objections(found, _key(key))


def _key(given: str) -> bytes:
    try:
        text = Path(given).read_text(encoding="utf-8") if "/" in given else given
        key = bytes.fromhex(text.strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != 32:
        raise Unreadable(
            f"{given} is no public key of a ledger; GET /v1/ledger/checkpoints shows it"
        )
    return key
