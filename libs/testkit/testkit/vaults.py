"""A vault without a database: everybody's key is derived from one secret when it is asked for."""

import hashlib

from gateway_service.vault.keys import Keys
from gateway_service.vault.ring import Ring
from gateway_service.vault.seal import Vault

SECRET = bytes(range(32))


class DerivedRing(Ring):
    """Always has every key, in as many versions as it is told; forgets none."""

    def __init__(self, programme: str, secret: bytes, versions: int = 1) -> None:
        super().__init__(programme, seconds=86_400)
        self.rooted, self.versions = secret, versions

    def _of(self, owner: bytes) -> object:  # type: ignore[override]
        if (owner not in self._held and owner != self.own) or not self._own.newest:
            numbers = range(1, self.versions + 1)
            self.hold(owner, {n: self._derived(owner, n) for n in numbers})
            self.hold(self.own, {n: self._derived(self.own, n) for n in numbers})
        return super()._of(owner)

    def _derived(self, owner: bytes, version: int) -> bytes:
        return hashlib.blake2b(owner + bytes([version]), key=self.rooted, digest_size=32).digest()


def derived_vault(
    programme: str = "test", secret: bytes = SECRET, *, versions: int = 1, suite: str = "a"
) -> Vault:
    """The same programme and secret make the same vault."""
    return Vault(Keys(secret), DerivedRing(programme, secret, versions), suite)
