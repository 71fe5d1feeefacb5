"""What somebody with every right in the database could do to the audit."""

from dataclasses import replace
from typing import Any

import msgspec
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.evidence import repository as evidence
from contracts.evidence import merkle
from contracts.evidence.checkpoints import genesis
from gateway_service.audit import repository
from gateway_service.audit.chain import AUDIT, chained
from testkit.tampering import Deed, Thief

ENTRIES = "SELECT * FROM audit_entry ORDER BY lane, number"
_KEY = "WHERE lane = $1 AND number = $2"


def _other(found: Any, thief: Thief) -> str:
    """The entry's body with another word in one field, canonical again."""
    body = msgspec.json.decode(found["body"])
    field = thief.draw.choice(("subject", "purpose", "ticket", "operation", "at", "role", "fields"))
    body[field] = ["x"] if field == "fields" else f"{body[field]}x"
    return rfc8785.dumps(body).decode()


async def _signed(thief: Thief) -> Any:
    """An entry under a checkpoint: what is younger, a chain made anew could hide."""
    heads = await thief.tx.fetchval("SELECT heads FROM checkpoint ORDER BY checkpoint_id DESC")
    while True:
        found = await thief.entry()
        if found["number"] <= heads[found["lane"]]:
            return found


async def edit(thief: Thief) -> str:
    found = await thief.entry()
    where = (found["lane"], found["number"])
    change = thief.draw.choice(("body", "spelling", "hash", "lane", "number"))
    if change == "body":
        query = f"UPDATE audit_entry SET body = $3 {_KEY}"
        return await thief.run(query, *where, _other(found, thief))
    sets = {
        "spelling": "body = body || ' '",
        "hash": "hash = sha256(hash)",
        "lane": "lane = (lane + 1) % 8",
        "number": "number = number + 1000",
    }
    return await thief.run(f"UPDATE audit_entry SET {sets[change]} {_KEY}", *where)


async def delete(thief: Thief) -> str:
    """An entry, or all of somebody's."""
    found = await thief.entry()
    if thief.draw.random() < 0.5:
        where = found["lane"], found["number"]
        return await thief.run(f"DELETE FROM audit_entry {_KEY}", *where)
    subject = msgspec.json.decode(found["body"])["subject"]
    query = "DELETE FROM audit_entry WHERE body::jsonb ->> 'subject' = $1"
    return await thief.run(query, subject)


async def close_the_gap(thief: Thief) -> str:
    """An entry deleted, those after it moved up by one, nothing hashed anew."""
    found = await thief.entry()
    where = (found["lane"], found["number"])
    await thief.run(f"DELETE FROM audit_entry {_KEY}", *where)
    move = "UPDATE audit_entry SET number = number + $3 WHERE lane = $1 AND number > $2"
    await thief.tx.execute(move, *where, 10_000)
    await thief.tx.execute(move, *where, -10_001)
    return f"{where}"


async def insert(thief: Thief) -> str:
    """An entry at the end of a lane, hashed as it should be, with or without the lane's end."""
    found = await thief.entry()
    lane = found["lane"]
    end = await thief.tx.fetchrow("SELECT head, hash FROM lane WHERE lane = $1", lane)
    number = end["head"] + thief.draw.choice((1, 2))
    body = _other(found, thief)
    due = chained(end["hash"], lane, number, body)
    return await thief.run(
        "INSERT INTO audit_entry VALUES ($1, $2, $3, $4)", lane, number, body, due
    )


async def exchange(thief: Thief) -> str:
    """Two entries change places: their bodies, or bodies and hashes."""
    one, other = await thief.entry(), await thief.entry()
    while other["body"] == one["body"]:
        other = await thief.entry()
    both = thief.draw.random() < 0.5
    for here, there in ((one, other), (other, one)):
        await thief.run(
            f"UPDATE audit_entry SET body = $3, hash = $4 {_KEY}", here["lane"], here["number"],
            there["body"], there["hash"] if both else here["hash"],
        )  # fmt: skip
    return f"{one['lane'], one['number']} and {other['lane'], other['number']}"


async def move_an_end(thief: Thief) -> str:
    lane = (await thief.entry())["lane"]
    change = thief.draw.choice(("head = head + 1", "hash = sha256(hash)"))
    return await thief.run(f"UPDATE lane SET {change} WHERE lane = $1", lane)


async def truncate(thief: Thief) -> str:
    """The end of a lane cut off, from a signed entry on; end and checkpoints put right."""
    found = await _signed(thief)
    lane, number = found["lane"], found["number"]
    await thief.run("DELETE FROM audit_entry WHERE lane = $1 AND number >= $2", lane, number)
    last = await thief.tx.fetchrow(
        "SELECT number, hash FROM audit_entry WHERE lane = $1 ORDER BY number DESC LIMIT 1", lane
    )
    head, end = last or (0, genesis(AUDIT, lane))
    await thief.run("UPDATE lane SET head = $2, hash = $3 WHERE lane = $1", lane, head, end)
    if thief.draw.random() < 0.5:
        await thief.run("DELETE FROM checkpoint WHERE heads[$1 + 1] >= $2", lane, number)
    return f"lane {lane} from {number} on"


async def forge(thief: Thief) -> str:
    """Another word in an entry, every later hash and the end made to fit, checkpoints too."""
    found = await _signed(thief)
    lane, end = found["lane"], genesis(AUDIT, found["lane"])
    rows = await thief.tx.fetch(
        "SELECT number, body FROM audit_entry WHERE lane = $1 ORDER BY number", lane
    )
    for row in rows:
        body = _other(found, thief) if row["number"] == found["number"] else row["body"]
        end = chained(end, lane, row["number"], body)
        await thief.run(
            f"UPDATE audit_entry SET body = $3, hash = $4 {_KEY}", lane, row["number"], body, end
        )
    await thief.run("UPDATE lane SET hash = $2 WHERE lane = $1", lane, end)
    if thief.draw.random() < 0.5:
        await _sign_anew(thief)
    return f"{lane, found['number']}"


async def _sign_anew(thief: Thief) -> None:
    """All checkpoints made over what is there now, with a key of the thief's own."""
    key = Ed25519PrivateKey.generate()
    booked = await evidence.checkpoints(thief.tx, AUDIT, 0, 1000)
    after = evidence.beginnings(AUDIT, booked[0].lanes)
    for made in booked:
        leaves = await repository.leaves(thief.tx, after, made.lanes)
        fresh = replace(made, root=merkle.root([leaf for _, _, leaf in leaves]))
        await thief.run(
            "UPDATE checkpoint SET root = $2, signature = $3 WHERE checkpoint_id = $1",
            made.checkpoint_id, fresh.root, key.sign(fresh.statement()),
        )  # fmt: skip
        after = made.lanes


async def edit_checkpoint(thief: Thief) -> str:
    change = thief.draw.choice(
        (
            "root = sha256(root)",
            "previous = sha256(previous)",
            "signature = sha256(signature) || sha256(root)",
            "entries = entries + 1",
            "at = at - interval '1 second'",
            "heads[1] = heads[1] + 1",
        )
    )
    number = await thief.tx.fetchval("SELECT max(checkpoint_id) FROM checkpoint")
    chosen = thief.draw.randint(1, number)
    return await thief.run(f"UPDATE checkpoint SET {change} WHERE checkpoint_id = $1", chosen)


async def drop_a_checkpoint(thief: Thief) -> str:
    number = await thief.tx.fetchval("SELECT max(checkpoint_id) FROM checkpoint")
    chosen = thief.draw.randint(1, number)
    return await thief.run("DELETE FROM checkpoint WHERE checkpoint_id = $1", chosen)


DEEDS: tuple[Deed, ...] = (
    edit, edit, edit, delete, close_the_gap, insert, exchange, move_an_end, truncate, forge,
    edit_checkpoint, drop_a_checkpoint,
)  # fmt: skip
