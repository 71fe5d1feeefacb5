"""The programme's secret, and the keys derived from it that must outlive every rotation."""

from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contracts.classification import Kind
from gateway_service.vault.mac import Mac

SECRET_BYTES = 32
REMEMBERED = 256  # kinds × purposes


class Keys:
    """Derived keys, each made once: HKDF-SHA256 of the secret with what the key is for.

    Blind indexes must go on meeting, so the secret never changes; it is kept wrapped as data keys
    are. An installation from before there were wrapping keys goes on with what was its root key.
    """

    def __init__(self, secret: bytes = b"") -> None:
        self._secret = secret
        self.old_cipher = lru_cache(REMEMBERED)(self._old_cipher)
        self.index_mac = lru_cache(REMEMBERED)(self._index_mac)
        self.secret = lru_cache(REMEMBERED)(self._of)
        self.tail_key = lru_cache(REMEMBERED)(self._tail_key)
        self.match_mac = lru_cache(REMEMBERED)(self._match_mac)

    def unlock(self, secret: bytes) -> None:
        """From here on there are keys; before the service has started there are none."""
        self._secret = secret

    def _old_cipher(self, version: int, kind: Kind) -> AESGCM:
        """Opens values of one kind that were sealed in the old form."""
        return AESGCM(self._derive(f"seal|{version}|{kind}"))

    def _index_mac(self, kind: Kind) -> Mac:
        """Makes blind indexes of one kind."""
        return Mac(self._derive(f"index|{kind}"))

    def _tail_key(self, kind: Kind) -> bytes:
        """Makes indexes of the last four characters; shares nothing with those of the whole."""
        return self._derive(f"tail|{kind}")

    def _match_mac(self, feature: str) -> Mac:
        """Makes match keys of one feature."""
        return Mac(self._derive(f"match|{feature}"))

    def private(self, purpose: str) -> AESGCM:
        """Encrypts the gateway's own secrets."""
        return AESGCM(self._derive(f"private|{purpose}"))

    def _of(self, purpose: str) -> bytes:
        """A key of the gateway's own for something that is not encryption."""
        return self._derive(f"secret|{purpose}")

    def _derive(self, purpose: str) -> bytes:
        if not self._secret:
            raise RuntimeError("the keys are not open yet")
        info = f"huiyuan|{purpose}".encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self._secret)
