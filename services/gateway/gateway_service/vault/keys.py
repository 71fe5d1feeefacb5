"""The root key and everything derived from it."""

import contextlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contracts.classification import Kind

ROOT_BYTES = 32
REMEMBERED = 256  # kinds × versions in use


def open_root_key(key_dir: Path) -> bytes:
    """`<key_dir>/root.key`, made on the first start, readable by its owner only.

    Gateways that start at once agree: the first complete file wins. Raises ValueError for a file
    of another size, because a wrong key would make everything sealed unreadable.
    """
    key_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = key_dir / "root.key"
    if not path.exists():
        fresh = key_dir / f".root.{secrets.token_hex(8)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(ROOT_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)  # unlike a rename it never replaces
        fresh.unlink()
    root = path.read_bytes()
    if len(root) != ROOT_BYTES:
        raise ValueError(f"{path} does not hold {ROOT_BYTES} bytes")
    return root


class Keys:
    """Derived keys, each made once: HKDF-SHA256 of the root key with what the key is for."""

    def __init__(self, root: bytes) -> None:
        self._root = root
        self.cipher = lru_cache(REMEMBERED)(self._cipher)
        self.nonce_key = lru_cache(REMEMBERED)(self._nonce_key)
        self.index_key = lru_cache(REMEMBERED)(self._index_key)

    def _cipher(self, version: int, kind: Kind) -> AESGCM:
        """Encrypts values of one kind."""
        return AESGCM(self._derive(f"seal|{version}|{kind}"))

    def _nonce_key(self, version: int, kind: Kind) -> bytes:
        """Makes nonces for values of one kind."""
        return self._derive(f"nonce|{version}|{kind}")

    def _index_key(self, kind: Kind) -> bytes:
        """Makes blind indexes of one kind; has no version, for equal values must go on meeting."""
        return self._derive(f"index|{kind}")

    def private(self, purpose: str) -> AESGCM:
        """Encrypts the gateway's own secrets."""
        return AESGCM(self._derive(f"private|{purpose}"))

    def secret(self, purpose: str) -> bytes:
        """A key of the gateway's own for something that is not encryption."""
        return self._derive(f"secret|{purpose}")

    def _derive(self, purpose: str) -> bytes:
        info = f"huiyuan|{purpose}".encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self._root)
