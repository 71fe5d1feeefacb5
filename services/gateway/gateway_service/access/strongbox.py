"""The gateway's own secrets at rest: encrypted by a key of their purpose, bound to an owner."""

import secrets

from cryptography.exceptions import InvalidTag

from gateway_service.vault.keys import Keys

_NONCE_BYTES = 12


def lock(keys: Keys, purpose: str, secret: bytes, owner: str) -> bytes:
    """Nonce and ciphertext."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + keys.private(purpose).encrypt(nonce, secret, owner.encode())


def unlock(keys: Keys, purpose: str, locked: bytes, owner: str) -> bytes:
    """Inverse of `lock`. Raises ValueError for what was not locked for this purpose and owner."""
    nonce, sealed = locked[:_NONCE_BYTES], locked[_NONCE_BYTES:]
    try:
        return keys.private(purpose).decrypt(nonce, sealed, owner.encode())
    except InvalidTag:
        raise ValueError("not locked here") from None
