"""Locking, loading and saving members. All locks of a transaction are taken here, in id order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Tx
from points_service.ledger import repository as ledger
from points_service.ledger.domain import AccountKind
from points_service.members.domain import Member
from points_service.tiers.rules.rule import Month

_TYPES = {
    "member_id": "uuid", "tier": "text", "growth": "bigint", "referrals": "int", "month": "date",
    "month_fen": "bigint", "previous_fen": "bigint", "social": "int", "kept_since": "date",
    "warned_on": "date", "falls_on": "date",
}  # fmt: skip
_COLUMNS = tuple(_TYPES)
_SELECT = ", ".join(_COLUMNS)
_MEMBER = ", ".join(f"m.{name}" for name in _COLUMNS)
_UPDATE = (
    f"UPDATE member m SET {', '.join(f'{name} = v.{name}' for name in _COLUMNS[1:])} FROM unnest("
    + ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_TYPES.values(), 1))
    + f") AS v ({_SELECT}) WHERE m.member_id = v.member_id"
)
_ADD_MONTHS = (
    " GROUP BY 1, 2 ORDER BY 1, 2 ON CONFLICT (member_id, month) DO UPDATE"
    " SET orders = m.orders + excluded.orders, fen = m.fen + excluded.fen,"
    " interactions = m.interactions + excluded.interactions"
)


@dataclass(frozen=True, slots=True)
class Members:
    """Loaded members by any of their ids: `absorbed` maps those that were merged away."""

    by_id: dict[UUID, Member]
    absorbed: dict[UUID, UUID]

    def living(self, member_id: UUID) -> UUID:
        """The surviving id."""
        return self.absorbed.get(member_id, member_id)

    def get(self, member_id: UUID) -> Member | None:
        """The member an id stands for, None if points has never heard of it."""
        return self.by_id.get(self.living(member_id))


async def survivors(tx: Tx, member_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Those of these ids that were merged away, and who answers for them now."""
    rows = await tx.fetch(
        "SELECT member_id, merged_into FROM member"
        " WHERE member_id = ANY ($1::uuid[]) AND merged_into IS NOT NULL",
        list(member_ids),
    )
    return {row["member_id"]: row["merged_into"] for row in rows}


async def lock(tx: Tx, member_ids: Iterable[UUID], since: date | None = None) -> Members:
    """Lock and load the members these ids stand for, with their months from `since` on."""
    asked = list(set(member_ids))
    while True:
        rows = await tx.fetch(
            f"SELECT {_MEMBER}, m.merged_into, a.asked FROM (SELECT array_agg(member_id) AS asked,"
            " coalesce(merged_into, member_id) AS member_id FROM member"
            " WHERE member_id = ANY ($1::uuid[]) GROUP BY 2) a JOIN member m USING (member_id)"
            " ORDER BY m.member_id FOR UPDATE OF m",
            asked,
        )
        if all(row["merged_into"] is None for row in rows):  # else a merge came between
            absorbed = {
                each: row["member_id"]
                for row in rows
                for each in row["asked"]
                if each != row["member_id"]
            }
            return Members(await _complete(tx, rows, since), absorbed)


async def find(tx: Tx, member_id: UUID, since: date | None = None) -> Member | None:
    """The member an id stands for, without a lock; with its months from `since` on."""
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM member WHERE member_id ="
        " (SELECT coalesce(merged_into, member_id) FROM member WHERE member_id = $1)",
        member_id,
    )
    return next(iter((await _complete(tx, rows, since)).values()), None)


async def everybody(tx: Tx, member_id: UUID) -> list[UUID]:
    """A member's id and those merged into it."""
    rows = await tx.fetch("SELECT member_id FROM member WHERE merged_into = $1", member_id)
    return [member_id, *(row["member_id"] for row in rows)]


async def page(tx: Tx, after: UUID, limit: int) -> list[UUID]:
    """Ids of living members, in order."""
    rows = await tx.fetch(
        "SELECT member_id FROM member WHERE member_id > $1 AND merged_into IS NULL"
        " ORDER BY member_id LIMIT $2",
        after, limit,
    )  # fmt: skip
    return [row["member_id"] for row in rows]


async def save(tx: Tx, members: Sequence[Member]) -> None:
    """Write standings of members that are locked."""
    if members:
        rows = [tuple(getattr(member, name) for name in _COLUMNS) for member in members]
        await tx.execute(_UPDATE, *zip(*rows, strict=True))
        await _add_months(tx, members)


async def _add_months(tx: Tx, members: Sequence[Member]) -> None:
    added = [
        (member.member_id, month, more.orders, more.fen, more.interactions)
        for member in members
        for month, more in member.added
    ]
    if added:
        await tx.execute(
            "INSERT INTO member_month AS m (member_id, month, orders, fen, interactions)"
            " SELECT id, month, sum(orders), sum(fen), sum(interactions) FROM"
            " unnest($1::uuid[], $2::date[], $3::int[], $4::bigint[], $5::int[])"
            " AS a (id, month, orders, fen, interactions)" + _ADD_MONTHS,
            *zip(*added, strict=True),
        )


async def register(tx: Tx, member_ids: Collection[UUID], tier: str) -> None:
    """Rows for those of them that have none. Who registers does so before it locks any member.

    So a newcomer that somebody else brings at the same moment is waited for, in id order and by
    callers that hold no lock: it never fails, and nobody waits in a circle.
    """
    await tx.execute(
        "INSERT INTO member (member_id, tier, growth, referrals, month, month_fen, previous_fen)"
        " SELECT id, $2, 0, 0, '1970-01-01', 0, 0 FROM unnest($1::uuid[]) AS id ORDER BY id"
        " ON CONFLICT DO NOTHING",
        list(member_ids), tier,
    )  # fmt: skip


async def set_birth_months(tx: Tx, months: Sequence[tuple[UUID, int]]) -> None:
    """(member, month of birth), of members that exist."""
    await tx.execute(
        "UPDATE member SET birth_month = b.month"
        " FROM unnest($1::uuid[], $2::smallint[]) AS b (member_id, month)"
        " WHERE member.member_id = b.member_id",
        [member_id for member_id, _ in months],
        [month for _, month in months],
    )


async def absorb(tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
    """(absorbed, survivor): from now on the one stands for the other, and so do its own.

    The survivor's months get the other one's; who has no month of birth takes it over.
    """
    absorbed, survivors = [gone for gone, _ in merges], [kept for _, kept in merges]
    await tx.execute(
        "UPDATE member SET merged_into = m.survivor"
        " FROM unnest($1::uuid[], $2::uuid[]) AS m (absorbed, survivor)"
        " WHERE member.member_id = m.absorbed OR member.merged_into = m.absorbed",
        absorbed, survivors,
    )  # fmt: skip
    await tx.execute(
        "UPDATE member s SET birth_month = g.birth_month"
        " FROM unnest($1::uuid[], $2::uuid[]) AS m (absorbed, survivor)"
        " JOIN member g ON g.member_id = m.absorbed"
        " WHERE s.member_id = m.survivor AND s.birth_month IS NULL"
        " AND g.birth_month IS NOT NULL",
        absorbed, survivors,
    )  # fmt: skip
    await tx.execute(
        "WITH gone AS (DELETE FROM member_month m"
        " USING unnest($1::uuid[], $2::uuid[]) AS p (absorbed, survivor)"
        " WHERE m.member_id = p.absorbed"
        " RETURNING p.survivor, m.month, m.orders, m.fen, m.interactions)"
        " INSERT INTO member_month AS m (member_id, month, orders, fen, interactions)"
        " SELECT survivor, month, sum(orders), sum(fen), sum(interactions) FROM gone" + _ADD_MONTHS,
        absorbed, survivors,
    )  # fmt: skip


async def _complete(tx: Tx, rows: Sequence[Any], since: date | None) -> dict[UUID, Member]:
    # A statement of its own: the one that waited for the locks still sees the balances of before.
    owners = [str(row["member_id"]) for row in rows]
    kinds = (AccountKind.MEMBER, AccountKind.DEBT)
    points = await ledger.balances_of(tx, kinds, owners)
    past = await _months(tx, [row["member_id"] for row in rows], since) if since else None
    members = [
        Member(
            **{name: row[name] for name in _COLUMNS},
            balance=points.get((AccountKind.MEMBER, owner), 0),
            owed=-points.get((AccountKind.DEBT, owner), 0),
            past=None if past is None else past[row["member_id"]],
        )
        for row, owner in zip(rows, owners, strict=True)
    ]
    return {member.member_id: member for member in members}


async def _months(
    tx: Tx, members: Sequence[UUID], since: date
) -> defaultdict[UUID, dict[date, Month]]:
    rows = await tx.fetch(
        "SELECT member_id, month, orders, fen, interactions FROM member_month"
        " WHERE member_id = ANY ($1::uuid[]) AND month >= $2",
        members, since,
    )  # fmt: skip
    found: defaultdict[UUID, dict[date, Month]] = defaultdict(dict)
    for row in rows:
        month = Month(row["orders"], row["fen"], row["interactions"])
        found[row["member_id"]][row["month"]] = month
    return found
