"""Seal and open: AES-256-GCM, bound to programme, kind, member and key version.

The nonce is derived from value and binding, so that sealing is a function of its input: a request
sent twice looks the same behind the gateway, which idempotency there relies on. Two sealings are
equal exactly when value and member are, which the blind index tells anyway.
"""

import hmac
from collections.abc import Container, Iterable
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from cryptography.exceptions import InvalidTag

from contracts.classification import IDENTIFIER_KINDS, Kind
from contracts.sealed import INDEX_PREFIX, SEALED_PREFIX, Sealed, b64
from gateway_service.vault.index import normalise
from gateway_service.vault.keys import Keys

INDEX_BYTES = 16
NONCE_BYTES = 12
IDENTIFIERS = "identifier.value"
REMEMBERED = 65_536  # identifiers that come again and again: a shop's cards and openids


class NotOurs(Exception):
    """A token that does not open here: forged, moved, or sealed under another root key."""


class Erased(NotOurs):
    """A token whose key was destroyed, because the member was erased."""


class Vault:
    """Turns values into tokens and back. Holds no connection; safe to share."""

    def __init__(self, keys: Keys, programme: str, version: int = 1) -> None:
        self._keys, self._programme, self._version = keys, programme, version
        self.identifier = lru_cache(REMEMBERED)(self._identifier)

    async def ready(self, member_ids: Iterable[UUID], *, create: bool = False) -> None:
        """Have the members' keys at hand, so that `seal` and `open` need not wait for them.

        `create` makes and commits what is missing. Raises Erased for a member who must not have
        a key any more.
        """

    async def ready_for(self, *texts: str | bytes) -> None:
        """Have the keys at hand of every token in these texts: an answer, a row."""

    def seal(self, kind: Kind, value: str, member_id: UUID | None, *, place: str) -> str:
        """A token bound to place and member, or to the value itself while no member is known.

        `place` is `<table>.<column>`, as in the contract. Identifiers carry their blind index.
        Raises index.Unusable.
        """
        text = normalise(kind, value)
        digest = b""
        if kind in IDENTIFIER_KINDS or member_id is None:
            digest = self._digest(kind, text)
        subject = member_id.bytes if member_id else digest
        head = f"{SEALED_PREFIX}{self._version}.{kind}.{b64(subject)}"
        tail = f".{b64(digest)}" if kind in IDENTIFIER_KINDS else ""
        return f"{head}.{b64(self._encrypt(kind, text, subject))}{tail}"

    def index(self, kind: Kind, value: str) -> str:
        """`<kind>:<blind index>`. Raises index.Unusable."""
        return f"{kind}:{b64(self._digest(kind, normalise(kind, value)))}"

    def question(self, kind: Kind, value: str) -> str:
        """The index-only token: "whose is this?". Raises index.Unusable."""
        return f"{INDEX_PREFIX}{kind}.{b64(self._digest(kind, normalise(kind, value)))}"

    def _identifier(self, kind: Kind, value: str) -> tuple[str, str]:
        """Index and self-bound token of an identifier. Raises index.Unusable."""
        token = self.seal(kind, value, None, place=IDENTIFIERS)
        return f"{kind}:{token.rpartition('.')[2]}", token

    def open(self, token: Sealed, members: Container[bytes], *, place: str) -> str:
        """The value, if it was sealed for this place and for one of `members` (16 bytes) or itself.

        Raises NotOurs, or Erased.
        """
        nonce, ciphertext = token.ciphertext[:NONCE_BYTES], token.ciphertext[NONCE_BYTES:]
        cipher = self._keys.cipher(token.key_version, token.kind)
        binding = self._binding(token.kind, token.subject, token.key_version)
        try:
            value = cipher.decrypt(nonce, ciphertext, binding).decode()
        except (InvalidTag, ValueError):
            raise NotOurs from None
        if token.subject not in members and token.subject != self._digest(token.kind, value):
            raise NotOurs
        return value

    def _encrypt(self, kind: Kind, text: str, subject: bytes) -> bytes:
        plain = text.encode()
        binding = self._binding(kind, subject, self._version)
        key = self._keys.nonce_key(self._version, kind)
        nonce = blake2b(binding + b"|" + plain, key=key, digest_size=NONCE_BYTES).digest()
        return nonce + self._keys.cipher(self._version, kind).encrypt(nonce, plain, binding)

    def _binding(self, kind: Kind, subject: bytes, version: int) -> bytes:
        return f"huiyuan|{self._programme}|{kind}|{b64(subject)}|{version}".encode()

    def _digest(self, kind: Kind, text: str) -> bytes:
        return hmac.digest(self._keys.index_key(kind), text.encode(), "sha256")[:INDEX_BYTES]
