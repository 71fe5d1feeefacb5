"""Keys out of the database into memory and back, told between gateways."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.coalesce import Coalescer
from chassis.database import Database, Tx
from chassis.logs import log
from contracts.sealed import Sealed, b64, unb64
from gateway_service.vault import repository
from gateway_service.vault.keys import SECRET_BYTES, Keys
from gateway_service.vault.repository import Wrapped
from gateway_service.vault.ring import Ring
from gateway_service.vault.roots import RootKeys, root_file
from gateway_service.vault.witness import Witness

KEY_BYTES = 32
TOLD = "vault.changed"  # core NATS: what was missed is found in the database within REFRESH_SECONDS
REFRESH_SECONDS = 60.0
_NONCE_BYTES = 12
_WITNESS = "erased.jsonl"


@dataclass(frozen=True, slots=True)
class _Wish:
    owners: frozenset[bytes]
    create: bool


class Keeper:
    """The one who reads and writes keys. `changed` is called when older tokens may be stale."""

    def __init__(self, ring: Ring, keys: Keys, roots: RootKeys, key_dir: Path) -> None:
        self.ring, self.roots = ring, roots
        self._keys, self._folder = keys, key_dir
        self._wrapping: dict[int, AESGCM] = {}
        # One worker: what was read earlier must not replace what was read later.
        self._wishes: Coalescer[_Wish, None] = Coalescer(self._grant, workers=1)
        self._tombstone = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.changed: list[Any] = []

    async def start(self, db: Database, nats: Any) -> None:
        """Open or make the programme's keys; replay who was erased; listen to other gateways."""
        self.db, self._nats = db, nats
        async with db.transaction() as tx:
            await repository.lock(tx, self.ring.programme)
            await self._open_wrapping_keys(tx)
            await self._open_secret(tx)
            self.witness = Witness(self._folder / _WITNESS, self._keys.secret("witness"))
            await repository.bury_again(tx, self.witness.kept())
        await self.refresh()
        await nats.subscribe(TOLD, cb=self._heard)
        self._spawn(self._keep_fresh())

    async def stop(self) -> None:
        """End what runs beside."""
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def ready(self, owners: Iterable[bytes], *, create: bool) -> None:
        """Have the owners' keys at hand; make missing ones, but for the erased."""
        wanted = {owner for owner in owners if owner not in self.ring.erased}
        lacking = self.ring.lacking(wanted)
        if create:
            lacking |= {o for o in wanted - lacking if not self.ring.has_key(o)}
        if lacking:
            await self._wishes.submit(_Wish(frozenset(lacking), create))

    async def ready_for(self, tokens: Iterable[Sealed]) -> None:
        """Have the keys of these tokens at hand."""
        lacking = self.ring.unknown(tokens) - self.ring.erased.keys()
        if lacking:
            await self._wishes.submit(_Wish(frozenset(lacking), create=False))

    async def erase(self, tx: Tx, member_ids: Iterable[UUID], indexes: Iterable[bytes]) -> None:
        """Destroy keys and leave tombstones; told and written down when `tx` has committed."""
        await repository.lock(tx, self.ring.programme)
        members = await repository.with_absorbed(tx, set(member_ids))
        buried = await repository.bury(tx, [*(each.bytes for each in members), *indexes])

        def committed() -> None:
            self._bury(buried)
            self.tell({"erased": [(b64(subject), n) for subject, n in buried.items()]})

        tx.after_commit(committed)

    def wrap(self, owner: UUID, version: int, key: bytes) -> Wrapped:
        """A data key under the newest wrapping key."""
        newest, nonce = max(self._wrapping), secrets.token_bytes(_NONCE_BYTES)
        context = self._context(owner, version, newest)
        return Wrapped(
            owner, version, newest, nonce + self._wrapping[newest].encrypt(nonce, key, context)
        )

    def unwrap(self, row: Wrapped) -> bytes:
        """The data key. Raises InvalidTag for a row that was moved or edited."""
        context = self._context(row.owner, row.version, row.wrapping_version)
        nonce, sealed = row.wrapped[:_NONCE_BYTES], row.wrapped[_NONCE_BYTES:]
        return self._wrapping[row.wrapping_version].decrypt(nonce, sealed, context)

    async def new_wrapping_key(self, tx: Tx) -> int:
        """Make one; it wraps from here on."""
        version = await repository.next_wrapping_version(tx)
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = await self.roots.wrap(key, self.wrapping_context(version))
        await repository.add_wrapping_key(tx, self.ring.programme, version, wrapped)
        self._wrapping[version] = AESGCM(key)
        return version

    async def know(self, tx: Tx) -> None:
        """Have every wrapping key at hand that there is."""
        await self._open_wrapping_keys(tx, make=False)

    def wrapping_context(self, version: int) -> bytes:
        """What a wrapping key is bound to under the root key."""
        return f"huiyuan|wrapping|{self.ring.programme}|{version}".encode()

    async def refresh(self) -> None:
        """Hear of new tombstones, wrapping keys and versions of the programme's own key."""
        async with self.db.transaction(readonly=True) as tx:
            last, buried = await repository.tombstones(tx, self._tombstone)
            await self._open_wrapping_keys(tx, make=False)
            own = await self._read(tx, [self.ring.own])
        if buried:
            async with self.db.transaction() as tx:  # a key may have been made while they were
                await repository.destroy_data_keys(tx, buried)
        self._tombstone = last
        self._hold(own, {self.ring.own}, self.ring.epoch)
        self._bury(buried)

    def tell(self, what: Mapping[str, object]) -> None:
        """Every other gateway hears it now; those that do not find it in the database later."""
        self._spawn(self._publish(msgspec.json.encode(what)))

    def forget(self, owners: Iterable[bytes]) -> None:
        """They have new versions: here and in every other gateway they are read anew."""
        gone = list(owners)
        self.ring.forget(gone)
        self.tell({"forget": [b64(owner) for owner in gone]})

    async def _grant(self, wishes: Sequence[_Wish]) -> list[None]:
        """What waited together is read, and made, in one transaction."""
        making = {owner for wish in wishes if wish.create for owner in wish.owners}
        wanted, epoch = making.union(*(wish.owners for wish in wishes)), self.ring.epoch
        async with self.db.transaction(readonly=not making) as tx:
            rows = await self._read(tx, wanted)
            missing = making - {row.owner.bytes for row in rows}
            made = await self._made(tx, missing) if missing else {}
        others = missing - made.keys()
        if others:  # another gateway was faster, or they were erased
            async with self.db.transaction(readonly=True) as tx:
                rows += await self._read(tx, others)
                buried = await repository.buried(tx, others)
            self.ring.erase(buried)  # the news of it may come later
        self._hold(rows, wanted - made.keys(), epoch)
        for owner, key in made.items():
            self.ring.hold(owner, {1: key}, read_in=epoch)
        return [None] * len(wishes)

    async def _read(self, tx: Tx, owners: Iterable[bytes]) -> list[Wrapped]:
        """Stored keys; another gateway may have wrapped them under a key that was made since."""
        rows = await repository.data_keys(tx, [UUID(bytes=owner) for owner in owners])
        if any(row.wrapping_version not in self._wrapping for row in rows):
            await self._open_wrapping_keys(tx, make=False)
        return rows

    async def _made(self, tx: Tx, owners: set[bytes]) -> dict[bytes, bytes]:
        """A first key for each owner who has none, in one statement."""
        while not await repository.hold_wrapping_key(tx, self.ring.programme, max(self._wrapping)):
            self._wrapping.pop(max(self._wrapping))
            await self._open_wrapping_keys(tx, make=False)
        fresh = {owner: secrets.token_bytes(KEY_BYTES) for owner in sorted(owners)}
        rows = [self.wrap(UUID(bytes=owner), 1, key) for owner, key in fresh.items()]
        taken = await repository.add_data_keys(tx, rows)
        return {owner: fresh[owner] for owner in fresh if UUID(bytes=owner) in taken}

    def _hold(self, rows: Iterable[Wrapped], owners: Iterable[bytes], epoch: int) -> None:
        """What was read of these owners; who has no row has no key."""
        found: dict[bytes, dict[int, bytes]] = {owner: {} for owner in owners}
        for row in rows:
            if row.owner.bytes in found:
                found[row.owner.bytes][row.version] = self.unwrap(row)
        for owner, keys in found.items():
            self.ring.hold(owner, keys, read_in=epoch)

    async def _open_wrapping_keys(self, tx: Tx, *, make: bool = True) -> None:
        stored = await repository.wrapping_keys(tx, self.ring.programme)
        for version, wrapped in stored.items():
            if version not in self._wrapping:
                key = await self.roots.unwrap(wrapped, self.wrapping_context(version))
                self._wrapping[version] = AESGCM(key)
        for gone in self._wrapping.keys() - stored.keys():
            del self._wrapping[gone]
        if make and not self._wrapping:
            await self.new_wrapping_key(tx)

    async def _open_secret(self, tx: Tx) -> None:
        """The programme's secret and its first own key; the secret of an older installation is
        what was its root key."""
        ids = UUID(bytes=self.ring.secret), UUID(bytes=self.ring.own)
        rows = {row.owner: row for row in await repository.data_keys(tx, ids)}
        secret, own = (rows.get(owner) for owner in ids)
        if secret is None:
            before = self._folder / "root.key"
            older = before.exists() and await repository.has_signed(tx)
            fresh = root_file(before) if older else secrets.token_bytes(SECRET_BYTES)
            secret = self.wrap(ids[0], 1, fresh)
            await repository.add_data_keys(tx, [secret])
        if own is None:
            key = secrets.token_bytes(KEY_BYTES)
            await repository.add_data_keys(tx, [self.wrap(ids[1], 1, key)])
        self._keys.unlock(self.unwrap(secret))

    def _bury(self, buried: Mapping[bytes, int]) -> None:
        if buried:
            self.ring.erase(buried)
            self.witness.keep(buried)
            self._stale()

    def _context(self, owner: UUID, version: int, wrapping_version: int) -> bytes:
        programme = self.ring.programme
        return f"huiyuan|data|{programme}|{owner}|{version}|{wrapping_version}".encode()

    def _stale(self) -> None:
        for clear in self.changed:
            clear()

    async def _heard(self, message: Any) -> None:
        told = msgspec.json.decode(message.data)
        self._bury({unb64(subject): n for subject, n in told.get("erased", ())})
        self.ring.forget(unb64(owner) for owner in told.get("forget", ()))
        if told.get("refresh"):
            await self.refresh()
            self._stale()

    async def _publish(self, payload: bytes) -> None:
        try:
            await self._nats.publish(TOLD, payload)
        except Exception as error:  # noqa: BLE001 - they find it in the database
            log.warning("vault_not_told", error=type(error).__name__)

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(min(REFRESH_SECONDS, self.ring.seconds))
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001 - the next round tries again
                log.warning("vault_not_fresh", error=type(error).__name__)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
