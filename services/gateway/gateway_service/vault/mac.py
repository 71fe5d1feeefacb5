"""HMAC-SHA256 under keys that are used again and again."""

from hashlib import sha256

_BLOCK = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class Mac:
    """RFC 2104 under one key of 64 bytes at most: what hashing begins with is kept, which is two
    thirds of the work for short texts. A test holds it equal to the standard library's.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK:
            raise ValueError("longer keys are hashed first")
        padded = key.ljust(_BLOCK, b"\0")
        self._inner, self._outer = (
            sha256(padded.translate(_INNER)),
            sha256(padded.translate(_OUTER)),
        )

    def digest(self, text: bytes) -> bytes:
        """32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.digest()
