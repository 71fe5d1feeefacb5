"""Admit clients and sources of events, and put them out."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from chassis.database import Tx
from chassis.problem import Problem
from contracts.gateway.access import (
    ClientAnswer,
    ClientItem,
    ClientRequest,
    Clients,
    WriteKeyAnswer,
    WriteKeyRequest,
)
from contracts.roles import Role
from gateway_service.access import repository
from gateway_service.access.domain import Client, Source, hash_secret, unfit_client
from gateway_service.access.tokens import Tokens
from gateway_service.access.use_cases import end_client
from gateway_service.files import read_private, write_private

DEMO_SOURCE = "demo"


async def admit(tx: Tx, wish: ClientRequest) -> ClientAnswer:
    """A new client. Raises Problem 409 if there is one of that name, 422 for one that is unfit."""
    if await repository.client(tx, wish.client_id) is not None:
        raise Problem(409, "client_exists", "There is a client of this name", pointer="/client_id")
    secret = new_secret() if wish.confidential else None
    new = Client(
        wish.client_id,
        wish.role,
        hash_secret(secret) if secret else None,
        frozenset(wish.grants),
        tuple(dict.fromkeys(wish.redirect_uris)),
        wish.store,
    )
    unfit = unfit_client(new)
    if unfit:
        pointer, why = unfit
        raise Problem(
            422, "unfit_client", "A client cannot be like this", detail=why, pointer=pointer
        )
    await repository.put_client(tx, new)
    return ClientAnswer(client_id=new.client_id, client_secret=secret, role=new.role)


async def listed(tx: Tx) -> Clients:
    """Every client."""
    return Clients(
        data=[
            ClientItem(
                client_id=one.client_id,
                role=one.role,
                confidential=one.secret_hash is not None,
                grants=sorted(one.grants),
                redirect_uris=list(one.redirect_uris),
                store=one.store,
            )
            for one in await repository.clients(tx)
        ]
    )


async def put_out(tx: Tx, tokens: Tokens, client_id: str) -> None:
    """Forget a client; what it was issued ends. Raises Problem 404."""
    if not await repository.drop_clients(tx, [client_id]):
        raise Problem(404, "unknown_client", "There is no such client")
    await end_client(tx, tokens, client_id)


async def admit_source(tx: Tx, wish: WriteKeyRequest) -> WriteKeyAnswer:
    """A new source of events, or a new key for it."""
    key = new_secret()
    await repository.put_source(tx, Source(wish.name, wish.trust), hash_secret(key))
    return WriteKeyAnswer(name=wish.name, trust=wish.trust, write_key=key)


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
            await repository.put_source(tx, Source(name, "server"), hash_secret(key))
    write_private(path, {"dev": dev, "clients": clients, "write_keys": write_keys})


def new_secret() -> str:
    """32 random bytes, base64url."""
    return secrets.token_urlsafe(32)
