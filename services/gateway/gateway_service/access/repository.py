"""Clients, write keys and signing keys in the database."""

from dataclasses import dataclass
from datetime import datetime

from chassis.database import Tx
from contracts.roles import Role
from gateway_service.access.domain import Client


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key as it is kept: the private half encrypted."""

    kid: str
    public_jwk: dict[str, str]
    private_sealed: bytes
    created_at: datetime


async def client(tx: Tx, client_id: str) -> Client | None:
    """A client by its id."""
    row = await tx.fetchrow("SELECT role, secret_hash FROM client WHERE client_id = $1", client_id)
    return Client(client_id, Role(row["role"]), row["secret_hash"]) if row else None


async def any_client(tx: Tx) -> bool:
    """Whether there is a client at all."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM client)"))


async def put_client(tx: Tx, new: Client) -> None:
    """Add a client, or give it another role and secret."""
    await tx.execute(
        "INSERT INTO client (client_id, role, secret_hash, created_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (client_id) DO UPDATE"
        " SET role = excluded.role, secret_hash = excluded.secret_hash",
        new.client_id, new.role, new.secret_hash, tx.now,
    )  # fmt: skip


async def drop_clients(tx: Tx, names: list[str]) -> None:
    """Forget clients; their tokens end by themselves."""
    await tx.execute("DELETE FROM client WHERE client_id = ANY($1::text[])", names)


async def drop_source(tx: Tx, name: str) -> None:
    """Forget a source."""
    await tx.execute("DELETE FROM write_key WHERE name = $1", name)


async def source(tx: Tx, key_hash: bytes) -> str | None:
    """The name of the source a write key belongs to."""
    name: str | None = await tx.fetchval("SELECT name FROM write_key WHERE key_hash = $1", key_hash)
    return name


async def put_source(tx: Tx, name: str, key_hash: bytes) -> None:
    """Add a source, or give it another key."""
    await tx.execute(
        "INSERT INTO write_key (key_hash, name, created_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (name) DO UPDATE SET key_hash = excluded.key_hash",
        key_hash, name, tx.now,
    )  # fmt: skip


async def signing_keys(tx: Tx) -> list[StoredKey]:
    """All of them, the newest last."""
    rows = await tx.fetch(
        "SELECT kid, public_jwk, private_sealed, created_at FROM signing_key ORDER BY created_at"
    )
    return [StoredKey(*row) for row in rows]


async def add_signing_key(tx: Tx, key: StoredKey) -> None:
    """Keep a new key."""
    await tx.execute(
        "INSERT INTO signing_key (kid, public_jwk, private_sealed, created_at)"
        " VALUES ($1, $2, $3, $4)",
        key.kid, key.public_jwk, key.private_sealed, key.created_at,
    )  # fmt: skip


async def drop_signing_keys(tx: Tx, before: datetime) -> None:
    """Forget keys that nothing valid can be signed with any more."""
    await tx.execute("DELETE FROM signing_key WHERE created_at < $1", before)


async def lock_signing_keys(tx: Tx) -> None:
    """One gateway at a time makes keys."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('gateway:signing_keys'))")
