"""Keys at rest: made, wrapped, told, destroyed, and not brought back by a backup."""

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from cryptography.exceptions import InvalidTag
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import served
from services.gateway.tests.transit import Transit

from allinone.servers.postgres import binaries
from contracts.classification import Kind
from contracts.roles import Role
from contracts.sealed import Sealed
from gateway_service.vault import repository
from gateway_service.vault.keeper import Keeper
from gateway_service.vault.keys import Keys
from gateway_service.vault.ring import Erased, NotReady, Ring
from gateway_service.vault.roots import (
    EnvironmentRoots,
    FileRoots,
    RootKeys,
    TransitRoots,
    Unwrappable,
    root_file,
)
from gateway_service.vault.seal import Vault
from testkit import eventually
from testkit.stack import Stack

AT = "member.name"
MEMBER = UUID(int=5)
Start = Callable[..., Awaitable[Gateway]]


def name_of(gateway: Gateway, member: UUID = MEMBER) -> str:
    return gateway.parts.vault.seal(Kind.NAME, "张三丰", member, place=AT)


def _erased(gateway: Gateway, subjects: int) -> bool:
    return len(gateway.parts.vault.ring.erased) == subjects


def read(gateway: Gateway, token: str, member: UUID = MEMBER) -> str:
    return gateway.parts.vault.open(Sealed.parse(token), {member.bytes}, place=AT)


async def test_a_thousand_members_get_their_keys_in_one_statement(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    add = repository.add_data_keys

    async def counted(tx: object, keys: list[repository.Wrapped]) -> set[UUID]:
        asked.append(len(keys))
        return await add(tx, keys)  # type: ignore[arg-type]

    monkeypatch.setattr(repository, "add_data_keys", counted)
    members = [uuid4() for _ in range(1000)]
    await gateway.parts.vault.ready(members, create=True)
    await gateway.parts.vault.ready(members, create=True)
    assert asked == [1000]
    async with gateway.app.db.transaction() as tx:
        rows = await tx.fetch("SELECT wrapped FROM data_key WHERE owner = ANY($1)", members)
    assert len({row["wrapped"] for row in rows}) == 1000
    assert {len(row["wrapped"]) for row in rows} == {12 + 32 + 16}


async def test_whoever_needs_a_key_at_the_same_moment_gets_the_same_one(
    gateway: Gateway, start_gateway: Start
) -> None:
    other = await start_gateway()
    members = [uuid4() for _ in range(50)]
    await asyncio.gather(
        *(each.parts.vault.ready(members, create=True) for each in (gateway, other) * 5)
    )
    for member in members:
        assert read(other, name_of(gateway, member), member) == "张三丰"


async def test_a_wrapped_key_opens_in_its_own_row_only(gateway: Gateway) -> None:
    await gateway.parts.vault.ready([MEMBER, UUID(int=6)], create=True)
    async with gateway.app.db.transaction() as tx:
        await tx.execute(
            "UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key WHERE owner = $1)"
            " WHERE owner = $2",
            MEMBER, UUID(int=6),
        )  # fmt: skip
    gateway.parts.vault.ring.forget([UUID(int=6).bytes])
    with pytest.raises(InvalidTag):
        await gateway.parts.vault.ready([UUID(int=6)])


async def test_who_is_erased_is_unreadable_in_every_gateway_at_once(
    gateway: Gateway, start_gateway: Start
) -> None:
    other, absorbed = await start_gateway(), UUID(int=6)
    vault = gateway.parts.vault
    await vault.ready([MEMBER, absorbed], create=True)
    index, unknown = vault.identifier(Kind.CARD_NO, "A-1")
    tokens = [(name_of(gateway), MEMBER), (name_of(gateway, absorbed), absorbed)]
    await other.parts.vault.ready_for(*(token for token, _ in tokens))
    assert all(read(other, token, member) == "张三丰" for token, member in tokens)
    async with gateway.app.db.transaction() as tx:
        await tx.execute("INSERT INTO merged_member VALUES ($1, $2)", absorbed, MEMBER)
    async with gateway.app.db.transaction() as tx:
        await vault.erase(tx, [MEMBER], [index])
    for each in (gateway, other):
        await eventually(partial(_erased, each, 3), says="was not told")
        for token, member in tokens:
            with pytest.raises(Erased):
                read(each, token, member)
        with pytest.raises(Erased):
            each.parts.vault.open(Sealed.parse(unknown), (), place="identifier.value")
        await each.parts.vault.ready([MEMBER], create=True)
        with pytest.raises(Erased):
            name_of(each)
        again = each.parts.vault.identifier(Kind.CARD_NO, "A-1")
        assert again[0] == index and again[1] != unknown  # somebody may come with the same card
    async with gateway.app.db.transaction() as tx:
        assert await repository.data_keys(tx, [MEMBER, absorbed]) == []
    sealed = {"kind": "phone", "value": "13800138000"}
    headers = await gateway.as_(Role.SERVICE_AGENT)
    path = f"/v1/members/{MEMBER}/identifiers"
    answer = await gateway.http.post(path, json=sealed, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (410, "member_erased")


async def test_a_gateway_that_was_not_told_forgets_in_time(start_gateway: Start) -> None:
    gateway = await start_gateway(KEY_CACHE_SECONDS="0.5")
    await gateway.parts.vault.ready([MEMBER], create=True)
    token = name_of(gateway)
    async with gateway.app.db.transaction() as tx:  # what another one did, and nobody told
        await repository.bury(tx, [MEMBER.bytes])

    def unreadable() -> bool:
        try:
            read(gateway, token)
        except NotReady:
            return True
        except Erased:
            return True
        return False

    await eventually(unreadable, says="the key is still at hand")
    await eventually(lambda: MEMBER.bytes in gateway.parts.vault.ring.erased, says="not heard of")


async def run(stack: Stack, program: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs on the session's database."""
    command = [str(binaries() / program), "--dbname", stack.admin_dsn, *arguments]
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    assert await running.wait() == 0


async def test_restoring_a_backup_brings_nobody_back(
    stack: Stack, start_gateway: Start, tmp_path: Path
) -> None:
    """A real dump of the schema, an erasure, a real restore, another start."""
    first = await start_gateway(KEY_DIR=str(tmp_path / "keys"))
    await first.parts.vault.ready([MEMBER, UUID(int=6)], create=True)
    gone, kept = name_of(first), name_of(first, UUID(int=6))
    backup = tmp_path / "backup.sql"
    tables = ["wrapping_key", "data_key", "tombstone", "signing_key"]
    names = [f"--table=gateway.{name}" for name in tables]
    await run(stack, "pg_dump", "--data-only", "--file", str(backup), *names)
    async with first.app.db.transaction() as tx:
        await first.parts.vault.erase(tx, [MEMBER])
    listed = ", ".join(f"gateway.{name}" for name in tables)
    await run(stack, "psql", "--command", f"TRUNCATE {listed}", "--file", str(backup))
    async with first.app.db.transaction() as tx:
        assert len(await repository.data_keys(tx, [MEMBER])) == 1  # the backup has it again
    second = await start_gateway(KEY_DIR=str(tmp_path / "keys"))
    await second.parts.vault.ready_for(gone, kept)
    assert read(second, kept, UUID(int=6)) == "张三丰"
    with pytest.raises(Erased):
        read(second, gone)
    async with second.app.db.transaction() as tx:
        assert await repository.data_keys(tx, [MEMBER]) == []


async def test_lines_that_others_wrote_erase_nobody(start_gateway: Start, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    forged = f'["{"A" * 22}",1,"{"A" * 22}"]\n["half a li'
    (folder / "erased.jsonl").write_text(forged)
    gateway = await start_gateway(KEY_DIR=str(folder))
    assert gateway.parts.vault.ring.erased == {}
    async with gateway.app.db.transaction() as tx:
        await gateway.parts.vault.erase(tx, [MEMBER])
    kept = gateway.parts.keeper.witness.kept()
    assert kept == {MEMBER.bytes: 1} and (folder / "erased.jsonl").read_text().startswith(forged)
    assert stat.S_IMODE((folder / "erased.jsonl").stat().st_mode) & 0o077 in (0, 0o044)


async def test_an_older_installation_goes_on_with_its_secret(
    gateway: Gateway, start_gateway: Start, tmp_path: Path
) -> None:
    """`gateway` has signed; then its vault's tables are as before there was one."""
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "root.key").write_bytes(bytes(range(32)))
    async with gateway.app.db.transaction() as tx:
        await tx.execute("DELETE FROM data_key")
        await tx.execute("DELETE FROM wrapping_key")
        kid, older = await tx.fetchrow("SELECT kid, private_sealed FROM signing_key")
        private = gateway.parts.keys.private("signing").decrypt(
            older[:12], older[12:], kid.encode()
        )
        sealed = Keys(bytes(range(32))).private("signing").encrypt(bytes(12), private, kid.encode())
        await tx.execute("UPDATE signing_key SET private_sealed = $1", bytes(12) + sealed)
    upgraded = await start_gateway(KEY_DIR=str(folder), PROGRAMME="test")
    vault = upgraded.parts.vault
    assert vault.index(Kind.CARD_NO, "A-1") == "card_no:FEAeSrScsS2sttM-R6Z4eA"
    token = "hy1.1.name.AAAAAAAAAAAAAAAAAAAACQ.WeSkfGlFdo6Dgt8jrlQHRLSzWLYdUlqr8JL_LekOAIJMzw"
    await vault.ready_for(token)
    assert vault.open(Sealed.parse(token), {UUID(int=9).bytes}, place=AT) == "张三"


def test_a_root_file_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "root.key"
    root = root_file(path)
    assert len(root) == 32 and root_file(path) == root
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["root.key"]
    path.write_bytes(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        root_file(path)


@pytest_asyncio.fixture(params=["file", "environment", "transit"])
async def roots(request: pytest.FixtureRequest, tmp_path: Path) -> RootKeys:
    if request.param == "file":
        return FileRoots(tmp_path)
    if request.param == "environment":
        return EnvironmentRoots(f"1:{'A' * 43}=,2:{'B' * 43}=")
    roots = TransitRoots("http://transit/v1/transit/", "huiyuan", "token")
    roots.http = httpx.AsyncClient(
        transport=httpx.ASGITransport(Transit("token")), base_url="http://transit/v1/transit/",
        headers={"X-Vault-Token": "token"},
    )  # fmt: skip
    return roots


async def test_every_provider_wraps_rotates_and_destroys(roots: RootKeys) -> None:
    key, context = os.urandom(32), b"programme|1"
    older = await roots.wrap(key, context)
    assert await roots.unwrap(older, context) == key and key.hex() not in older
    with pytest.raises(Unwrappable):
        await roots.unwrap(older, b"programme|2")
    newest = await roots.rotate()
    newer = await roots.wrap(key, context)
    assert await roots.unwrap(newer, context) == await roots.unwrap(older, context) == key
    await roots.destroy_before(newest)
    assert await roots.unwrap(newer, context) == key
    if older.split(":")[1] != newer.split(":")[1]:
        with pytest.raises(Unwrappable):
            await roots.unwrap(older, context)


async def test_the_root_may_stay_in_a_transit_engine(start_gateway: Start, tmp_path: Path) -> None:
    async with served(Transit("s.token")) as url:
        settings = {
            "KEY_DIR": str(tmp_path), "ROOT_KEYS": "transit",
            "TRANSIT_URL": f"{url}/v1/transit/", "TRANSIT_TOKEN": "s.token",
        }  # fmt: skip
        gateway = await start_gateway(**settings)
        await gateway.parts.vault.ready([MEMBER], create=True)
        token = name_of(gateway)
        again = await start_gateway(**settings)
        await again.parts.vault.ready_for(token)
        assert read(again, token) == "张三丰" and not (tmp_path / "root.key").exists()
        async with gateway.app.db.transaction() as tx:
            (wrapped,) = (await repository.wrapping_keys(tx, "default")).values()
        assert wrapped.startswith("vault:v1:")


async def test_another_root_key_does_not_start(gateway: Gateway, tmp_path: Path) -> None:
    stranger = Keeper(Ring("default"), Keys(), FileRoots(tmp_path), tmp_path)
    (tmp_path / "root.key").write_bytes(bytes(32))
    with pytest.raises(Unwrappable):
        await stranger.start(gateway.app.db, gateway.app.app.state.runtime.bus.nc)
    assert isinstance(gateway.parts.vault, Vault)
