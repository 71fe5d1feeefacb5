"""Checkpoints, receipts that anyone can check, and an audit that finds every tampering."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from services.points.tests.conftest import NOON, Shop

from chassis.database import Tx
from contracts.roles import Role
from points_service.ledger import repository as ledger
from points_service.ledger.domain import Journal, JournalKind, entries, honouring, issuing, member
from points_service.proofs import merkle
from points_service.proofs.audit import audit
from points_service.proofs.chain import Link, chained, genesis
from points_service.proofs.domain import objections
from points_service.proofs.receipts import receipt_in
from points_service.proofs.use_cases import checkpoint, checkpoint_when_due
from points_service.proofs.vault import Vault
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


@dataclass
class Thief:
    """Changes one thing in the books, as somebody with every right in the database could."""

    tx: Tx
    draw: random.Random

    async def strike(self) -> str:
        """Do it; answers what was done."""
        deed = self.draw.choice(DEEDS)
        return f"{deed.__name__}: {await deed(self)}"

    async def entry(self) -> Any:
        """Some entry."""
        found = await self.tx.fetch("SELECT * FROM entry ORDER BY entry_id")
        return self.draw.choice(found)

    async def run(self, query: str, *args: Any) -> str:
        """Run; answers query and arguments."""
        tag = await self.tx.execute(query, *args)
        assert not tag.endswith(" 0"), (query, args)
        return f"{query} {args}"


async def edit_entry(thief: Thief) -> str:
    found, key = await thief.entry(), "WHERE entry_id = $1 AND account_id = $2"
    where = (found["entry_id"], found["account_id"])
    change = thief.draw.choice(("amount", "account", "journal", "lane", "hash", "number"))
    if change == "amount":
        by = thief.draw.choice((-1, 1, 1000)) or 1
        new = found["amount"] + by or 7
        return await thief.run(f"UPDATE entry SET amount = $3 {key}", *where, new)
    if change == "account":
        return await thief.run(
            "UPDATE entry SET account_id = (SELECT account_id FROM account"
            f" WHERE account_id <> $2 LIMIT 1) {key}",
            *where,
        )
    if change == "journal":
        return await thief.run(
            "UPDATE entry SET journal_id = (SELECT journal_id FROM journal"
            f" WHERE journal_id <> $3 LIMIT 1) {key}",
            *where, found["journal_id"],
        )  # fmt: skip
    if change == "lane":
        return await thief.run(f"UPDATE entry SET lane = (lane + 1) % 4 {key}", *where)
    if change == "hash":
        return await thief.run(f"UPDATE entry SET hash = sha256(hash) {key}", *where)
    return await thief.run(f"UPDATE entry SET entry_id = entry_id + 100000 {key}", *where)


async def edit_journal(thief: Thief) -> str:
    journal = (await thief.entry())["journal_id"]
    change = thief.draw.choice(
        (
            "ref = ref || 'x'",
            "kind = CASE kind WHEN 'earn' THEN 'burn' ELSE 'earn' END",
            "occurred_at = occurred_at - interval '1 microsecond'",
            "posted_at = posted_at + interval '1 day'",
            "journal_id = gen_random_uuid()",
        )
    )
    return await thief.run(f"UPDATE journal SET {change} WHERE journal_id = $1", journal)


async def edit_account(thief: Thief) -> str:
    account = (await thief.entry())["account_id"]
    change = thief.draw.choice(
        (
            "owner = owner || 'x'",
            "kind = CASE kind WHEN 'issuing' THEN 'breakage' ELSE 'issuing' END",
            "balance = balance + 1",
        )
    )
    return await thief.run(f"UPDATE account SET {change} WHERE account_id = $1", account)


async def edit_end(thief: Thief) -> str:
    change = thief.draw.choice(("head = head + 1", "hash = sha256(hash)"))
    return await thief.run(
        f"UPDATE lane SET {change} WHERE lane = $1", (await thief.entry())["lane"]
    )


async def edit_checkpoint(thief: Thief) -> str:
    change = thief.draw.choice(
        (
            "root = sha256(root)",
            "previous = sha256(previous)",
            "signature = sha256(signature) || sha256(root)",
            "entries = entries + 1",
            "at = at - interval '1 second'",
        )
    )
    return await thief.run(
        f"UPDATE checkpoint SET {change} WHERE checkpoint_id = $1", thief.draw.randint(1, 6)
    )


async def delete_something(thief: Thief) -> str:
    found = await thief.entry()
    table, column = thief.draw.choice(
        (("entry", "entry_id"), ("entry", "journal_id"), ("journal", "journal_id"),
         ("account", "account_id"), ("entry", "account_id"))
    )  # fmt: skip
    return await thief.run(f"DELETE FROM {table} WHERE {column} = $1", found[column])


async def delete_a_whole_journal(thief: Thief) -> str:
    """Balances put right, so that only the chain tells."""
    journal = (await thief.entry())["journal_id"]
    await thief.run(
        "UPDATE account a SET balance = balance - e.amount FROM entry e"
        " WHERE e.account_id = a.account_id AND e.journal_id = $1",
        journal,
    )
    await thief.run("DELETE FROM entry WHERE journal_id = $1", journal)
    return await thief.run("DELETE FROM journal WHERE journal_id = $1", journal)


async def insert_an_entry(thief: Thief) -> str:
    found = await thief.entry()
    number = thief.draw.choice((found["entry_id"], 10**6))
    other = await thief.tx.fetchval(
        "SELECT account_id FROM account WHERE account_id <> $1 LIMIT 1", found["account_id"]
    )
    return await thief.run(
        "INSERT INTO entry (entry_id, journal_id, account_id, amount, lane, hash)"
        " OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6)",
        number, found["journal_id"], other, 5, found["lane"], found["hash"],
    )  # fmt: skip


async def exchange_two_entries(thief: Thief) -> str:
    one, other = await thief.entry(), await thief.entry()
    while other["amount"] == one["amount"] or other["entry_id"] == one["entry_id"]:
        other = await thief.entry()
    if thief.draw.random() < 0.5:  # their numbers
        for was, is_now in ((one, -1), (other, one["entry_id"]), (None, other["entry_id"])):
            before = was["entry_id"] if was else -1
            await thief.run("UPDATE entry SET entry_id = $2 WHERE entry_id = $1", before, is_now)
        return f"numbers of {one} and {other}"
    for entry, amount in ((one, other["amount"]), (other, one["amount"])):
        await thief.run(
            "UPDATE entry SET amount = $2 WHERE entry_id = $1", entry["entry_id"], amount
        )
    return f"amounts of {one} and {other}"


async def cut_the_tail(thief: Thief) -> str:
    """Everything after an entry, in all lanes, with ends, balances and checkpoints put right."""
    last = (await thief.entry())["entry_id"]
    if last == await thief.tx.fetchval("SELECT max(entry_id) FROM entry"):
        last -= 1
    await thief.run("DELETE FROM entry WHERE entry_id > $1", last)
    await thief.tx.execute(
        "DELETE FROM journal WHERE journal_id NOT IN (SELECT journal_id FROM entry)"
    )
    await thief.tx.execute(
        "UPDATE account a SET balance ="
        " (SELECT coalesce(sum(amount), 0) FROM entry e WHERE e.account_id = a.account_id)"
    )
    await thief.tx.execute(
        "UPDATE lane l SET head = e.entry_id, hash = e.hash FROM"
        " (SELECT DISTINCT ON (lane) lane, entry_id, hash FROM entry"
        "  ORDER BY lane, entry_id DESC) e WHERE e.lane = l.lane"
    )
    await thief.tx.execute("DELETE FROM checkpoint WHERE heads[1] > $1", last)
    return f"after {last}"


async def forge_history(thief: Thief) -> str:
    """Another amount in both entries of a journal, and every later hash and end made to fit."""
    rows = await thief.tx.fetch(
        "SELECT e.entry_id, e.lane, e.journal_id, j.occurred_at, j.posted_at, e.amount,"
        " j.kind AS journal_kind, j.ref, a.kind AS account_kind, a.owner, e.hash"
        " FROM entry e JOIN journal j USING (journal_id) JOIN account a USING (account_id)"
        " ORDER BY e.entry_id"
    )
    lane, journal = rows[len(rows) // 2]["lane"], rows[len(rows) // 2]["journal_id"]
    links = [Link(**row) for row in rows if row["lane"] == lane]
    end = genesis(lane)
    for link in links:
        amount = link.amount * 3 if link.journal_id == journal else link.amount
        end = chained(end, replace(link, amount=amount))
        await thief.tx.execute(
            "UPDATE entry SET amount = $2, hash = $3 WHERE entry_id = $1",
            link.entry_id, amount, end,
        )  # fmt: skip
    await thief.tx.execute("UPDATE lane SET hash = $2 WHERE lane = $1", lane, end)
    await thief.tx.execute(
        "UPDATE account a SET balance ="
        " (SELECT coalesce(sum(amount), 0) FROM entry e WHERE e.account_id = a.account_id)"
    )
    return f"{journal} in lane {lane}"


DEEDS: tuple[Callable[[Thief], Awaitable[str]], ...] = (
    edit_entry, edit_entry, edit_entry, edit_journal, edit_journal, edit_account, edit_end,
    edit_checkpoint, delete_something, delete_a_whole_journal, insert_an_entry,
    exchange_two_entries, cut_the_tail, forge_history,
)  # fmt: skip


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
