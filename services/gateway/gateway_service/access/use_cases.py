"""Exchange credentials, admit clients and sources, keep signing keys fresh."""

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from chassis.database import Database, Tx
from chassis.problem import Problem
from contracts.gateway.access import TokenAnswer
from contracts.roles import Role
from gateway_service.access import repository
from gateway_service.access.domain import (
    Client,
    OAuthError,
    client_holder,
    credentials,
    form_fields,
    hash_secret,
)
from gateway_service.access.tokens import KeyRing, Tokens, new_signing_key
from gateway_service.files import read_private, write_private
from gateway_service.vault.keys import Keys

KEY_LIFE = timedelta(days=2)  # signs for one day, then is published for one more
DEMO_SOURCE = "demo"


async def exchange(
    tx: Tx, tokens: Tokens, issuer: str, authorization: str, body: bytes, *, dev: bool
) -> TokenAnswer:
    """Client credentials for a token. Raises OAuthError."""
    form = form_fields(body)
    given = credentials(authorization, form)
    client = await repository.client(tx, given.client_id)
    known = client.secret_hash if client else b""
    if client is None or not hmac.compare_digest(known, hash_secret(given.secret)):
        raise OAuthError("invalid_client", "no such client, or another secret", 401)
    holder = client_holder(client, form, dev=dev)
    token = tokens.issue(issuer, holder)
    return TokenAnswer(access_token=token, expires_in=tokens.seconds, scope=client.role)


async def admit_client(tx: Tx, client_id: str, role: Role) -> str:
    """A new client; answers its secret. Raises Problem 409 if there is one of that name."""
    if await repository.client(tx, client_id) is not None:
        raise Problem(409, "client_exists", "There is a client of this name", pointer="/client_id")
    secret = new_secret()
    await repository.put_client(tx, Client(client_id, role, hash_secret(secret)))
    return secret


async def admit_source(tx: Tx, name: str) -> str:
    """A new source of events, or a new key for it; answers the key."""
    key = new_secret()
    await repository.put_source(tx, name, hash_secret(key))
    return key


async def rotate(db: Database, keys: Keys, ring: KeyRing, since: datetime) -> None:
    """Make sure that there is a key made `since` then, and drop what is too old to matter."""
    async with db.transaction() as tx:
        await repository.lock_signing_keys(tx)
        stored = await repository.signing_keys(tx)
        if not stored or stored[-1].created_at < since:
            await repository.add_signing_key(tx, new_signing_key(keys, tx.now))
        await repository.drop_signing_keys(tx, tx.now - KEY_LIFE)
    await reload(db, ring)


async def reload(db: Database, ring: KeyRing) -> None:
    """Read the keys from the database."""
    async with db.transaction(readonly=True) as tx:
        ring.load(await repository.signing_keys(tx))


async def first_clients(tx: Tx, path: Path, *, dev: bool) -> None:
    """`clients.json`: in development a client of every role and a write key, kept over restarts;
    otherwise, and only while there is no client at all, an administrator who admits the others.
    What development left behind is thrown out first.
    """
    roles = list(Role) if dev else [Role.ADMIN]
    if not dev:
        await repository.drop_clients(tx, [f"dev-{role}" for role in Role])
        await repository.drop_source(tx, DEMO_SOURCE)
        if await repository.any_client(tx):
            return
    stored = read_private(path)
    clients = stored.get("clients", {}) if stored.get("dev") == dev else {}
    for role in roles:
        name = f"dev-{role}" if dev else str(role)
        entry = clients.setdefault(role, {"client_id": name, "client_secret": new_secret()})
        secret_hash = hash_secret(entry["client_secret"])
        await repository.put_client(tx, Client(entry["client_id"], role, secret_hash))
    write_keys: Mapping[str, str] = {}
    if dev:
        write_keys = stored.get("write_keys") or {DEMO_SOURCE: new_secret()}
        for name, key in write_keys.items():
            await repository.put_source(tx, name, hash_secret(key))
    write_private(path, {"dev": dev, "clients": clients, "write_keys": write_keys})


def new_secret() -> str:
    """32 random bytes, base64url."""
    return secrets.token_urlsafe(32)
