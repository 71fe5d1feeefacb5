"""Purchases as tasks see them. Pure.

What counts is worked out from the order and all of its refunds, never from what came before: told
again or in another sequence it is the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from points_service.calendar import day_of
from points_service.catalogue.domain import Goods as Article
from points_service.earning.domain import matching
from points_service.earning.rules.rule import ORDER, Deed
from points_service.growth.domain import Gain
from points_service.refunds.items import Goods, Item
from points_service.tasks.domain import TASK, Task

Turn = tuple[str, UUID, date]  # task, member, first day of the period


@dataclass(frozen=True, slots=True)
class Refunded:
    """A refund: so many fen, of these items if they are known."""

    fen: int
    items: Sequence[Item] | None


@dataclass(frozen=True, slots=True)
class Order:
    """A booked order with what came back of it; `member_id` is the living one's."""

    order_no: str
    member_id: UUID
    store: str
    channel: str
    paid_at: datetime
    goods: Goods
    refunds: Sequence[Refunded]

    def counts_for(self, task: Task, articles: Mapping[str, Article]) -> list[int] | bool | None:
        """The lines that count (None: all of it), or False."""
        if task.goal is None or not task.counts(self.paid_at):
            return False
        deed = Deed(
            ORDER, self.paid_at, tier="", paid_fen=self.goods.paid_fen, items=self.goods.items,
            goods=articles, store=self.store, channel=self.channel,
        )  # fmt: skip
        lines = matching(task.goal.conditions, deed)
        return lines if isinstance(lines, bool) or lines is None else sorted(lines)

    def left(self, lines: Sequence[int] | None) -> int:
        """Fen paid for these lines and not given back; refunds by amount are of all in proportion.
        Nothing once nothing is left of the order."""
        paid, back = self.goods.paid_fen, sum(refund.fen for refund in self.refunds)
        if lines is None or back >= paid:
            return max(0, paid - back)
        by_line = self.goods.paid()
        whole = sum(by_line[line] for line in lines)
        gone = sum(
            refund.fen * whole // paid
            if refund.items is None
            else sum(fen for line, _, fen in refund.items if line in lines)
            for refund in self.refunds
        )
        return max(0, whole - gone)


@dataclass(frozen=True, slots=True)
class Done:
    """How often a task was finished in a period, and whether that stands."""

    turn: int
    stands: bool


@dataclass(slots=True)
class Decided:
    """What follows from the purchases there are now."""

    gains: list[Gain] = field(default_factory=list)
    finished: dict[Turn, datetime] = field(default_factory=dict)
    taken_back: list[Turn] = field(default_factory=list)


def turn_of(task_id: str, task: Task, member_id: UUID, paid_at: datetime) -> Turn:
    """The period a purchase is in."""
    return task_id, member_id, task.begins(day_of(paid_at))


def decide(
    turns: Mapping[Turn, Task],
    purchases: Mapping[Turn, Iterable[tuple[datetime, int]]],
    done: Mapping[Turn, Done],
    now: datetime,
) -> Decided:
    """`purchases` are (paid at, fen) of each turn in that sequence."""
    decided = Decided()
    for turn, task in sorted(turns.items(), key=lambda item: item[0]):
        reached, before = task.reached(purchases.get(turn, ())), done.get(turn, Done(0, False))
        if reached and not before.stands:
            decided.finished[turn] = reached
            decided.gains.append(_gain(turn, task, before.turn + 1, reached, 1))
        elif not reached and before.stands:
            decided.taken_back.append(turn)
            decided.gains.append(_gain(turn, task, before.turn, now, -1))
    return decided


def _gain(turn: Turn, task: Task, number: int, at: datetime, sign: int) -> Gain:
    task_id, holder, begin = turn
    ref = f"{task_id}/{holder}/{begin}" + (f"/{number}" if number > 1 else "")
    return Gain(holder, TASK, ref, at, sign * task.growth, sign * task.points)
