"""Admit and withdraw the keys that partners sign with."""

from chassis.database import Tx
from chassis.problem import Problem
from contracts.gateway.access import ClientKeyItem, ClientKeyRequest, ClientKeys
from gateway_service.access import repository as clients
from gateway_service.signatures import repository
from gateway_service.signatures.domain import KEYS_AT_ONCE
from gateway_service.signatures.verify import public_key


async def admit(tx: Tx, client_id: str, wish: ClientKeyRequest) -> ClientKeyItem:
    """One more key. Raises Problem 404, 409 or 422."""
    await _must_sign(tx, client_id)
    if "d" in wish.public_jwk:
        title = "This is the private half; keep it, and make another pair"
        raise Problem(422, "private_key", title, pointer="/public_jwk")
    try:
        public_key(wish.public_jwk)
    except ValueError:
        title = "A key is an Ed25519 or P-256 JWK"
        raise Problem(422, "unfit_key", title, pointer="/public_jwk") from None
    if len(await repository.keys(tx, client_id, lock=True)) >= KEYS_AT_ONCE:
        raise Problem(409, "two_keys", "There are two keys; withdraw the older one first")
    if not await repository.add(tx, client_id, wish.key_id, wish.public_jwk):
        raise Problem(409, "key_exists", "There is a key of this name", pointer="/key_id")
    return ClientKeyItem(key_id=wish.key_id, created_at=tx.now)


async def listed(tx: Tx, client_id: str) -> ClientKeys:
    """Keys of a client. Raises Problem 404."""
    await _must_sign(tx, client_id)
    keys = await repository.keys(tx, client_id)
    return ClientKeys(
        data=[ClientKeyItem(key_id=key.key_id, created_at=key.created_at) for key in keys]
    )


async def withdraw(tx: Tx, client_id: str, key_id: str) -> None:
    """Signatures of this key count no more, everywhere within two seconds. Raises Problem 404."""
    if not await repository.drop(tx, client_id, key_id):
        raise Problem(404, "unknown_key", "There is no such key")


async def _must_sign(tx: Tx, client_id: str) -> None:
    client = await clients.client(tx, client_id)
    if client is None:
        raise Problem(404, "unknown_client", "There is no such client")
    if client.role is None or client.secret_hash is None:
        raise Problem(409, "cannot_sign", "This client does not act by itself")
