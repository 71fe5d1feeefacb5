"""Locking, loading and saving members. All locks of a transaction are taken here, in id order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.database import Tx
from points_service.ledger import repository as ledger
from points_service.ledger.domain import AccountKind
from points_service.members.domain import Member

_COLUMNS = ("member_id", "tier", "growth", "referrals", "month", "month_fen", "previous_fen")
_SELECT = ", ".join(_COLUMNS)


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


async def lock(tx: Tx, member_ids: Iterable[UUID]) -> Members:
    """Lock and load the members these ids stand for."""
    asked = set(member_ids)
    while True:
        absorbed = await survivors(tx, asked)
        ids = sorted({absorbed.get(member_id, member_id) for member_id in asked})
        rows = await tx.fetch(
            f"SELECT {_SELECT}, merged_into FROM member WHERE member_id = ANY ($1::uuid[])"
            " ORDER BY member_id FOR UPDATE",
            ids,
        )
        if all(row["merged_into"] is None for row in rows):  # else a merge came between
            return Members(await _with_balances(tx, rows), absorbed)


async def find(tx: Tx, member_id: UUID) -> Member | None:
    """The member an id stands for, without a lock."""
    absorbed = await survivors(tx, [member_id])
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM member WHERE member_id = $1", absorbed.get(member_id, member_id)
    )
    return next(iter((await _with_balances(tx, rows)).values()), None)


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
    """Write standings. Raises UniqueViolationError where a new member is not new any more."""
    new = [_row(member) for member in members if not member.known]
    if new:
        await tx.copy("member", _COLUMNS, new)
    known = [_row(member) for member in members if member.known]
    if known:
        await tx.execute(
            "UPDATE member m SET tier = v.tier, growth = v.growth, referrals = v.referrals,"
            " month = v.month, month_fen = v.month_fen, previous_fen = v.previous_fen"
            " FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::date[],"
            " $6::bigint[], $7::bigint[])"
            " AS v (member_id, tier, growth, referrals, month, month_fen, previous_fen)"
            " WHERE m.member_id = v.member_id",
            *zip(*known, strict=True),
        )


async def register(tx: Tx, member_ids: Sequence[UUID], tier: str) -> None:
    """Rows for members that have done nothing yet."""
    await tx.execute(
        "INSERT INTO member (member_id, tier, growth, referrals, month, month_fen, previous_fen)"
        " SELECT id, $2, 0, 0, '1970-01-01', 0, 0 FROM unnest($1::uuid[]) AS id ORDER BY id"
        " ON CONFLICT DO NOTHING",
        list(member_ids), tier,
    )  # fmt: skip


async def absorb(tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
    """(absorbed, survivor): from now on the one stands for the other, and so do its own."""
    await tx.execute(
        "UPDATE member SET merged_into = m.survivor"
        " FROM unnest($1::uuid[], $2::uuid[]) AS m (absorbed, survivor)"
        " WHERE member.member_id = m.absorbed OR member.merged_into = m.absorbed",
        [absorbed for absorbed, _ in merges],
        [survivor for _, survivor in merges],
    )


async def _with_balances(tx: Tx, rows: Sequence[Any]) -> dict[UUID, Member]:
    # A statement of its own: the one that waited for the locks still sees the balances of before.
    owners = [str(row["member_id"]) for row in rows]
    points = await ledger.balances(tx, AccountKind.MEMBER, owners)
    debts = await ledger.balances(tx, AccountKind.DEBT, owners)
    members = [
        Member(
            **{name: row[name] for name in _COLUMNS},
            balance=points.get(owner, 0),
            owed=-debts.get(owner, 0),
        )
        for row, owner in zip(rows, owners, strict=True)
    ]
    return {member.member_id: member for member in members}


def _row(member: Member) -> tuple[object, ...]:
    return tuple(getattr(member, name) for name in _COLUMNS)
