"""What somebody with every right in the database could do to the books; each deed changes them."""

from dataclasses import replace

from contracts.evidence.checkpoints import genesis
from points_service.proofs.chain import Link, chained
from points_service.proofs.domain import LEDGER
from testkit.tampering import Deed, Thief

ENTRIES = "SELECT * FROM entry ORDER BY entry_id"


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
    end = genesis(LEDGER, lane)
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


DEEDS: tuple[Deed, ...] = (
    edit_entry, edit_entry, edit_entry, edit_journal, edit_journal, edit_account, edit_end,
    edit_checkpoint, delete_something, delete_a_whole_journal, insert_an_entry,
    exchange_two_entries, cut_the_tail, forge_history,
)  # fmt: skip
