"""Cipher suites: what AES-256-GCM with HMAC-SHA256 can do, SM4-GCM with HMAC-SM3 can do, too.

A third one: a class below and a line in `SUITES`; its letter stands in the tokens it makes.
"""

import hmac
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher as Mode
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from gateway_service.vault.mac import Mac

NONCE_BYTES = 12
TAG_BYTES = 16
HASH_BYTES = 32


class Cipher(Protocol):
    """An AEAD under one key; a ciphertext ends with its tag."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Ciphertext and tag."""
        ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """The plaintext. Raises cryptography's InvalidTag."""
        ...


class Suite(Protocol):
    """An AEAD with 96-bit nonces and 128-bit tags, and a MAC of 32 bytes."""

    letter: str
    key_bytes: int

    def cipher(self, key: bytes) -> Cipher:
        """The AEAD under a key of `key_bytes`."""
        ...

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC: 32 bytes."""
        ...


class Aes:
    """AES-256-GCM and HMAC-SHA256."""

    letter = "a"
    key_bytes = 32

    def cipher(self, key: bytes) -> Cipher:
        """NIST SP 800-38D."""
        return AESGCM(key)

    def mac(self, key: bytes, data: bytes) -> bytes:
        """RFC 2104 with SHA-256."""
        return Mac(key).digest(data)  # half of what hmac.digest takes, even for one text


class Sm4:
    """SM4-GCM and HMAC-SM3 (GB/T 32907, GB/T 32905; RFC 8998)."""

    letter = "s"
    key_bytes = 16

    def cipher(self, key: bytes) -> Cipher:
        """RFC 8998, appendix A.1."""
        return _Sm4Gcm(key)

    def mac(self, key: bytes, data: bytes) -> bytes:
        """RFC 2104 with SM3."""
        return hmac.digest(key, data, "sm3")


class _Sm4Gcm:
    """What `cryptography` has for AES as one class."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        work = Mode(self._algorithm, GCM(nonce)).encryptor()
        work.authenticate_additional_data(associated_data or b"")
        return work.update(data) + work.finalize() + work.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        if len(data) < TAG_BYTES:
            raise InvalidTag
        work = Mode(self._algorithm, GCM(nonce, data[-TAG_BYTES:])).decryptor()
        work.authenticate_additional_data(associated_data or b"")
        return work.update(data[:-TAG_BYTES]) + work.finalize()


SUITES: dict[str, Suite] = {suite.letter: suite for suite in (Aes(), Sm4())}


def expand(suite: Suite, key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand (RFC 5869, 2.3); `key` is uniformly random, so that extracting is left out."""
    found, block, n = b"", b"", 1
    while len(found) < length:
        block = suite.mac(key, block + info + bytes([n]))
        found += block
        n += 1
    return found[:length]
