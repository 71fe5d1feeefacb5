"""What a subject has bought, as a sum: any order, any grouping, the same result. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from contracts.events import RecordedOrder

Counts = Mapping[str, int]

DAYPARTS = ("night",) * 5 + ("morning",) * 6 + ("daytime",) * 6 + ("evening",) * 5 + ("night",) * 2


class Spending(msgspec.Struct, frozen=True):
    """Orders, lines and fen of one or more subjects. `paid_fen` is before refunds.

    `first_at`, `last_at` and `previous_at` (the last but one) are times of orders. `by_channel` and
    `by_daypart` count orders, `by_department` sums line amounts in fen.
    """

    orders: int = 0
    lines: int = 0
    paid_fen: int = 0
    refunded_fen: int = 0
    coupon_orders: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    previous_at: datetime | None = None
    by_channel: Counts = {}
    by_daypart: Counts = {}
    by_department: Counts = {}

    @property
    def net_fen(self) -> int:
        """Paid less refunded."""
        return self.paid_fen - self.refunded_fen

    def __add__(self, other: "Spending") -> "Spending":
        if not other.orders and not other.refunded_fen:
            return self
        times = (self.last_at, self.previous_at, other.last_at, other.previous_at)
        newest = sorted([at for at in times if at is not None], reverse=True)
        return Spending(
            self.orders + other.orders,
            self.lines + other.lines,
            self.paid_fen + other.paid_fen,
            self.refunded_fen + other.refunded_fen,
            self.coupon_orders + other.coupon_orders,
            min([at for at in (self.first_at, other.first_at) if at is not None], default=None),
            newest[0] if newest else None,
            newest[1] if len(newest) > 1 else None,
            added(self.by_channel, other.by_channel),
            added(self.by_daypart, other.by_daypart),
            added(self.by_department, other.by_department),
        )


NOTHING = Spending()


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back for an order."""

    order_no: str
    refund_no: str
    subject: int
    refunded_at: datetime
    refund_fen: int
    points: int


def added(one: Counts, other: Counts) -> Counts:
    """Sum by key."""
    if not other:
        return one
    total = dict(one)
    for key, n in other.items():
        total[key] = total.get(key, 0) + n
    return total


def spending_of(order: RecordedOrder, hour: int, departments: Mapping[str, str | None]) -> Spending:
    """One order's contribution; `hour` (0–23) is the programme's of `paid_at`.

    Lines whose SKU has no department count for none.
    """
    by_department: dict[str, int] = {}
    for sku, _quantity, fen in order.items:
        department = departments.get(sku)
        if department is not None:
            by_department[department] = by_department.get(department, 0) + fen
    return Spending(
        orders=1,
        lines=len(order.items),
        paid_fen=order.paid_fen,
        coupon_orders=1 if order.coupons else 0,
        first_at=order.paid_at,
        last_at=order.paid_at,
        by_channel={order.channel: 1},
        by_daypart={DAYPARTS[hour]: 1},
        by_department=by_department,
    )


def total(parts: Iterable[Spending]) -> Spending:
    """The sum of all."""
    return sum(parts, NOTHING)


def by_subject(parts: Iterable[tuple[int, Spending]]) -> dict[int, Spending]:
    """The sum for each subject."""
    sums: dict[int, Spending] = {}
    for subject, part in parts:
        sums[subject] = sums[subject] + part if subject in sums else part
    return sums
