"""Reading what a merge did, and writing what a split makes of it. The survivor is locked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import msgspec

from chassis.database import Tx, columns_of
from points_service.lots import repository as lots
from points_service.lots.domain import Lot
from points_service.merges.carried import ONCE, Carried, Row, key_of
from points_service.splits.domain import Link, Rows, Taken
from points_service.tables import Lot as LotTable
from points_service.tiers.domain import Ladder
from points_service.tiers.rules.rule import Month

_LOT = columns_of(LotTable)


@dataclass(frozen=True, slots=True)
class Absorption:
    """The merge that is undone; `tier` is what the survivor had before."""

    absorbed_id: UUID
    into_id: UUID
    merge_id: UUID
    absorbed_at: datetime
    journal_id: UUID | None
    tier: str


async def absorption(tx: Tx, absorbed_id: UUID) -> Absorption | None:
    """The merge in force that absorbed this id; None for one from before they were remembered."""
    row = await tx.fetchrow(
        "SELECT absorbed_id, into_id, merge_id, absorbed_at, journal_id, tier FROM absorption"
        " WHERE absorbed_id = $1",
        absorbed_id,
    )
    return Absorption(**row) if row else None


async def chain(tx: Tx, absorbed_id: UUID) -> list[Link]:
    """The merges from this id up to the one that survived, in that order."""
    rows = await tx.fetch(
        "WITH RECURSIVE up AS (SELECT a.*, 1 AS step FROM absorption a WHERE absorbed_id = $1"
        " UNION ALL SELECT a.*, up.step + 1 FROM up JOIN absorption a"
        " ON a.absorbed_id = up.into_id)"
        " SELECT absorbed_id, into_id, carried FROM up ORDER BY step",
        absorbed_id,
    )
    return [
        Link(row["absorbed_id"], row["into_id"], msgspec.convert(row["carried"], Carried))
        for row in rows
    ]


async def branch(tx: Tx, absorbed_id: UUID) -> list[UUID]:
    """The id and all that were merged into it."""
    rows = await tx.fetch(
        "WITH RECURSIVE below AS (SELECT $1::uuid AS id UNION ALL"
        " SELECT a.absorbed_id FROM below JOIN absorption a ON a.into_id = below.id)"
        " SELECT id FROM below",
        absorbed_id,
    )
    return [row["id"] for row in rows]


async def others(tx: Tx, into_id: UUID, absorbed_id: UUID) -> tuple[str, list[str]]:
    """The tier the survivor had before its first merge, and those that other absorbed ones had.

    The merge with `absorbed_id` has to be in force.
    """
    rows = await tx.fetch(
        "SELECT a.absorbed_id, a.tier, m.tier AS brought FROM absorption a"
        " JOIN member m ON m.member_id = a.absorbed_id WHERE a.into_id = $1 ORDER BY a.number",
        into_id,
    )
    return rows[0]["tier"], [row["brought"] for row in rows if row["absorbed_id"] != absorbed_id]


async def lower(tx: Tx, ladder: Ladder, member_id: UUID, highest: str) -> str:
    """An absorbed member had at most this tier; answers which it has now."""
    present: str = await tx.fetchval("SELECT tier FROM member WHERE member_id = $1", member_id)
    tier = min(present, highest, key=ladder.place)
    if tier != present:
        await tx.execute("UPDATE member SET tier = $2 WHERE member_id = $1", member_id, tier)
    return tier


async def detach(tx: Tx, absorbed_id: UUID, ids: Sequence[UUID]) -> None:
    """It answers for itself and its own again."""
    await tx.execute(
        "UPDATE member SET merged_into = CASE WHEN member_id <> $1 THEN $1 END"
        " WHERE member_id = ANY ($2::uuid[])",
        absorbed_id, list(ids),
    )  # fmt: skip
    await tx.execute("DELETE FROM absorption WHERE absorbed_id = $1", absorbed_id)


async def save_memories(tx: Tx, links: Sequence[Link]) -> None:
    """What came along with merges that stay in force is less now."""
    await tx.executemany(
        "UPDATE absorption SET carried = $2 WHERE absorbed_id = $1",
        [(link.absorbed, msgspec.to_builtins(link.carried)) for link in links],
    )


async def taken(
    tx: Tx, restored: UUID, ids: Sequence[UUID], merge_journal: UUID | None
) -> list[Taken]:
    """What others have out of the restored one's lots, and may give back to them one day.

    Whoever spent is whose redemption it is, or in whose accounts the journal is booked.
    """
    columns = ", ".join(f"l.{name}" for name in _LOT)
    rows = await tx.fetch(
        "WITH own AS (SELECT DISTINCT e.journal_id FROM account a JOIN entry e USING (account_id)"
        " WHERE a.kind IN ('member', 'debt', 'held') AND a.owner = ANY ($3::text[]))"
        f" SELECT {columns}, u.journal_id AS taker, u.points - u.restored AS part"
        " FROM lot l JOIN lot_use u USING (lot_id) JOIN journal j USING (journal_id)"
        " LEFT JOIN redemption r USING (journal_id)"
        " WHERE l.member_id = $1 AND u.points > u.restored AND u.journal_id IS DISTINCT FROM $4"
        " AND j.kind NOT IN ('refund', 'split')"
        " AND CASE WHEN r.journal_id IS NULL"
        " THEN NOT EXISTS (SELECT FROM own WHERE own.journal_id = u.journal_id)"
        " ELSE r.member_id <> ALL ($2::uuid[]) END",
        restored, list(ids), [str(each) for each in ids], merge_journal,
    )  # fmt: skip
    return [
        Taken(Lot(**{name: row[name] for name in _LOT}), row["taker"], row["part"]) for row in rows
    ]


async def part(tx: Tx, taken: Sequence[Taken], own: Mapping[UUID, Lot], journal_id: UUID) -> None:
    """What others took out of lots is out of lots of their own; the old ones gave it up."""
    await lots.add(tx, list(own.values()))
    await tx.executemany(
        "UPDATE lot_use SET lot_id = $3 WHERE journal_id = $1 AND lot_id = $2",
        [(each.journal_id, each.lot.lot_id, own[each.lot.lot_id].lot_id) for each in taken],
    )
    await tx.executemany(
        "INSERT INTO lot_use (journal_id, lot_id, points) VALUES ($1, $2, $3)",
        [(journal_id, lot_id, lot.points) for lot_id, lot in own.items()],
    )


async def share_refunds(tx: Tx, ids: Sequence[UUID]) -> None:
    """Growth that the survivor gave back for the restored one's orders is its own loss, once."""
    await tx.execute(
        "INSERT INTO growth_entry (member_id, kind, amount, ref, occurred_at)"
        " SELECT side.member_id, 'split', side.sign * r.growth_reversed,"
        " r.order_no || '/' || r.refund_no, $2 FROM orders o JOIN refund r USING (order_no)"
        " CROSS JOIN LATERAL (VALUES (o.member_id, -1), (r.member_id, 1)) AS side (member_id, sign)"
        " WHERE o.member_id = ANY ($1::uuid[]) AND r.member_id <> ALL ($1::uuid[])"
        " AND r.growth_reversed > 0 AND NOT EXISTS (SELECT FROM growth_entry g"
        " WHERE g.member_id = o.member_id AND g.kind = 'split'"
        " AND g.ref = r.order_no || '/' || r.refund_no)",
        list(ids), tx.now,
    )  # fmt: skip


async def growth(tx: Tx, ids: Sequence[UUID]) -> int:
    """The fold of their entries."""
    amount: int = await tx.fetchval(
        "SELECT coalesce(sum(amount), 0)::bigint FROM growth_entry"
        " WHERE member_id = ANY ($1::uuid[])",
        list(ids),
    )
    return amount


async def months(tx: Tx, ids: Sequence[UUID]) -> dict[date, Month]:
    """The fold of their orders; one that was given back whole counts no more."""
    rows = await tx.fetch(
        "SELECT date_trunc('month', paid_at AT TIME ZONE 'Asia/Shanghai')::date AS month,"
        " count(*) FILTER (WHERE refunded_fen < paid_fen OR NOT EXISTS"
        " (SELECT FROM refund r WHERE r.order_no = o.order_no)) AS orders,"
        " sum(paid_fen - refunded_fen)::bigint AS fen FROM orders o"
        " WHERE member_id = ANY ($1::uuid[]) GROUP BY 1",
        list(ids),
    )
    return {row["month"]: Month(row["orders"], row["fen"]) for row in rows}


async def interactions(tx: Tx, member_id: UUID) -> dict[str, int]:
    """By month."""
    rows = await tx.fetch(
        "SELECT month, interactions FROM member_month WHERE member_id = $1 AND interactions <> 0",
        member_id,
    )
    return {row["month"].isoformat(): row["interactions"] for row in rows}


async def put_months(tx: Tx, member_id: UUID, found: Mapping[date, Month]) -> None:
    """These and no others."""
    await tx.execute("DELETE FROM member_month WHERE member_id = $1", member_id)
    await tx.copy(
        "member_month",
        ("member_id", "month", "orders", "fen", "interactions"),
        [(member_id, at, each.orders, each.fen, each.interactions) for at, each in found.items()],
    )


async def set_growth_and_deeds(
    tx: Tx, member_id: UUID, growth: int, referrals: int, social: int
) -> None:
    """What does not pass with time."""
    await tx.execute(
        "UPDATE member SET growth = $2, referrals = $3, social = $4 WHERE member_id = $1",
        member_id, growth, referrals, social,
    )  # fmt: skip


async def give_back_birth_month(tx: Tx, links: Sequence[Link]) -> None:
    """Who took a month of birth over has none."""
    await tx.execute(
        "UPDATE member SET birth_month = NULL WHERE member_id = ANY ($1::uuid[])",
        [link.into for link in links],
    )


async def part_rule_use(
    tx: Tx, root: UUID, restored: UUID, uses: Sequence[tuple[str, str, int]]
) -> None:
    """Limits count for each what it got itself."""
    columns = (
        [rule for rule, _, _ in uses],
        [date.fromisoformat(day) for _, day, _ in uses],
        [used for _, _, used in uses],
    )
    await tx.execute(
        "UPDATE rule_use u SET used = greatest(0, u.used - b.used)"
        " FROM unnest($2::text[], $3::date[], $4::bigint[]) AS b (rule_id, day, used)"
        " WHERE u.member_id = $1 AND u.rule_id = b.rule_id AND u.day = b.day",
        root, *columns,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO rule_use (rule_id, member_id, day, used) SELECT rule_id, $1, day, used"
        " FROM unnest($2::text[], $3::date[], $4::bigint[]) AS b (rule_id, day, used)",
        restored, *columns,
    )  # fmt: skip


async def kept_once(tx: Tx, member_id: UUID) -> dict[tuple[str, ...], Row]:
    """A member's rows of these tables, by key."""
    found: dict[tuple[str, ...], Row] = {}
    for table in ONCE:
        rows = await tx.fetch(
            f"SELECT to_jsonb(t) AS row FROM {table} t WHERE member_id = $1", member_id
        )
        found |= {key_of(table, row["row"]): row["row"] for row in rows}
    return found


async def part_rows(tx: Tx, root: UUID, restored: UUID, rows: Rows) -> None:
    """Rows of which a member has one a key."""
    for table, key in ONCE.items():
        match = " AND ".join(f"{name}::text = ${n}" for n, name in enumerate(key, 2))
        gone = [key_of(table, row)[1:] for name, row in rows.taken if name == table]
        await tx.executemany(
            f"DELETE FROM {table} WHERE member_id = $1 AND {match}", [(root, *key) for key in gone]
        )
        back = [
            row | {"member_id": str(member)}
            for member, found in ((restored, rows.restored), (root, rows.instead))
            for name, row in found
            if name == table
        ]
        await tx.executemany(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, $1)).*",
            [(row,) for row in back],
        )


async def trust(tx: Tx, referrals: Iterable[tuple[UUID, str]]) -> None:
    """Referrals that only the merge had put in question stand as before, unless staff decided."""
    await tx.executemany(
        "UPDATE referral SET status = $2,"
        " reasons = array_remove(array_remove(reasons, 'self_referral'), 'not_new')"
        " WHERE referral_id = $1 AND status IN ('review', 'refused') AND decided_by IS NULL",
        list(referrals),
    )
