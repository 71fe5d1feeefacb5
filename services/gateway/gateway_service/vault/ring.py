"""Data keys in memory: members' for some minutes, the programme's own always."""

import time
from collections.abc import Iterable, Mapping
from uuid import NAMESPACE_URL, uuid5

from contracts.sealed import Sealed
from gateway_service.vault.suites import HASH_BYTES, Cipher, Suite, expand

MOST = 65_536  # owners held at once
_ODD = frozenset("\x1f")


class NotOurs(Exception):
    """A token that does not open here: forged, moved, or sealed under another key."""


class Erased(NotOurs):
    """A token whose key was destroyed, because whom it is about was erased."""


class NotReady(LookupError):
    """A key that nobody asked to have at hand: `Vault.ready` comes first."""


class DataKey:
    """One version of an owner's key, and what was derived from it so far."""

    __slots__ = ("_derived", "_key", "version")

    def __init__(self, version: int, key: bytes) -> None:
        self.version, self._key = version, key
        self._derived: dict[tuple[str, str], tuple[Cipher, bytes]] = {}

    def at(self, suite: Suite, place: str) -> tuple[Cipher, bytes]:
        """Cipher and MAC key for values of one place."""
        found = self._derived.get((suite.letter, place))
        if found is None:
            info = f"huiyuan|seal|{suite.letter}|{self.version}|{place}".encode()
            material = expand(suite, self._key, info, suite.key_bytes + HASH_BYTES)
            found = suite.cipher(material[: suite.key_bytes]), material[suite.key_bytes :]
            self._derived[suite.letter, place] = found
        return found


class _Held:
    """An owner's versions; none for an owner who has no key. `stale`: there may be newer ones."""

    __slots__ = ("keys", "newest", "stale", "until")

    def __init__(self, keys: Mapping[int, bytes], until: float, *, stale: bool = False) -> None:
        self.keys = {version: DataKey(version, key) for version, key in keys.items()}
        self.newest = max(self.keys, default=0)
        self.until, self.stale = until, stale


class Ring:
    """Whose keys are at hand, and who was erased (how often, by member id or identifier digest).

    Owners are 16 bytes: a member's id, or `own` for the programme.
    """

    def __init__(self, programme: str, seconds: float = 240) -> None:
        if _ODD & set(programme):
            raise ValueError("a programme's name has no control characters")
        self.programme, self.seconds = programme, seconds
        self.own = uuid5(NAMESPACE_URL, f"huiyuan:{programme}").bytes
        self.secret = uuid5(NAMESPACE_URL, f"huiyuan:{programme}:secret").bytes
        self.erased: dict[bytes, int] = {}
        self.epoch = 0  # grows when owners are told to have newer versions
        self._held: dict[bytes, _Held] = {}
        self._own = _Held({}, 0)

    def hold(self, owner: bytes, keys: Mapping[int, bytes], *, read_in: int | None = None) -> None:
        """Have these versions, and no others, at hand; the programme's until told otherwise.

        `read_in` is the epoch in which they were read: in a later one they may be outdated.
        """
        if owner == self.own:
            self._own = _Held(keys, float("inf"))
            return
        while len(self._held) >= MOST:
            del self._held[next(iter(self._held))]
        self._held.pop(owner, None)  # so that it stands last: the first ones go first
        stale = read_in is not None and read_in != self.epoch
        self._held[owner] = _Held(keys, time.monotonic() + self.seconds, stale=stale)

    def forget(self, owners: Iterable[bytes]) -> None:
        """They have newer versions, to be asked for; whoever has just asked keeps what it got."""
        self.epoch += 1
        for owner in owners:
            if held := self._held.get(owner):
                held.stale = True

    def erase(self, subjects: Mapping[bytes, int]) -> None:
        """They were erased, this many times each; nothing of them opens any more."""
        for subject, generation in subjects.items():
            self.erased[subject] = max(generation, self.erased.get(subject, 0))
            self._held.pop(subject, None)

    def lacking(self, owners: Iterable[bytes]) -> set[bytes]:
        """Those whose keys are not at hand, or not for much longer."""
        soon = time.monotonic() + min(self.seconds / 2, 30)
        return {
            owner
            for owner in owners
            if (held := self._held.get(owner)) is None or held.stale or held.until < soon
        }

    def unknown(self, tokens: Iterable[Sealed]) -> set[bytes]:
        """Owners of tokens under a version that is not at hand."""
        mine = {
            (each.subject, each.suite and each.key_version) for each in tokens if each.of_member
        }
        lacking = self.lacking({owner for owner, _ in mine})
        return lacking | {
            owner
            for owner, version in mine
            if version and owner not in lacking and version not in self._held[owner].keys
        }

    def has_key(self, owner: bytes) -> bool:
        """Whether a member has a key and was not erased. Raises NotReady."""
        return owner not in self.erased and self._of(owner).newest > 0

    def newest(self, owner: bytes) -> DataKey:
        """The version to seal with. Raises NotReady, or Erased."""
        if owner in self.erased:
            raise Erased
        held = self._of(owner)
        if not held.newest:
            raise NotReady
        return held.keys[held.newest]

    def version(self, owner: bytes, version: int) -> DataKey:
        """The version a token names. Raises NotReady, NotOurs, or Erased."""
        if owner in self.erased:
            raise Erased
        found = self._of(owner).keys.get(version)
        if found is None:
            raise NotOurs
        return found

    def _of(self, owner: bytes) -> _Held:
        held = self._own if owner == self.own else self._held.get(owner)
        if held is None or held.until < time.monotonic():
            raise NotReady
        return held
