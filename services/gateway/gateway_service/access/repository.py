"""Clients, write keys, sign-ins, revocations and signing keys in the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from contracts.gateway.access import Grant
from contracts.roles import Role
from gateway_service.access.domain import Client, Family, Holder, Source

_CLIENT = "client_id, role, secret_hash, grants, redirect_uris, store"
_FAMILY = (
    "f.family_id, f.client_id, f.role, f.subject, f.member_id, f.store, f.scope, f.auth_time,"
    " f.expires_at, f.stepped_up_until, f.revoked_at"
)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key as it is kept: the private half encrypted."""

    kid: str
    public_jwk: dict[str, str]
    private_sealed: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredCode:
    """An authorization code and what it is bound to."""

    family: Family
    redirect_uri: str
    code_challenge: str
    nonce: str | None
    expires_at: datetime
    used_at: datetime | None

    @property
    def code_challenge_method(self) -> str:
        """The only one."""
        return "S256"

    def get_redirect_uri(self) -> str:
        """Where it was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """What it grants."""
        return self.family.scope


@dataclass(frozen=True, slots=True)
class StoredRefresh:
    """A refresh token of a sign-in."""

    family: Family
    used_at: datetime | None

    def check_client(self, client: Client) -> bool:
        """Whether it was issued to this one."""
        return client.client_id == self.family.client_id

    def get_scope(self) -> str:
        """What it grants."""
        return self.family.scope


@dataclass(frozen=True, slots=True)
class Revoked:
    """Tokens with this mark that were issued up to `at` are over; nobody asks after `until`."""

    id: int
    mark: str
    at: datetime
    until: datetime


async def client(tx: Tx, client_id: str) -> Client | None:
    """A client by its id."""
    row = await tx.fetchrow(f"SELECT {_CLIENT} FROM client WHERE client_id = $1", client_id)
    return _client(row) if row else None


async def clients(tx: Tx) -> list[Client]:
    """All of them, by id."""
    return list(map(_client, await tx.fetch(f"SELECT {_CLIENT} FROM client ORDER BY client_id")))


async def any_client(tx: Tx) -> bool:
    """Whether there is a client at all."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM client)"))


async def put_client(tx: Tx, new: Client) -> None:
    """Add a client, or give it another role and secret."""
    await tx.execute(
        "INSERT INTO client"
        " (client_id, role, secret_hash, grants, redirect_uris, store, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (client_id) DO UPDATE"
        " SET role = excluded.role, secret_hash = excluded.secret_hash, grants = excluded.grants,"
        " redirect_uris = excluded.redirect_uris, store = excluded.store",
        new.client_id, new.role, new.secret_hash, sorted(new.grants), list(new.redirect_uris),
        new.store, tx.now,
    )  # fmt: skip


async def drop_clients(tx: Tx, names: list[str]) -> list[str]:
    """Forget clients, their keys and webhooks; answers those that there were."""
    await tx.execute("DELETE FROM webhook WHERE holder_id = ANY($1::text[])", names)
    rows = await tx.fetch(
        "DELETE FROM client WHERE client_id = ANY($1::text[]) RETURNING client_id", names
    )
    return [row["client_id"] for row in rows]


async def drop_source(tx: Tx, name: str) -> None:
    """Forget a source."""
    await tx.execute("DELETE FROM write_key WHERE name = $1", name)


async def source(tx: Tx, key_hash: bytes) -> Source | None:
    """The source a write key belongs to."""
    row = await tx.fetchrow("SELECT name, trust FROM write_key WHERE key_hash = $1", key_hash)
    return Source(row["name"], row["trust"]) if row else None


async def source_named(tx: Tx, name: str) -> Source:
    """A source as it is now; one that was put out is trusted no more."""
    trust = await tx.fetchval("SELECT trust FROM write_key WHERE name = $1", name)
    return Source(name, trust or "client")


async def put_source(tx: Tx, new: Source, key_hash: bytes) -> None:
    """Add a source, or give it another key."""
    await tx.execute(
        "INSERT INTO write_key (key_hash, name, trust, created_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (name) DO UPDATE SET key_hash = excluded.key_hash, trust = excluded.trust",
        key_hash, new.name, new.trust, tx.now,
    )  # fmt: skip


async def add_family(tx: Tx, new: Family) -> None:
    """Keep a sign-in."""
    holder = new.holder
    await tx.execute(
        "INSERT INTO token_family (family_id, client_id, role, subject, member_id, store, scope,"
        " auth_time, expires_at, stepped_up_until)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.family_id, new.client_id, holder.role, holder.subject, holder.member_id, holder.store,
        new.scope, new.auth_time, new.expires_at, new.stepped_up_until,
    )  # fmt: skip


async def family(tx: Tx, family_id: UUID) -> Family | None:
    """A sign-in, locked."""
    row = await tx.fetchrow(
        f"SELECT {_FAMILY} FROM token_family f WHERE f.family_id = $1 FOR UPDATE", family_id
    )
    return _family(row) if row else None


async def step_up(tx: Tx, family_id: UUID, until: datetime) -> None:
    """A second factor was shown."""
    await tx.execute(
        "UPDATE token_family SET stepped_up_until = $2 WHERE family_id = $1", family_id, until
    )


async def add_code(tx: Tx, code_hash: bytes, code: StoredCode) -> None:
    """Keep an authorization code."""
    await tx.execute(
        "INSERT INTO authorization_code"
        " (code_hash, family_id, redirect_uri, challenge, nonce, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        code_hash, code.family.family_id, code.redirect_uri, code.code_challenge, code.nonce,
        code.expires_at,
    )  # fmt: skip


async def code(tx: Tx, code_hash: bytes) -> StoredCode | None:
    """An authorization code, locked: of two that come at once one sees the other's use."""
    row = await tx.fetchrow(
        "SELECT c.redirect_uri, c.challenge, c.nonce, c.expires_at AS ends, c.used_at,"
        f" {_FAMILY} FROM authorization_code c JOIN token_family f USING (family_id)"
        " WHERE c.code_hash = $1 FOR UPDATE",
        code_hash,
    )
    if row is None:
        return None
    bound = row["redirect_uri"], row["challenge"], row["nonce"], row["ends"], row["used_at"]
    return StoredCode(_family(row), *bound)


async def use_code(tx: Tx, code_hash: bytes) -> None:
    """It was exchanged."""
    await tx.execute(
        "UPDATE authorization_code SET used_at = $2 WHERE code_hash = $1", code_hash, tx.now
    )


async def refresh(tx: Tx, token_hash: bytes) -> StoredRefresh | None:
    """A refresh token, locked."""
    row = await tx.fetchrow(
        f"SELECT r.used_at, {_FAMILY} FROM refresh_token r JOIN token_family f USING (family_id)"
        " WHERE r.token_hash = $1 FOR UPDATE",
        token_hash,
    )
    return StoredRefresh(_family(row), row["used_at"]) if row else None


async def add_refresh(tx: Tx, token_hash: bytes, family_id: UUID) -> None:
    """The next one of a sign-in."""
    await tx.execute(
        "INSERT INTO refresh_token (token_hash, family_id) VALUES ($1, $2)", token_hash, family_id
    )


async def use_refresh(tx: Tx, token_hash: bytes) -> None:
    """It was exchanged for the next one."""
    await tx.execute(
        "UPDATE refresh_token SET used_at = $2 WHERE token_hash = $1", token_hash, tx.now
    )


async def end_families(
    tx: Tx, *, family_id: UUID | None = None, subject: str | None = None, client: str | None = None
) -> None:
    """No refresh token of these sign-ins is good any more."""
    await tx.execute(
        "UPDATE token_family SET revoked_at = $4 WHERE revoked_at IS NULL AND expires_at > $4"
        " AND (family_id = $1 OR subject = $2 OR client_id = $3)",
        family_id, subject, client, tx.now,
    )  # fmt: skip


async def add_revocation(tx: Tx, mark: str, until: datetime) -> None:
    """Tell every gateway."""
    await tx.execute(
        "INSERT INTO revocation (mark, at, until) VALUES ($1, $2, $3)", mark, tx.now, until
    )


async def revocations(tx: Tx, after: int) -> list[Revoked]:
    """Those with a larger number that still matter."""
    rows = await tx.fetch(
        "SELECT id, mark, at, until FROM revocation WHERE id > $1 AND until > $2", after, tx.now
    )
    return [Revoked(*row) for row in rows]


async def sweep(tx: Tx, before: datetime) -> None:
    """Forget sign-ins, codes and revocations that ended before then."""
    await tx.execute("DELETE FROM token_family WHERE expires_at < $1", before)
    await tx.execute("DELETE FROM authorization_code WHERE expires_at < $1", before)
    await tx.execute("DELETE FROM revocation WHERE until < $1", before)


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


def _client(row: Any) -> Client:
    return Client(
        row["client_id"],
        Role(row["role"]) if row["role"] else None,
        row["secret_hash"],
        frozenset(map(Grant, row["grants"])),
        tuple(row["redirect_uris"]),
        row["store"],
    )


def _family(row: Any) -> Family:
    holder = Holder(Role(row["role"]), row["subject"], row["member_id"], row["store"])
    return Family(
        row["family_id"], row["client_id"], holder, row["scope"], row["auth_time"],
        row["expires_at"], row["stepped_up_until"], row["revoked_at"],
    )  # fmt: skip
