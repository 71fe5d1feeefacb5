"""Partners' keys in the database."""

from dataclasses import dataclass
from datetime import datetime

from chassis.database import Tx
from contracts.roles import Role
from gateway_service.signatures.domain import SigningClient


@dataclass(frozen=True, slots=True)
class StoredClientKey:
    """A public key of a client."""

    key_id: str
    public_jwk: dict[str, str]
    created_at: datetime


async def signer(tx: Tx, key_id: str) -> SigningClient | None:
    """Whose key this is, with its role."""
    row = await tx.fetchrow(
        "SELECT c.client_id, c.role, c.store, k.public_jwk FROM client_key k"
        " JOIN client c USING (client_id) WHERE k.key_id = $1 AND c.role IS NOT NULL",
        key_id,
    )
    if row is None:
        return None
    return SigningClient(row["client_id"], Role(row["role"]), row["store"], row["public_jwk"])


async def keys(tx: Tx, client_id: str, *, lock: bool = False) -> list[StoredClientKey]:
    """Keys of a client, the oldest first; locked by their client."""
    if lock:
        await tx.execute("SELECT FROM client WHERE client_id = $1 FOR UPDATE", client_id)
    rows = await tx.fetch(
        "SELECT key_id, public_jwk, created_at FROM client_key WHERE client_id = $1"
        " ORDER BY created_at, key_id",
        client_id,
    )
    return [StoredClientKey(*row) for row in rows]


async def add(tx: Tx, client_id: str, key_id: str, public_jwk: dict[str, str]) -> bool:
    """Keep a key; False if its name is taken."""
    done = await tx.execute(
        "INSERT INTO client_key (key_id, client_id, public_jwk, created_at)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        key_id, client_id, public_jwk, tx.now,
    )  # fmt: skip
    return done.endswith(" 1")


async def drop(tx: Tx, client_id: str, key_id: str) -> bool:
    """Forget a key; False if there was none."""
    done = await tx.execute(
        "DELETE FROM client_key WHERE client_id = $1 AND key_id = $2", client_id, key_id
    )
    return done.endswith(" 1")
