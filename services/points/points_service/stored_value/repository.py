"""Accounts, their top-ups, spends and statements. `lock` comes before whatever changes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx
from points_service.definitions import Definitions
from points_service.stored_value.domain import Holding, Part, Spend, TopUp, Use

rules = Definitions("bonus_rule", "rule_id")

_TOP_UP = ", ".join(TopUp.__slots__)
_SPEND = ", ".join(Spend.__slots__)
_USE = ", ".join(Use.__slots__)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement; `line_id` None: not kept yet."""

    account_id: UUID
    kind: str
    journal_id: UUID
    principal: int
    bonus: int
    principal_balance: int
    bonus_balance: int
    at: datetime
    ref: str | None = None
    store: str | None = None
    order_no: str | None = None
    line_id: int | None = None


_LINE = ", ".join(Line.__slots__)
_NEW = ", ".join(Line.__slots__[:-1])


async def open_account(tx: Tx, holding: Holding) -> None:
    """A new one."""
    await tx.execute(
        "INSERT INTO stored_value VALUES ($1, $2, $3)",
        holding.account_id, holding.member_id, holding.opened_at,
    )  # fmt: skip


async def find(tx: Tx, account_id: UUID) -> Holding | None:
    """An account, without a lock."""
    return _holding(
        await tx.fetchrow("SELECT * FROM stored_value WHERE account_id = $1", account_id)
    )


async def lock(tx: Tx, account_id: UUID) -> Holding | None:
    """An account, locked: nobody else moves its money until the commit."""
    return _holding(
        await tx.fetchrow("SELECT * FROM stored_value WHERE account_id = $1 FOR UPDATE", account_id)
    )


def _holding(row: Any) -> Holding | None:
    return Holding(**row) if row else None


async def of_member(tx: Tx, member_id: UUID) -> list[Holding]:
    """A member's accounts, the oldest first."""
    rows = await tx.fetch(
        "SELECT * FROM stored_value WHERE member_id = $1 ORDER BY opened_at, account_id", member_id
    )
    return [Holding(**row) for row in rows]


async def with_money(tx: Tx, accounts: Sequence[UUID]) -> list[TopUp]:
    """Top-ups of these accounts of which something is left."""
    rows = await tx.fetch(
        f"SELECT {_TOP_UP} FROM stored_top_up WHERE account_id = ANY ($1::uuid[])"
        " AND principal_left + bonus_left > 0",
        list(accounts),
    )
    return [TopUp(**row) for row in rows]


async def top_up(tx: Tx, account_id: UUID, top_up_id: UUID) -> TopUp | None:
    """A top-up of an account."""
    row = await tx.fetchrow(
        f"SELECT {_TOP_UP} FROM stored_top_up WHERE account_id = $1 AND top_up_id = $2",
        account_id, top_up_id,
    )  # fmt: skip
    return TopUp(**row) if row else None


async def next_number(tx: Tx, account_id: UUID) -> int:
    """Of the account's next top-up."""
    number: int = await tx.fetchval(
        "SELECT count(*) + 1 FROM stored_top_up WHERE account_id = $1", account_id
    )
    return number


async def add_top_up(tx: Tx, top_up: TopUp) -> None:
    """Keep it."""
    await tx.copy(
        "stored_top_up", TopUp.__slots__, [[getattr(top_up, name) for name in TopUp.__slots__]]
    )


async def move_left(tx: Tx, parts: Sequence[Part], sign: int) -> None:
    """Take parts out of their top-ups (−1) or give them back (+1)."""
    await tx.execute(
        "UPDATE stored_top_up SET principal_left = principal_left + $4 * p.principal,"
        " bonus_left = bonus_left + $4 * p.bonus"
        " FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS p (top_up_id, principal, bonus)"
        " WHERE stored_top_up.top_up_id = p.top_up_id",
        *_columns(parts), sign,
    )  # fmt: skip


async def note_refund(tx: Tx, part: Part) -> None:
    """Principal that was paid back, and the bonus taken with it."""
    await tx.execute(
        "UPDATE stored_top_up SET refunded = refunded + $2, bonus_taken = bonus_taken + $3"
        " WHERE top_up_id = $1",
        part.top_up_id, part.principal, part.bonus,
    )  # fmt: skip


async def add_spend(tx: Tx, spend: Spend, parts: Sequence[Part], at: datetime) -> None:
    """A spend and what it took from where."""
    await tx.execute(
        f"INSERT INTO stored_spend ({_SPEND}, spent_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        *(getattr(spend, name) for name in Spend.__slots__), at,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO stored_use (spend_id, top_up_id, principal, bonus)"
        " SELECT $4, * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[])",
        *_columns(parts), spend.spend_id,
    )  # fmt: skip


async def spend(tx: Tx, account_id: UUID, spend_id: UUID) -> Spend | None:
    """A spend of an account."""
    row = await tx.fetchrow(
        f"SELECT {_SPEND} FROM stored_spend WHERE account_id = $1 AND spend_id = $2",
        account_id, spend_id,
    )  # fmt: skip
    return Spend(**row) if row else None


async def uses(tx: Tx, spend_id: UUID) -> list[Use]:
    """What a spend took, in the order in which it was taken."""
    rows = await tx.fetch(
        f"SELECT {_USE} FROM stored_use JOIN (SELECT top_up_id, number FROM stored_top_up) t"
        " USING (top_up_id) WHERE spend_id = $1 ORDER BY number",
        spend_id,
    )
    return [Use(**row) for row in rows]


async def note_back(tx: Tx, spend_id: UUID, parts: Sequence[Part]) -> None:
    """What of a spend came back."""
    await tx.execute(
        "WITH p AS (SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[])"
        " AS p (top_up_id, principal, bonus)),"
        " noted AS (UPDATE stored_use u SET principal_back = u.principal_back + p.principal,"
        " bonus_back = u.bonus_back + p.bonus FROM p"
        " WHERE u.spend_id = $4 AND u.top_up_id = p.top_up_id)"
        " UPDATE stored_spend SET principal_back = principal_back + t.principal,"
        " bonus_back = bonus_back + t.bonus"
        " FROM (SELECT sum(principal)::bigint AS principal, sum(bonus)::bigint AS bonus FROM p) t"
        " WHERE spend_id = $4",
        *_columns(parts), spend_id,
    )  # fmt: skip


async def reversal(tx: Tx, account_id: UUID, ref: str) -> Line | None:
    """The line of a reversal by its reference, if there was one."""
    row = await tx.fetchrow(
        f"SELECT {_LINE} FROM stored_line"
        " WHERE account_id = $1 AND kind = 'reversal' AND ref = $2",
        account_id, ref,
    )  # fmt: skip
    return Line(**row) if row else None


async def add_line(tx: Tx, line: Line) -> None:
    """Append to the statement."""
    names = Line.__slots__[:-1]
    places = ", ".join(f"${n}" for n in range(1, len(names) + 1))
    await tx.execute(
        f"INSERT INTO stored_line ({_NEW}) VALUES ({places})",
        *(getattr(line, name) for name in names),
    )


async def lines(tx: Tx, account_id: UUID, before: int, limit: int) -> list[Line]:
    """The statement below a line, newest first."""
    rows = await tx.fetch(
        f"SELECT {_LINE} FROM stored_line WHERE account_id = $1 AND line_id < $2"
        " ORDER BY line_id DESC LIMIT $3",
        account_id, before, limit,
    )  # fmt: skip
    return [Line(**row) for row in rows]


def _columns(parts: Sequence[Part]) -> tuple[list[UUID], list[int], list[int]]:
    return (
        [part.top_up_id for part in parts],
        [part.principal for part in parts],
        [part.bonus for part in parts],
    )
