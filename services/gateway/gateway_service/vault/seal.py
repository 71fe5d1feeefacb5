"""Seal and open: an AEAD, bound to programme, place, kind, member and key version.

Sealing is a function of its input: the nonce is the beginning of a MAC over binding and value,
under a key of its own. A request sent twice looks the same behind the gateway, which idempotency
there relies on; two sealings are equal exactly when value, place, owner and key version are. 28
bytes of the MAC stand before the ciphertext, and it is made again when that is opened: it commits
to the key, so that no ciphertext opens under two, and a value is authentic even if the AEAD were
not.
"""

import hmac
from collections.abc import Container, Iterable
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag

from chassis.database import Tx
from contracts.classification import IDENTIFIER_KINDS, Kind
from contracts.sealed import INDEX_PREFIX, SEALED_PREFIX, TOKENS, Sealed, b64, unb64
from gateway_service.vault.index import last_four, normalise
from gateway_service.vault.keys import Keys
from gateway_service.vault.matchkeys import Matcher
from gateway_service.vault.ring import DataKey, Erased, NotOurs, NotReady, Ring
from gateway_service.vault.suites import NONCE_BYTES, SUITES

__all__ = ["IDENTIFIERS", "Erased", "NotOurs", "NotReady", "Vault"]

INDEX_BYTES = OWNER_BYTES = 16
_MOST = 2**32 - 1
COMMITTED_BYTES = 28  # the nonce and 16 more: 2^112 work for two keys
IDENTIFIERS = "identifier.value"
REMEMBERED = 65_536  # identifiers that come again and again: a shop's cards and openids


class Keeper(Protocol):
    """Where keys come from: see `gateway_service.vault.keeper`."""

    async def ready(self, owners: Iterable[bytes], *, create: bool) -> None:
        """Have keys at hand."""
        ...

    async def ready_for(self, tokens: Iterable[Sealed]) -> None:
        """Have the tokens' keys at hand."""
        ...

    async def erase(self, tx: Tx, member_ids: Iterable[UUID], indexes: Iterable[bytes]) -> None:
        """Destroy keys."""
        ...


class Vault:
    """Turns values into tokens and back. Safe to share."""

    def __init__(self, keys: Keys, ring: Ring, suite: str = "a") -> None:
        self.ring = ring
        self.keeper: Keeper | None = None
        self._keys, self._suite = keys, SUITES[suite]
        self.identifier = lru_cache(REMEMBERED)(self._identifier)
        self._bound = lru_cache(REMEMBERED)(self._binding)
        self.matcher = Matcher(keys, lambda kind, value: self._digest(kind, normalise(kind, value)))

    async def ready(self, member_ids: Iterable[UUID], *, create: bool = False) -> None:
        """Have the members' keys at hand, so that `seal` and `open` need not wait for them.

        `create` makes and commits what is missing, except for members who were erased.
        """
        if self.keeper is not None:
            await self.keeper.ready((each.bytes for each in member_ids), create=create)

    async def ready_for(self, *texts: str | bytes) -> None:
        """Have the keys at hand of every token in these texts: an answer, a row."""
        if self.keeper is not None:
            await self.keeper.ready_for(tokens_in(texts))

    async def erase(self, tx: Tx, member_ids: Iterable[UUID], indexes: Iterable[str] = ()) -> None:
        """Destroy the keys of members and of all ids merged into them, when `tx` commits.

        `indexes` (`<kind>:<blind index>`) are their identifiers: what was sealed under those before
        a member was known becomes unreadable, too.
        """
        if self.keeper is None:
            raise NotReady
        digests = (digest_of(index) for index in indexes)
        await self.keeper.erase(tx, member_ids, digests)

    def has_key(self, member_id: UUID) -> bool:
        """Whether values can be sealed for a member. Raises NotReady if nobody has looked."""
        return self.ring.has_key(member_id.bytes)

    def seal(self, kind: Kind, value: str, whose: UUID | bytes | None, *, place: str) -> str:
        """A token bound to place and owner.

        The owner is a member; or, while no member is known, the digest of an identifier, or the
        value itself. `place` is `<table>.<column>`, as in the contract. Identifiers carry their
        blind index. Raises index.Unusable, and for a member NotReady or Erased.
        """
        text = normalise(kind, value)
        indexed = kind in IDENTIFIER_KINDS
        digest = self._digest(kind, text) if indexed or whose is None else b""
        if isinstance(whose, UUID):
            subject, generation, letter = whose.bytes, 0, "m"
            key = self.ring.newest(subject)
        else:
            subject, letter = whose or digest, "p"
            generation = self.ring.erased.get(subject, 0)
            key = self.ring.newest(self.ring.own)
        suite = self._suite
        binding = self._bound(suite.letter, place, kind) + _owned(subject, key, generation)
        cipher, mac_key = key.at(suite, place)
        plain = text.encode()
        mark = suite.mac(mac_key, binding + plain)[:COMMITTED_BYTES]
        sealed = b64(mark + cipher.encrypt(mark[:NONCE_BYTES], plain, binding))
        again = f"-{generation}" if generation else ""
        named = "" if indexed and subject == digest else b64(subject)
        tail = f".{b64(digest)}" if indexed else ""
        head = f"{SEALED_PREFIX}{suite.letter}{letter}{key.version}{again}"
        return f"{head}.{kind}.{named}.{sealed}{tail}"

    def open(self, token: Sealed, members: Container[bytes], *, place: str) -> str:
        """The value, if it was sealed for this place and for one of `members` (16 bytes) or nobody.

        Raises NotReady, NotOurs, or Erased.
        """
        if not token.suite:
            return self._open_old(token, members)
        if token.of_member:
            if token.subject not in members:
                raise NotOurs
            key = self.ring.version(token.subject, token.key_version)
        else:
            if token.generation < self.ring.erased.get(token.subject, 0):
                raise Erased
            key = self.ring.version(self.ring.own, token.key_version)
        suite = SUITES.get(token.suite)
        if suite is None or len(token.subject) != OWNER_BYTES or token.generation > _MOST:
            raise NotOurs
        owned = _owned(token.subject, key, token.generation)
        binding = self._bound(suite.letter, place, token.kind) + owned
        cipher, mac_key = key.at(suite, place)
        mark, sealed = token.ciphertext[:COMMITTED_BYTES], token.ciphertext[COMMITTED_BYTES:]
        try:
            plain = cipher.decrypt(mark[:NONCE_BYTES], sealed, binding)
        except (InvalidTag, ValueError):
            raise NotOurs from None
        if not hmac.compare_digest(suite.mac(mac_key, binding + plain)[:COMMITTED_BYTES], mark):
            raise NotOurs
        return plain.decode()

    def reseal(self, token: Sealed, *, place: str) -> str:
        """The same value for the same owner under the newest key and suite.

        Raises NotReady, NotOurs, or Erased.
        """
        value = self.open(token, {token.subject}, place=place)
        owned = token.of_member
        if not token.suite:  # does not say whether it names a member or its value
            owned = token.subject != self._digest(token.kind, value)
        whose = UUID(bytes=token.subject) if owned else token.subject
        return self.seal(token.kind, value, whose, place=place)

    def fresh(self, token: Sealed) -> bool:
        """Whether it is under the newest key and suite already. Raises NotReady, or Erased."""
        if token.suite != self._suite.letter:
            return False
        owner = token.subject if token.of_member else self.ring.own
        return token.key_version == self.ring.newest(owner).version

    def index(self, kind: Kind, value: str) -> str:
        """`<kind>:<blind index>`. Raises index.Unusable."""
        return f"{kind}:{b64(self._digest(kind, normalise(kind, value)))}"

    def tail(self, kind: Kind, value: str) -> bytes | None:
        """The index of a normalised value's last four characters, apart from that of the whole."""
        found = last_four(value)
        return self.tail_of(kind, found) if found else None

    def tail_of(self, kind: Kind, last4: str) -> bytes:
        """The same, of the four characters."""
        key, text = self._keys.tail_key(kind), last4.upper().encode()
        return hmac.digest(key, text, "sha256")[:INDEX_BYTES]

    def question(self, kind: Kind, value: str) -> str:
        """The index-only token: "whose is this?". Raises index.Unusable."""
        return f"{INDEX_PREFIX}{kind}.{b64(self._digest(kind, normalise(kind, value)))}"

    def _identifier(self, kind: Kind, value: str) -> tuple[str, str]:
        """Index and self-bound token of an identifier. Raises index.Unusable."""
        token = self.seal(kind, value, None, place=IDENTIFIERS)
        return f"{kind}:{token.rpartition('.')[2]}", token

    def _open_old(self, token: Sealed, members: Container[bytes]) -> str:
        """A token that all kinds' common keys opened, whoever its member was."""
        if token.subject in self.ring.erased:
            raise Erased
        nonce, sealed = token.ciphertext[:NONCE_BYTES], token.ciphertext[NONCE_BYTES:]
        programme, version = self.ring.programme, token.key_version
        binding = f"huiyuan|{programme}|{token.kind}|{b64(token.subject)}|{version}".encode()
        try:
            value = self._keys.old_cipher(version, token.kind)
            text = value.decrypt(nonce, sealed, binding).decode()
        except (InvalidTag, ValueError):
            raise NotOurs from None
        if token.subject not in members and token.subject != self._digest(token.kind, text):
            raise NotOurs
        return text

    def _binding(self, letter: str, place: str, kind: Kind) -> bytes:
        """What a ciphertext is bound to besides its owner."""
        return "\x1f".join(("hy2", letter, self.ring.programme, place, kind, "")).encode()

    def _digest(self, kind: Kind, text: str) -> bytes:
        return self._keys.index_mac(kind).digest(text.encode())[:INDEX_BYTES]


def digest_of(index: str) -> bytes:
    """The binary part of `<kind>:<blind index>`."""
    return unb64(index.partition(":")[2])


def _owned(subject: bytes, key: DataKey, generation: int) -> bytes:
    """The end of a binding: 24 bytes, so that whole bindings are unambiguous."""
    return subject + key.version.to_bytes(4) + generation.to_bytes(4)


def tokens_in(texts: Iterable[str | bytes]) -> list[Sealed]:
    """Every sealed token in texts; what only looks like one is left out."""
    found = []
    for text in texts:
        whole = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        for token in TOKENS.findall(whole):
            try:
                found.append(Sealed.parse(token))
            except ValueError:
                continue
    return found
