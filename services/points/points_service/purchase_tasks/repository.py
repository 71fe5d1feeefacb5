"""Orders that count for tasks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from points_service.purchase_tasks.domain import Done, Order, Refunded, Turn
from points_service.refunds.items import Goods
from points_service.tasks.domain import Task


@dataclass(frozen=True, slots=True)
class Counted:
    """An order counts for a task with these lines."""

    task_id: str
    order_no: str
    member_id: UUID
    paid_at: datetime
    lines: list[int] | None
    fen: int


async def orders(tx: Tx, order_nos: Collection[str]) -> dict[str, Order]:
    """Booked orders with all their refunds, of the members they are now."""
    refunds: defaultdict[str, list[Refunded]] = defaultdict(list)
    for row in await tx.fetch(
        "SELECT order_no, amount_fen, items FROM refund WHERE order_no = ANY ($1::text[])",
        list(order_nos),
    ):
        refunds[row["order_no"]].append(Refunded(row["amount_fen"], row["items"]))
    rows = await tx.fetch(
        "SELECT o.order_no, coalesce(m.merged_into, o.member_id) AS member_id, o.store, o.channel,"
        " o.paid_at, o.items, o.paid_fen, o.delivery_fen, o.pays"
        " FROM orders o LEFT JOIN member m USING (member_id) WHERE o.order_no = ANY ($1::text[])",
        list(order_nos),
    )
    return {
        row["order_no"]: Order(
            row["order_no"], row["member_id"], row["store"], row["channel"], row["paid_at"],
            Goods(row["items"], row["paid_fen"], row["delivery_fen"], row["pays"]),
            refunds[row["order_no"]],
        )
        for row in rows
    }  # fmt: skip


async def add(tx: Tx, counted: Sequence[Counted]) -> None:
    """Keep what counts; what was kept before stays as the catalogue had it then."""
    await tx.conn.executemany(
        "INSERT INTO task_purchase (task_id, order_no, member_id, paid_at, lines, fen)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        [(c.task_id, c.order_no, c.member_id, c.paid_at, c.lines, c.fen) for c in counted],
    )


async def kept(tx: Tx, order_nos: Collection[str]) -> list[Counted]:
    """For which tasks these orders count."""
    rows = await tx.fetch(
        "SELECT * FROM task_purchase WHERE order_no = ANY ($1::text[]) ORDER BY task_id, order_no",
        list(order_nos),
    )
    return [Counted(**row) for row in rows]


async def leave(tx: Tx, left: Iterable[tuple[str, str, int]]) -> None:
    """(task, order, fen that are not given back)."""
    await tx.execute(
        "UPDATE task_purchase p SET fen = l.fen"
        " FROM unnest($1::text[], $2::text[], $3::bigint[]) AS l (task_id, order_no, fen)"
        " WHERE p.task_id = l.task_id AND p.order_no = l.order_no",
        *zip(*left, strict=True),
    )


async def purchases(tx: Tx, turns: Mapping[Turn, Task]) -> dict[Turn, list[tuple[datetime, int]]]:
    """What counts in each of these periods, in the sequence of payment."""
    wanted = [(*turn, *task.span(turn[2])) for turn, task in turns.items()]
    rows = await tx.fetch(
        "SELECT w.task_id, w.member_id, w.begin, p.paid_at, p.fen"
        " FROM unnest($1::text[], $2::uuid[], $3::date[], $4::timestamptz[], $5::timestamptz[])"
        " AS w (task_id, member_id, begin, since, until)"
        " JOIN task_purchase p ON p.task_id = w.task_id AND p.member_id = w.member_id"
        " AND p.paid_at >= w.since AND p.paid_at < w.until AND p.fen > 0"
        " ORDER BY p.paid_at, p.order_no",
        *zip(*wanted, strict=True),
    )
    found: defaultdict[Turn, list[tuple[datetime, int]]] = defaultdict(list)
    for task_id, member_id, begin, paid_at, fen in rows:
        found[task_id, member_id, begin].append((paid_at, fen))
    return found


async def done(tx: Tx, members: Collection[UUID]) -> dict[Turn, Done]:
    """What these members finished, standing or taken back."""
    rows = await tx.fetch(
        "SELECT task_id, member_id, period, turn, taken_back_at IS NULL AS stands"
        " FROM task_done WHERE member_id = ANY ($1::uuid[])",
        list(members),
    )
    return {
        (row["task_id"], row["member_id"], row["period"]): Done(row["turn"], row["stands"])
        for row in rows
    }


async def finish(tx: Tx, turns: Iterable[Turn]) -> None:
    """They stand, again if they did before."""
    await tx.executemany(
        "INSERT INTO task_done (task_id, member_id, period, done_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (task_id, member_id, period) DO UPDATE SET done_at = excluded.done_at,"
        " turn = task_done.turn + 1, taken_back_at = NULL",
        [(*turn, tx.now) for turn in turns],
    )


async def take_back(tx: Tx, turns: Iterable[Turn]) -> None:
    """They stand no more, and a badge goes with the last period of a task that stood."""
    rows = list(zip(*turns, strict=True))
    await tx.execute(
        "UPDATE task_done d SET taken_back_at = $4"
        " FROM unnest($1::text[], $2::uuid[], $3::date[]) AS t (task_id, member_id, period)"
        " WHERE d.task_id = t.task_id AND d.member_id = t.member_id AND d.period = t.period",
        *rows, tx.now,
    )  # fmt: skip
    await tx.execute(
        "DELETE FROM member_badge b USING unnest($1::text[], $2::uuid[]) AS t (task_id, member_id)"
        " WHERE b.task_id = t.task_id AND b.member_id = t.member_id AND NOT EXISTS"
        " (SELECT FROM task_done d WHERE d.task_id = b.task_id AND d.member_id = b.member_id"
        " AND d.taken_back_at IS NULL)",
        *rows[:2],
    )
