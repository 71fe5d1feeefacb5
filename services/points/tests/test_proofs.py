"""Checkpoints, receipts that anyone can check, and an audit that finds every tampering."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop
from services.points.tests.tampering import Thief

from chassis.database import Tx
from contracts.roles import Role
from points_service.ledger import repository as ledger
from points_service.ledger.domain import Journal, JournalKind, entries, honouring, issuing, member
from points_service.proofs import merkle
from points_service.proofs.audit import audit
from points_service.proofs.domain import objections
from points_service.proofs.receipts import receipt_in
from points_service.proofs.use_cases import checkpoint, checkpoint_when_due
from points_service.proofs.vault import Vault
from testkit.never_wrong import Tally
from testkit.stack import Stack

TAMPERINGS = 1000


@pytest.fixture
def vault(shop: Shop) -> Vault:
    return Vault(shop.ledger_dir)


async def _audit(shop: Shop, vault: Vault) -> list[str]:
    async with shop.running.db.transaction(readonly=True) as tx:
        return (await audit(tx, vault)).findings


async def test_a_receipt_proves_an_entry_without_the_database(shop: Shop, vault: Vault) -> None:
    somebody = uuid4()
    for yuan in (10, 20, 30):
        await shop.buy(somebody, yuan)
    page = await shop.get(f"/v1/members/{somebody}/points/entries")
    entry_id = page["data"][1]["entry_id"]
    early = await shop.client.get(f"/v1/ledger/entries/{entry_id}/proof")
    assert (early.status_code, early.json()["code"]) == (409, "not_under_a_checkpoint")

    await shop.client.post("/v1/ledger/checkpoints")
    proof = await shop.get(f"/v1/ledger/entries/{entry_id}/proof")
    key = bytes.fromhex((await shop.get("/v1/ledger/checkpoints"))["public_key"])
    assert objections(receipt_in(proof), key) == []
    assert proof["entry"]["amount"] == 20

    for forged in (
        {"entry": {**proof["entry"], "amount": 2000}},
        {"entry": {**proof["entry"], "owner": str(uuid4())}},
        {"index": proof["index"] ^ 1},
        {"previous": "00" * 32},
        {"path": proof["path"][::-1][1:]},
        {"checkpoint": {**proof["checkpoint"], "root": "11" * 32}},
        {"checkpoint": {**proof["checkpoint"], "signature": "22" * 64}},
    ):
        assert objections(receipt_in({**proof, **forged}), key), forged
    assert objections(receipt_in(proof), b"\1" * 32) == [
        "the checkpoint was not signed with this key"
    ]


async def test_members_get_their_own_receipts_only(shop: Shop) -> None:
    mine, other = uuid4(), uuid4()
    for somebody in (mine, other):
        await shop.buy(somebody, 10)
    await shop.client.post("/v1/ledger/checkpoints")
    found = {}
    for somebody in (mine, other):
        page = await shop.get(f"/v1/members/{somebody}/points/entries")
        path = f"/v1/ledger/entries/{page['data'][0]['entry_id']}/proof"
        headers = shop.running.headers(Role.MEMBER, member_id=mine)
        found[somebody] = (await shop.client.get(path, headers=headers)).status_code
    assert found == {mine: 200, other: 404}


async def test_every_entry_has_a_receipt(shop: Shop, stack: Stack, vault: Vault) -> None:
    await _busy(shop, stack, journals=30)
    key = vault.public_key()
    async with shop.running.db.transaction(readonly=True) as tx:
        numbers = [row["entry_id"] for row in await tx.fetch("SELECT entry_id FROM entry")]
    for number in numbers:
        found = receipt_in(await shop.get(f"/v1/ledger/entries/{number}/proof"))
        assert (found.entry.entry_id, objections(found, key)) == (number, [])


async def test_checkpoints_come_hourly_and_are_told(shop: Shop, vault: Vault) -> None:
    db, made = shop.running.db, []
    for minutes in (0, 30, 59, 60, 61, 119, 120):
        shop.move(NOON + timedelta(minutes=minutes))
        await shop.buy(uuid4(), 5)
        await checkpoint_when_due(db, vault, shop.clock.now())
        made.append(len(vault.kept()))
    assert made == [1, 1, 1, 2, 2, 2, 3]
    shop.move(NOON - timedelta(days=400))  # a clock set back
    await shop.buy(uuid4(), 5)
    await checkpoint_when_due(db, vault, shop.clock.now())
    assert len(vault.kept()) == 4
    told = await shop.events("points.ledger_checkpointed.v1")
    assert [each["root"] for each in told] == [each.root.hex() for each in vault.kept()]
    assert await _audit(shop, vault) == []


async def test_the_witness_catches_up_after_a_crash(shop: Shop, vault: Vault) -> None:
    for _ in range(3):
        await shop.buy(uuid4(), 5)
        await checkpoint(shop.running.db, vault)
    whole = vault.witness.read_bytes()
    lines = whole.splitlines(keepends=True)
    vault.witness.write_bytes(b"".join(lines[:1]) + lines[1][:40])  # died while writing
    await checkpoint(shop.running.db, vault)
    assert vault.witness.read_bytes() == whole


@given(st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=70), st.data())
def test_a_path_leads_to_the_root_and_nothing_else_does(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, path = merkle.root(leaves), merkle.path(leaves, index)
    assert merkle.climb(leaves[index], index, len(leaves), path) == root
    assert merkle.climb(leaves[index] + b"x", index, len(leaves), path) != root
    assert merkle.climb(leaves[index], index, len(leaves), [*path, b"\0" * 32]) is None
    if path:
        assert merkle.climb(leaves[index], index, len(leaves), path[:-1]) is None


def test_the_tree_is_that_of_the_standard() -> None:
    """Roots of certificate transparency's reference test vectors (RFC 9162 tree)."""
    leaves = [bytes.fromhex(each) for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )]  # fmt: skip
    roots = (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
    for size, root in enumerate(roots, 1):
        assert merkle.root(leaves[:size]).hex() == root


# --- tampering ---------------------------------------------------------------------------------


async def _busy(shop: Shop, stack: Stack, journals: int) -> None:
    """Journals of several members and stores over four lanes, under a checkpoint every ten."""
    draw = random.Random(7)
    people = [shop.running.db.ids.derive("tampered", str(n)) for n in range(5)]
    owner = await asyncpg.connect(stack.admin_dsn, server_settings={"search_path": "points"})
    for number in range(journals):
        async with owner.transaction():  # whose lanes are taken, so that another one is
            await owner.execute("SELECT FROM lane WHERE lane < $1 FOR UPDATE", number % 4)
            async with shop.running.db.transaction() as tx:
                await _post(tx, draw, people, number)
        if number % 10 == 9:
            await checkpoint(shop.running.db, Vault(shop.ledger_dir))
    await owner.close()


async def _post(tx: Tx, draw: random.Random, people: list[UUID], number: int) -> None:
    who, points = draw.choice(people), draw.randint(2, 500)
    store = draw.choice(("s1", "s2"))
    earned = entries((issuing(store), -points), (member(who), points))
    spent = entries((honouring(store), points // 2), (member(who), -(points // 2)))
    await ledger.post(
        tx,
        [
            Journal(tx.ids.new(), JournalKind.EARN, f"ö{number}", tx.now, earned),
            Journal(tx.ids.new(), JournalKind.BURN, f"b{number}", tx.now, spent),
        ],
    )


@pytest_asyncio.fixture(loop_scope="session")
async def owner(shop: Shop, stack: Stack) -> AsyncIterator[Tx]:
    """The database's owner, with triggers off, in a transaction that is undone."""
    await _busy(shop, stack, journals=60)
    connection = await asyncpg.connect(stack.admin_dsn, server_settings={"search_path": "points"})
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("ALTER TABLE entry ALTER entry_id SET GENERATED BY DEFAULT")
    yield Tx(connection, shop.running.db.clock, shop.running.db.ids)
    await connection.execute("ALTER TABLE entry ALTER entry_id SET GENERATED ALWAYS")
    await connection.close()


async def test_every_tampering_is_found(shop: Shop, owner: Tx, vault: Vault) -> None:
    async with owner.conn.transaction():
        assert (await audit(owner, vault)).findings == []
    missed: list[str] = []
    done: Counter[str] = Counter()
    seeds = count()
    while done.total() < TAMPERINGS:
        undo = owner.conn.transaction()
        await undo.start()
        try:
            what = await Thief(owner, random.Random(next(seeds))).strike()
        except asyncpg.IntegrityConstraintViolationError:  # the table itself refuses this one
            continue
        else:
            done[what.partition(":")[0]] += 1
            if (await audit(owner, vault)).clean:
                missed.append(what)
        finally:
            await undo.rollback()
    print(f"\n{TAMPERINGS} tamperings, {len(missed)} not found; {dict(done)}")
    with Tally() as tally:
        tally.add("every tampering is found", TAMPERINGS, len(missed))
        assert missed == []


async def test_an_edited_witness_is_found(shop: Shop, vault: Vault) -> None:
    for _ in range(3):
        await shop.buy(uuid4(), 5)
        await checkpoint(shop.running.db, vault)
    whole = vault.witness.read_bytes()
    for forged in (
        whole.replace(b'"entries":2', b'"entries":3', 1),
        b"".join(whole.splitlines(keepends=True)[:2]),
        b"".join(whole.splitlines(keepends=True)[1:]),
        b"{}\n" + whole,
        b"nonsense\n",
    ):
        vault.witness.write_bytes(forged)
        assert await _audit(shop, vault), forged[:80]
    vault.witness.write_bytes(whole)
    assert await _audit(shop, vault) == []
