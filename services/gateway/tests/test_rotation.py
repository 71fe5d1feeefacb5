"""Keys replaced online: identity's own tables, real servers, reads going on all the while."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest_asyncio
from services.gateway.tests.conftest import Gateway
from services.gateway.tests.inner import Inner, served

from contracts.classification import Kind
from contracts.roles import Role
from contracts.sealed import Sealed
from gateway_service.vault import repository
from testkit import eventually
from testkit.apps import RunningApp

MEMBERS, CARDS = 10_000, 9  # and a name each: 100,000 rows
FEW = 40
NOW = datetime(2026, 1, 5, tzinfo=UTC)
Start = Callable[..., Awaitable[Gateway]]


@pytest_asyncio.fixture(loop_scope="session")
async def identity(
    clean: None, service_app: Callable[..., Awaitable[RunningApp]]
) -> AsyncIterator[tuple[RunningApp, str]]:
    """The real identity, and where it listens."""
    app = await service_app("identity_service.app")
    async with served(app.app) as url:
        yield app, url


async def started(
    start_gateway: Start, inner: Inner, identity: tuple[RunningApp, str], **settings: str
) -> Gateway:
    """Old versions are kept no longer than a cache may hold them, two seconds."""
    inner.replies["GET /internal/sealed"] = 200, []
    quick = {"KEY_KEEP_SECONDS": "0", "KEY_CACHE_SECONDS": "2", "ROOT_KEEP_SECONDS": "0"}
    return await start_gateway(IDENTITY_URL=identity[1], **quick, **settings)


async def seeded(
    gateway: Gateway, app: RunningApp, members: int, cards_each: int = 1
) -> list[UUID]:
    """So many members in identity's tables."""
    vault, ids = gateway.parts.vault, [UUID(int=n + 1) for n in range(members)]
    people, cards = [], []
    for start in range(0, members, 500):
        some = ids[start : start + 500]
        await vault.ready(some, create=True)
        for each in some:
            name = vault.seal(Kind.NAME, "张三丰", each, place="member.name")
            people.append((each, NOW, name, "zh", b""))
            for n in range(cards_each):
                number = f"62{each.int:08}{n:04}"
                card = vault.seal(Kind.CARD_NO, number, each, place="identifier.value")
                index = f"card_no:{card.rpartition('.')[2]}"
                cards.append((index, "card_no", card, each, each, NOW, "registration"))
    async with app.db.transaction() as tx:
        await tx.copy("member", ["member_id", "registered_at", "name", "language", "fingerprint"],
                      people)  # fmt: skip
        await tx.copy("identifier", ["index", "kind", "value", "member_id", "original_member_id",
                                     "linked_at", "source"], cards)  # fmt: skip
    return ids


async def rotated(gateway: Gateway, timeout: float = 60, **wish: Any) -> dict[str, Any]:
    """Begin, and wait until the older versions are gone."""
    headers = await gateway.as_(Role.ADMIN)
    answer = await gateway.http.post("/v1/keys/rotate", json=wish, headers=headers)
    assert answer.status_code == 202, answer.text
    path = f"/v1/keys/rotations/{answer.json()['rotation_id']}"

    found: dict[str, Any] = {}

    async def done() -> bool:
        found.update((await gateway.http.get(path, headers=await gateway.as_(Role.ADMIN))).json())
        return bool(found["state"] == "done")

    await eventually(done, timeout=timeout, says="the rotation does not end")
    assert found["finished_at"] and found["unreadable"] == 0
    return found


async def versions(app: RunningApp) -> set[str]:
    """Heads of all tokens in identity's tables."""
    async with app.db.transaction(readonly=True) as tx:
        rows = await tx.fetch(
            "SELECT DISTINCT split_part(token, '.', 2) AS head FROM"
            " (SELECT name AS token FROM member UNION ALL SELECT value FROM identifier) t"
        )
    return {row["head"] for row in rows}


async def test_100_000_rows_are_sealed_anew_while_they_are_read(
    start_gateway: Start, inner: Inner, identity: tuple[RunningApp, str]
) -> None:
    gateway = await started(start_gateway, inner, identity)
    ids = await seeded(gateway, identity[0], MEMBERS, CARDS)
    headers = await gateway.as_(Role.SERVICE_AGENT)
    running, reads, failed = True, 0, 0

    async def reader(first: int) -> None:
        nonlocal reads, failed
        n = first
        while running:
            member = ids[n % MEMBERS]
            answer = await gateway.http.get(f"/v1/members/{member}", headers=headers)
            reads += 1
            failed += answer.status_code != 200 or answer.json()["name"] != "张**"
            n += 7_919  # everywhere in the tables
            await asyncio.sleep(0.02)

    readers = [asyncio.create_task(reader(n)) for n in range(2)]
    began = time.monotonic()
    found = await rotated(gateway, timeout=180, scope="data")
    took = time.monotonic() - began
    running = False
    await asyncio.gather(*readers)
    assert found["resealed"] == MEMBERS * (1 + CARDS) and await versions(identity[0]) == {"am2"}
    assert failed == 0 and reads > 100
    async with gateway.app.db.transaction() as tx:
        kept = await tx.fetch("SELECT version, count(*) AS n FROM data_key GROUP BY 1")
        tails = await tx.fetchval("SELECT count(*) FROM identifier_tail")
    assert {row["version"]: row["n"] for row in kept} == {1: 1, 2: MEMBERS + 1}  # 1: the secret
    assert tails == MEMBERS * CARDS  # of members who were there before that index, in passing
    print(f"{MEMBERS * (1 + CARDS)} rows in {took:.1f} s, {reads} reads meanwhile")


async def test_wrapping_and_root_keys_touch_no_row(
    start_gateway: Start, inner: Inner, identity: tuple[RunningApp, str], tmp_path: Path
) -> None:
    gateway = await started(start_gateway, inner, identity, KEY_DIR=str(tmp_path))
    ids = await seeded(gateway, identity[0], FEW)

    async def rows() -> list[Any]:
        async with identity[0].db.transaction(readonly=True) as tx:
            found: list[Any] = await tx.fetch("SELECT xmin, ctid, name FROM member ORDER BY 3")
            return found

    before = await rows()
    seen = len([each for each in inner.seen if each.path.startswith("/internal/sealed")])
    await rotated(gateway, scope="wrapping")
    await rotated(gateway, scope="root")
    assert await rows() == before
    assert seen == len([each for each in inner.seen if each.path.startswith("/internal/sealed")])
    async with gateway.app.db.transaction() as tx:
        kept = await repository.wrapping_keys(tx, "default")
        keys = await repository.data_keys(tx, ids)
        gone = await tx.fetchrow("SELECT wrapped, destroyed_at FROM wrapping_key WHERE version = 1")
    assert set(kept) == {2} and kept[2].startswith("root:v2:")
    assert {key.wrapping_version for key in keys} == {2} and len(keys) == FEW
    assert gone["wrapped"] is None and gone["destroyed_at"]
    folder = gateway.key_dir
    assert not (folder / "root.key").exists() and (folder / "root-2.key").exists()
    again = await started(start_gateway, inner, identity, KEY_DIR=str(folder))
    headers = await again.as_(Role.SERVICE_AGENT)
    answer = await again.http.get(f"/v1/members/{ids[0]}", headers=headers)
    assert answer.json()["name"] == "张**"


async def test_one_member_and_whoever_became_it(
    start_gateway: Start, inner: Inner, identity: tuple[RunningApp, str]
) -> None:
    gateway = await started(start_gateway, inner, identity)
    ids = await seeded(gateway, identity[0], FEW)
    agent, admin = await gateway.as_(Role.SERVICE_AGENT), await gateway.as_(Role.ADMIN)
    body = {"survivor_id": str(ids[0]), "absorbed_id": str(ids[1])}
    merged = await gateway.http.post("/v1/merges", json=body, headers=agent)
    assert merged.status_code == 201
    async with gateway.app.db.transaction() as tx:
        await tx.execute("INSERT INTO merged_member VALUES ($1, $2)", ids[1], ids[0])
    found = await rotated(gateway, scope="member", member_id=str(ids[0]))
    assert found["resealed"] == 4  # two names, two cards
    assert await versions(identity[0]) == {"am1", "am2"}
    path = f"/v1/members/{ids[1]}/identifiers"
    data = (await gateway.http.get(path, headers=agent)).json()["data"]
    assert len(data) == 2 and "***" not in {each["value"] for each in data}  # every key reachable
    stranger = {"scope": "member", "member_id": str(UUID(int=10**9))}
    answer = await gateway.http.post("/v1/keys/rotate", json=stranger, headers=admin)
    assert (answer.status_code, answer.json()["code"]) == (410, "no_key")
    for wrong in ({"scope": "member"}, {"scope": "data", "member_id": str(ids[0])}, {}):
        answer = await gateway.http.post("/v1/keys/rotate", json=wrong, headers=admin)
        assert answer.status_code == 422
    none = await gateway.http.get(f"/v1/keys/rotations/{UUID(int=0)}", headers=admin)
    assert none.status_code == 404


async def test_the_old_form_and_the_gateways_own_rows_are_sealed_anew(
    start_gateway: Start, inner: Inner, identity: tuple[RunningApp, str]
) -> None:
    """Besides: a suite that was changed, a forged token that stays, a row changed in between."""
    gateway = await started(start_gateway, inner, identity, CIPHER_SUITE="s")
    payload = gateway.parts.vault.seal(Kind.TEXT, "x", None, place="quarantine.payload")
    async with gateway.app.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO quarantine VALUES ($1, $2, 'message', 's', 'r', '', $3, NULL)",
            UUID(int=1), NOW, payload,
        )  # fmt: skip
    await rotated(gateway, scope="data")
    async with gateway.app.db.transaction() as tx:
        newer = await tx.fetchval("SELECT payload FROM quarantine")
    assert payload.startswith("hy2.sp1.") and newer.startswith("hy2.sp2.")
    opened = gateway.parts.vault.open(Sealed.parse(newer), (), place="quarantine.payload")
    assert opened == "x"


async def test_whoever_writes_in_between_wins(identity: tuple[RunningApp, str]) -> None:
    app = identity[0]
    async with app.db.transaction() as tx:
        await tx.copy("member", ["member_id", "registered_at", "name", "language", "fingerprint"],
                      [(UUID(int=1), NOW, "hy2.am1.name.a.b", "zh", b"")])  # fmt: skip
    asked = await app.client.post("/internal/sealed/page", json={"place": "member.name"})
    page = asked.json()
    assert page["rows"] == [["(0,1)", "hy2.am1.name.a.b"]] and "cursor" not in page
    async with app.db.transaction() as tx:
        await tx.execute("UPDATE member SET name = 'hy2.am1.name.a.c'")
    swap = {"place": "member.name", "partition": page["partition"],
            "rows": [[*page["rows"][0], "hy2.am2.name.a.d"]]}  # fmt: skip
    swapped = await app.client.post("/internal/sealed/swap", json=swap)
    assert swapped.json() == {"swapped": 0}
    async with app.db.transaction() as tx:
        assert await tx.fetchval("SELECT name FROM member") == "hy2.am1.name.a.c"
    unknown = await app.client.post("/internal/sealed/page", json={"place": "merge.moved"})
    assert unknown.status_code == 404
