"""Checkpoints, receipts that anyone can check, and an audit that finds every tampering."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from services.points.tests.conftest import NOON, Shop
from services.points.tests.tampering import DEEDS, ENTRIES

from chassis.database import Tx
from chassis.evidence.signing import checkpoint, checkpoint_when_due
from chassis.evidence.strongbox import Strongbox
from contracts.roles import Role
from points_service.ledger import repository as ledger
from points_service.ledger.domain import Journal, JournalKind, entries, honouring, issuing, member
from points_service.proofs.audit import audit
from points_service.proofs.domain import LEDGER, objections
from points_service.proofs.receipts import receipt_in
from points_service.proofs.use_cases import Ledger
from testkit.never_wrong import Tally
from testkit.stack import Stack
from testkit.tampering import missed

TAMPERINGS = 1000


@pytest.fixture
def box(shop: Shop) -> Strongbox:
    return Strongbox(shop.ledger_dir, LEDGER)


async def _audit(shop: Shop, box: Strongbox) -> list[str]:
    async with shop.running.db.transaction(readonly=True) as tx:
        return (await audit(tx, box)).findings


async def test_a_receipt_proves_an_entry_without_the_database(shop: Shop, box: Strongbox) -> None:
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


async def test_every_entry_has_a_receipt(shop: Shop, stack: Stack, box: Strongbox) -> None:
    await _busy(shop, stack, journals=30)
    key = box.public_key()
    async with shop.running.db.transaction(readonly=True) as tx:
        numbers = [row["entry_id"] for row in await tx.fetch("SELECT entry_id FROM entry")]
    for number in numbers:
        found = receipt_in(await shop.get(f"/v1/ledger/entries/{number}/proof"))
        assert (found.entry.entry_id, objections(found, key)) == (number, [])


async def test_checkpoints_come_hourly_and_are_told(shop: Shop, box: Strongbox) -> None:
    db, made = shop.running.db, []
    for minutes in (0, 30, 59, 60, 61, 119, 120):
        shop.move(NOON + timedelta(minutes=minutes))
        await shop.buy(uuid4(), 5)
        await checkpoint_when_due(db, Ledger(), box, shop.clock.now())
        made.append(len(box.kept()))
    assert made == [1, 1, 1, 2, 2, 2, 3]
    shop.move(NOON - timedelta(days=400))  # a clock set back
    await shop.buy(uuid4(), 5)
    await checkpoint_when_due(db, Ledger(), box, shop.clock.now())
    assert len(box.kept()) == 4
    told = await shop.events("points.ledger_checkpointed.v1")
    assert [each["root"] for each in told] == [each.root.hex() for each in box.kept()]
    assert await _audit(shop, box) == []


async def test_the_witness_catches_up_after_a_crash(shop: Shop, box: Strongbox) -> None:
    for _ in range(3):
        await shop.buy(uuid4(), 5)
        await checkpoint(shop.running.db, Ledger(), box)
    whole = box.witness.read_bytes()
    lines = whole.splitlines(keepends=True)
    box.witness.write_bytes(b"".join(lines[:1]) + lines[1][:40])  # died while writing
    await checkpoint(shop.running.db, Ledger(), box)
    assert box.witness.read_bytes() == whole


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
            await checkpoint(shop.running.db, Ledger(), Strongbox(shop.ledger_dir, LEDGER))
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


async def test_every_tampering_is_found(shop: Shop, owner: Tx, box: Strongbox) -> None:
    async with owner.conn.transaction():
        assert (await audit(owner, box)).findings == []

    async def clean() -> bool:
        return (await audit(owner, box)).clean

    unseen = await missed(owner, ENTRIES, DEEDS, clean, TAMPERINGS)
    with Tally() as tally:
        tally.add("every tampering is found", TAMPERINGS, len(unseen))
        assert unseen == []


async def test_an_edited_witness_is_found(shop: Shop, box: Strongbox) -> None:
    for _ in range(3):
        await shop.buy(uuid4(), 5)
        await checkpoint(shop.running.db, Ledger(), box)
    whole = box.witness.read_bytes()
    for forged in (
        whole.replace(b'"entries":2', b'"entries":3', 1),
        b"".join(whole.splitlines(keepends=True)[:2]),
        b"".join(whole.splitlines(keepends=True)[1:]),
        b"{}\n" + whole,
        b"nonsense\n",
    ):
        box.witness.write_bytes(forged)
        assert await _audit(shop, box), forged[:80]
    box.witness.write_bytes(whole)
    assert await _audit(shop, box) == []
