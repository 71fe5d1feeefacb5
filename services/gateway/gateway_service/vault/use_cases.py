"""Rotation: new versions of keys, and everything under older ones done anew, page by page."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from chassis.database import Database, Tx
from chassis.problem import Problem
from chassis.sealed import SealedColumns
from contracts.auditing import Action, Decision
from contracts.gateway.keys import KeyRotation, RotateKeys
from contracts.inner import SealedPage, SealedPageRequest, SealedSwap, Swapped
from contracts.sealed import TOKENS, Sealed, b64
from gateway_service.audit.domain import Entry
from gateway_service.audit.use_cases import Audit
from gateway_service.proxy.client import Gone, InnerClient
from gateway_service.proxy.forward import SYSTEM
from gateway_service.vault import repository
from gateway_service.vault.domain import FIRST, Rotation, Stage
from gateway_service.vault.keeper import KEY_BYTES, Keeper
from gateway_service.vault.ring import NotOurs, NotReady
from gateway_service.vault.seal import Vault

OWN = "gateway"
OWN_COLUMNS = SealedColumns(
    [
        "quarantine.payload", "rights_request.archive", "sandbox_outbox.recipient",
        "sandbox_outbox.text", "outgoing_message.recipient", "outgoing_message.content",
    ]
)  # fmt: skip
_OWNERS = 2_000  # a page of keys
_BREATH = 50  # tokens between two looks at what else is to do


_Row = tuple[str, str, str]  # where, as it was read, as it shall be

# What is made of sealed values and kept elsewhere is made anew as they pass: (tx, place, values).
Passing = Callable[[Tx, str, Sequence[str]], Awaitable[None]]


class Columns:
    """Every service's sealed columns: `<service>:<table>.<column>`."""

    def __init__(self, inner: InnerClient) -> None:
        self._inner = inner
        self._places: list[str] = []

    async def places(self, *, anew: bool) -> list[str]:
        """All of them, in one sequence. Raises Gone while a service is away."""
        if anew or not self._places:
            found = [f"{OWN}:{place}" for place in OWN_COLUMNS.places]
            for service in self._inner.services:
                answer = await self._ask(service, "GET", "/internal/sealed", b"")
                named = msgspec.json.decode(answer, type=list[str])
                found += [f"{service}:{each}" for each in named]
            self._places = sorted(found)
        return self._places

    async def page(self, tx: Tx, place: str, cursor: str, containing: list[str]) -> SealedPage:
        """Rows with tokens after the cursor. Raises Gone."""
        service, _, column = place.partition(":")
        request = SealedPageRequest(column, cursor, containing)
        if service == OWN:
            return await OWN_COLUMNS.page(tx, request)
        body = msgspec.json.encode(request)
        answer = await self._ask(service, "POST", "/internal/sealed/page", body)
        return msgspec.json.decode(answer, type=SealedPage)

    async def swap(self, tx: Tx, place: str, page: SealedPage, rows: list[_Row]) -> int:
        """How many rows were still as they had been read. Raises Gone."""
        service, _, column = place.partition(":")
        request = SealedSwap(column, page.partition, rows)
        if service == OWN:
            return await OWN_COLUMNS.swap(tx, request)
        body = msgspec.json.encode(request)
        answer = await self._ask(service, "POST", "/internal/sealed/swap", body)
        return msgspec.json.decode(answer, type=Swapped).swapped

    async def _ask(self, service: str, method: str, path: str, body: bytes) -> bytes:
        answer = await self._inner.request(service, method, path, SYSTEM, body)
        if answer.status != 200:
            raise Gone(service)
        return answer.body


@dataclass(slots=True)
class _Anew:
    """A page sealed anew."""

    rows: list[_Row] = field(default_factory=list)
    stale: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """How long keys that were replaced are kept."""

    data: timedelta
    root: timedelta


class Rotations:
    """Begins rotations, and takes them on a page at a time, whichever gateway comes first."""

    def __init__(
        self, keeper: Keeper, vault: Vault, columns: Columns, kept: Kept, audit: Audit
    ) -> None:
        self._keeper, self._vault, self._columns = keeper, vault, columns
        self._kept, self._audit = kept, audit
        self.passing: list[Passing] = []

    async def begin(self, tx: Tx, wish: RotateKeys) -> KeyRotation:
        """Raises Problem 409 while another one is running, 410 for a member without a key."""
        await repository.lock(tx, self._keeper.ring.programme)
        keep = self._kept.root if wish.scope == "root" else self._kept.data
        rotation = Rotation(
            tx.ids.new(), wish.scope, wish.member_id, Stage.KEYS, tx.now, tx.now + keep, None,
            0, "", FIRST, 0, 0, 0, 0,
        )  # fmt: skip
        if wish.scope == "root":
            version = await self._rewrapped(tx)
            rotation = replace(rotation, stage=Stage.WAIT, version=version)
        elif wish.scope == "wrapping":
            version = await self._keeper.new_wrapping_key(tx)
            rotation = replace(rotation, version=version)
        elif wish.member_id is not None:
            await self._new_version_of(tx, rotation, wish.member_id)
            rotation = replace(rotation, stage=Stage.WALK, after="")
        if not await repository.add_rotation(tx, rotation):
            raise Problem(409, "rotation_running", "Another rotation is running")
        return shown(rotation)

    async def read(self, tx: Tx, rotation_id: UUID) -> KeyRotation:
        """Raises Problem 404."""
        rotation = await repository.rotation(tx, rotation_id)
        if rotation is None:
            raise Problem(404, "not_found", "There is no such rotation")
        return shown(rotation)

    async def run(self, db: Database, _now: datetime) -> None:
        """Everything that is due. Raises Gone while a service is away; it is gone on with."""
        while await self._step(db):
            pass

    async def _step(self, db: Database) -> bool:
        async with db.transaction() as tx:
            rotation = await repository.rotation_due(tx)
            if rotation is None:
                return False
            after = await self._next[rotation.stage](self, tx, rotation)
            if after.stage is Stage.DONE:
                after = replace(after, finished_at=tx.now)
                self._audit.record(tx, _finished(after))
            await repository.put_rotation(tx, after)
        return True

    async def _keys(self, tx: Tx, rotation: Rotation) -> Rotation:
        """A page of data keys: a new version of each, or each under the new wrapping key."""
        if rotation.scope == "wrapping":
            return await self._wrapped_anew(tx, rotation)
        page = await repository.newest_after(tx, UUID(rotation.after), _OWNERS)
        await self._new_versions(tx, rotation, dict(page))
        if page:
            return replace(rotation, after=str(page[-1][0]))
        return replace(rotation, stage=Stage.WALK, after="")

    async def _new_version_of(self, tx: Tx, rotation: Rotation, member_id: UUID) -> None:
        ids = await repository.with_absorbed(tx, [member_id])
        newest: dict[UUID, int] = {}
        for key in await repository.data_keys(tx, ids):
            newest[key.owner] = max(key.version, newest.get(key.owner, 0))
        if not newest:
            raise Problem(410, "no_key", "This member has no key", pointer="/member_id")
        await self._new_versions(tx, rotation, newest)

    async def _new_versions(self, tx: Tx, rotation: Rotation, newest: Mapping[UUID, int]) -> None:
        keeper = self._keeper
        fresh = [
            keeper.wrap(owner, version + 1, secrets.token_bytes(KEY_BYTES))
            for owner, version in newest.items()
            if owner.bytes != keeper.ring.secret
        ]
        await repository.add_data_keys(tx, fresh)
        await repository.retire(tx, rotation.id, fresh)
        owners = [owner.bytes for owner in newest]

        def committed() -> None:
            keeper.forget(owners)

        tx.after_commit(committed)

    async def _wrapped_anew(self, tx: Tx, rotation: Rotation) -> Rotation:
        """Data keys only: no row of any service is touched."""
        keeper, newest = self._keeper, rotation.version
        await keeper.know(tx)
        for version in await repository.wrapping_keys(tx, keeper.ring.programme):
            keys = await repository.under_wrapping_key(tx, version, _OWNERS)
            if version < newest and keys:
                fresh = [keeper.wrap(key.owner, key.version, keeper.unwrap(key)) for key in keys]
                await repository.replace_data_keys(tx, fresh, version)
                return replace(rotation, rows_seen=rotation.rows_seen + len(keys))
        await repository.destroy_wrapping_keys(tx, keeper.ring.programme, newest)
        left = await repository.wrapping_keys(tx, keeper.ring.programme)
        done = min(left) >= newest
        return replace(rotation, stage=Stage.DONE) if done else rotation

    async def _walk(self, tx: Tx, rotation: Rotation) -> Rotation:
        """One page of one column; after the last one the pass is judged."""
        places = await self._columns.places(anew=not rotation.place)
        place = rotation.place or places[0]
        containing: list[str] = []
        if rotation.member_id is not None:
            ids = await repository.with_absorbed(tx, [rotation.member_id])
            containing = sorted(b64(each.bytes) for each in ids)
        page = await self._columns.page(tx, place, rotation.after, containing)
        anew = await self._sealed_anew(place.partition(":")[2], page.rows)
        if rotation.stage is Stage.WALK:
            for hear in self.passing:
                await hear(tx, place.partition(":")[2], [value for _, value in page.rows])
        if anew.rows:
            await self._columns.swap(tx, place, page, anew.rows)
        after = replace(
            rotation,
            place=place,
            after=page.cursor,
            stale=rotation.stale + anew.stale,
            rows_seen=rotation.rows_seen + len(page.rows),
            resealed=rotation.resealed + anew.stale,
            unreadable=rotation.unreadable + anew.unreadable,
        )
        if page.cursor:
            return after
        following = [each for each in places if each > place]
        if following:
            return replace(after, place=following[0])
        return await self._passed(tx, replace(after, place="", stale=0), clean=not after.stale)

    async def _passed(self, tx: Tx, rotation: Rotation, *, clean: bool) -> Rotation:
        if rotation.stage is Stage.WALK:
            caches = timedelta(seconds=self._keeper.ring.seconds)
            until = max(rotation.destroy_at, tx.now + caches)
            return replace(rotation, stage=Stage.WAIT, destroy_at=until)
        if not clean:
            return rotation
        owners = await repository.destroy_retired(tx, rotation.id)

        def committed() -> None:
            self._keeper.forget(owner.bytes for owner in owners)

        tx.after_commit(committed)
        return replace(rotation, stage=Stage.DONE)

    async def _waited(self, _tx: Tx, rotation: Rotation) -> Rotation:
        if rotation.scope != "root":
            return replace(rotation, stage=Stage.SWEEP)
        await self._keeper.roots.destroy_before(rotation.version)
        return replace(rotation, stage=Stage.DONE)

    async def _sealed_anew(self, place: str, rows: Sequence[tuple[str, str]]) -> _Anew:
        """Rows whose tokens are not all under the newest keys. What does not open stays."""
        tokens = {text: _parsed(text) for _, value in rows for text in TOKENS.findall(value)}
        await self._keeper.ready_for(each for each in tokens.values() if each)
        newer, lacking = await self._newer(place, tokens)
        if lacking:  # of the old form: their members have no key yet
            await self._keeper.ready(
                {token.subject for each in lacking if (token := tokens[each])}, create=True
            )
            more, lacking = await self._newer(place, {text: tokens[text] for text in lacking})
            newer |= more
        found = _Anew(unreadable=sum(text is None for text in newer.values()) + len(lacking))
        for at, value in rows if newer else ():
            changed = TOKENS.sub(lambda m: newer.get(m[0]) or m[0], value)
            if changed != value:
                found.rows.append((at, value, changed))
                found.stale += 1
        return found

    async def _newer(
        self, place: str, tokens: Mapping[str, Sealed | None]
    ) -> tuple[dict[str, str | None], list[str]]:
        """Newer tokens by the stale ones, None for what does not open; and those without a key."""
        newer: dict[str, str | None] = {}
        lacking: list[str] = []
        for n, (text, token) in enumerate(tokens.items()):
            if n % _BREATH == 0:
                await asyncio.sleep(0)
            try:
                if token is not None and not self._vault.fresh(token):
                    newer[text] = self._vault.reseal(token, place=place)
            except NotReady:
                lacking.append(text)
            except NotOurs:
                newer[text] = None
        return newer, lacking

    async def _rewrapped(self, tx: Tx) -> int:
        """Wrapping keys under a new version of the root key; its number."""
        keeper = self._keeper
        stored = await repository.wrapping_keys(tx, keeper.ring.programme)
        version = await keeper.roots.rotate()
        fresh = {}
        for number, wrapped in stored.items():
            context = keeper.wrapping_context(number)
            key = await keeper.roots.unwrap(wrapped, context)
            fresh[number] = await keeper.roots.wrap(key, context)
        await repository.rewrap(tx, keeper.ring.programme, fresh)
        return version

    _next = {
        Stage.KEYS: _keys, Stage.WALK: _walk, Stage.WAIT: _waited, Stage.SWEEP: _walk,
    }  # fmt: skip


def _finished(rotation: Rotation) -> Entry:
    """That older versions were destroyed."""
    return Entry(
        action=Action.KEY, decision=Decision.DONE, operation=f"keys rotated: {rotation.scope}",
        role=None, subject="gateway", ticket=str(rotation.id),
        members=[rotation.member_id] if rotation.member_id else [], fields=[rotation.scope],
    )  # fmt: skip


def shown(rotation: Rotation) -> KeyRotation:
    """As the public sees it."""
    return KeyRotation(
        rotation_id=rotation.id,
        scope=rotation.scope,
        state=rotation.state,
        begun_at=rotation.begun_at,
        destroy_at=rotation.destroy_at,
        finished_at=rotation.finished_at,
        place=rotation.place,
        rows_seen=rotation.rows_seen,
        resealed=rotation.resealed,
        unreadable=rotation.unreadable,
    )


def _parsed(text: str) -> Sealed | None:
    try:
        return Sealed.parse(text)
    except ValueError:
        return None
