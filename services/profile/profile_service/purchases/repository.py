"""Purchases, refunds and their fold in the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chassis.database import Tx, columns_of
from contracts.events import RecordedOrder
from profile_service.purchases.domain import Refund, Spending
from profile_service.tables import PurchaseRow, SpendingRow

SPENDING = columns_of(SpendingRow)
_KINDS = ("bigint", "int", "int", "bigint", "bigint", "int", *["timestamptz"] * 3, "jsonb")
_SAVE = (
    f"INSERT INTO spending ({', '.join(SPENDING)}) SELECT * FROM unnest("
    + ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_KINDS, 1))
    + ") ON CONFLICT (subject_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in SPENDING[1:])
)
_READ = f"SELECT {', '.join(SPENDING)} FROM spending"


async def known_orders(tx: Tx, orders: Sequence[RecordedOrder]) -> set[str]:
    """The numbers of those orders that are booked already."""
    times = [order.paid_at for order in orders]
    rows = await tx.fetch(
        "SELECT order_no FROM purchase"
        " WHERE order_no = ANY($1::text[]) AND paid_at BETWEEN $2 AND $3",
        [order.order_no for order in orders],
        min(times),
        max(times),
    )
    return {row["order_no"] for row in rows}


async def add_orders(tx: Tx, orders: Iterable[tuple[int, RecordedOrder]]) -> None:
    """COPY (subject, order) pairs; the partitions must be there."""
    await tx.copy(
        "purchase",
        columns_of(PurchaseRow),
        [
            (
                order.order_no, order.paid_at, subject, order.store_id, order.channel,
                order.paid_fen, len(order.coupons), *_columns(order.items), order.points,
            )
            for subject, order in orders
        ],
    )  # fmt: skip


def _columns(items: Sequence[tuple[str, int, int]]) -> Iterable[Sequence[str | int]]:
    return zip(*items, strict=True) if items else ((), (), ())


async def add_refunds(tx: Tx, refunds: Sequence[Refund]) -> set[tuple[str, str]]:
    """Write refunds; answers the (order_no, refund_no) of those that are new."""
    rows = await tx.fetch(
        "INSERT INTO refund (order_no, refund_no, subject_id, refunded_at, refund_fen, points)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[],"
        " $5::bigint[], $6::int[]) ON CONFLICT DO NOTHING RETURNING order_no, refund_no",
        [refund.order_no for refund in refunds],
        [refund.refund_no for refund in refunds],
        [refund.subject for refund in refunds],
        [refund.refunded_at for refund in refunds],
        [refund.refund_fen for refund in refunds],
        [refund.points for refund in refunds],
    )
    return {(row["order_no"], row["refund_no"]) for row in rows}


async def lock_spending(tx: Tx, subjects: Iterable[int]) -> dict[int, Spending]:
    """The fold so far of each subject, locked until the transaction ends."""
    wanted = sorted(subjects)
    await tx.execute(
        "INSERT INTO spending (subject_id) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING",
        wanted,
    )
    rows = await tx.fetch(
        f"{_READ} WHERE subject_id = ANY($1::bigint[]) ORDER BY subject_id FOR UPDATE",
        wanted,
    )
    return {row["subject_id"]: _spending(row) for row in rows}


async def save_spending(tx: Tx, folds: Mapping[int, Spending]) -> None:
    """Write folds, in subject order."""
    rows = [
        (
            subject, fold.orders, fold.lines, fold.paid_fen, fold.refunded_fen, fold.coupon_orders,
            fold.first_at, fold.last_at, fold.previous_at,
            {
                "channel": fold.by_channel,
                "daypart": fold.by_daypart,
                "department": fold.by_department,
            },
        )
        for subject, fold in sorted(folds.items(), key=lambda item: item[0])
    ]  # fmt: skip
    await tx.execute(_SAVE, *(list(column) for column in zip(*rows, strict=True)))


async def spending(tx: Tx, subjects: Iterable[int]) -> list[tuple[int, Spending]]:
    """The fold of each of these subjects that has bought."""
    rows = await tx.fetch(f"{_READ} WHERE subject_id = ANY($1::bigint[])", list(subjects))
    return [(row[0], _spending(row)) for row in rows]


def _spending(row: Any) -> Spending:
    (_subject, orders, lines, paid, refunded, coupon_orders, first, last, previous, parts) = row
    return Spending(
        orders, lines, paid, refunded, coupon_orders, first, last, previous,
        parts["channel"], parts["daypart"], parts["department"],
    )  # fmt: skip


async def windows(
    tx: Tx, leaves: Sequence[int], now: datetime, days: Sequence[int]
) -> list[tuple[int, int]]:
    """Orders and fen of the last so many days, one pair for each entry of `days`."""
    rows = await tx.fetch(
        "SELECT count(paid_at) AS orders, coalesce(sum(paid_fen), 0)::bigint AS fen"
        " FROM unnest($3::int[]) WITH ORDINALITY AS wanted (days, place)"
        " LEFT JOIN purchase ON subject_id = ANY($1::bigint[])"
        " AND paid_at > $2::timestamptz - make_interval(days => wanted.days) AND paid_at <= $2"
        " GROUP BY place ORDER BY place",
        leaves,
        now,
        days,
    )
    return [(orders, fen) for orders, fen in rows]


async def times_bought(tx: Tx, leaves: Sequence[int], now: datetime) -> dict[str, int]:
    """Orders of the last 30 days with goods of each department."""
    rows = await tx.fetch(
        "SELECT department, count(*) FROM purchase, LATERAL"
        " (SELECT DISTINCT department FROM product WHERE sku = ANY(skus)"
        " AND department IS NOT NULL) AS had WHERE subject_id = ANY($1::bigint[])"
        " AND paid_at > $2::timestamptz - interval '30 days' AND paid_at <= $2"
        " GROUP BY department",
        leaves,
        now,
    )
    return {department: times for department, times in rows}


async def figures(tx: Tx) -> Any:
    """Orders, lines, paid_fen and refunded_fen of the programme, and members who bought."""
    return await tx.fetchrow(
        "SELECT coalesce(sum(orders), 0)::bigint AS orders, coalesce(sum(lines), 0)::bigint AS"
        " lines, coalesce(sum(paid_fen), 0)::bigint AS paid_fen, coalesce(sum(refunded_fen),"
        " 0)::bigint AS refunded_fen, count(DISTINCT root) FILTER (WHERE orders > 0) AS members"
        " FROM spending JOIN subject ON subject.id = spending.subject_id"
    )
