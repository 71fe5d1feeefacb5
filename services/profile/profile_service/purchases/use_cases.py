"""Orders that points has booked become rows and a fold per subject, each order once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.clock import PROGRAM_ZONE
from chassis.database import Tx
from contracts.events import OrderRefunded, RecordedOrder
from contracts.profile import PurchaseFigures
from profile_service.catalogue.use_cases import Departments
from profile_service.partitions import Partitions
from profile_service.purchases import repository
from profile_service.purchases.domain import (
    NOTHING,
    Refund,
    Spending,
    by_subject,
    spending_of,
)
from profile_service.subjects import repository as subject_rows
from profile_service.subjects.use_cases import SubjectIds


@dataclass(frozen=True)
class Purchases:
    """What booking purchases needs to know."""

    subjects: SubjectIds
    partitions: Partitions
    departments: Departments

    async def record(self, tx: Tx, recorded: Sequence[RecordedOrder]) -> None:
        """Store and fold every order that is not known yet."""
        ids = await self.subjects.of(tx, {order.member_id for order in recorded})
        told = {order.order_no: order for order in recorded}
        known = await repository.known_orders(tx, list(told.values()))
        orders = [
            (ids[order.member_id], order) for number, order in told.items() if number not in known
        ]
        if not orders:
            return
        await self.partitions.months(tx, "purchase", [order.paid_at for _, order in orders])
        await repository.add_orders(tx, orders)
        departments = await self.departments.current(tx)
        await _add(
            tx,
            by_subject(
                (subject, spending_of(order, local_hour(order.paid_at), departments))
                for subject, order in orders
            ),
        )

    async def refund(self, tx: Tx, refunded: Sequence[OrderRefunded]) -> None:
        """Store and fold every refund that is not known yet."""
        ids = await self.subjects.of(tx, {event.member_id for event in refunded})
        told = [
            Refund(
                event.order_no,
                event.refund_no,
                ids[event.member_id],
                event.refunded_at,
                event.refund_fen,
                event.points,
            )
            for event in refunded
        ]
        fresh = await repository.add_refunds(tx, told)
        parts = {(refund.order_no, refund.refund_no): refund for refund in told}
        if fresh:
            await _add(
                tx,
                by_subject(
                    (parts[key].subject, Spending(refunded_fen=parts[key].refund_fen))
                    for key in sorted(fresh)
                ),
            )


def local_hour(moment: datetime) -> int:
    """The hour (0–23) on the programme's clocks."""
    return moment.astimezone(PROGRAM_ZONE).hour


async def _add(tx: Tx, parts: Mapping[int, Spending]) -> None:
    before = await repository.lock_spending(tx, parts)
    after = {subject: before.get(subject, NOTHING) + part for subject, part in parts.items()}
    await repository.save_spending(tx, after)
    await subject_rows.touch(tx, parts)


async def figures(tx: Tx) -> PurchaseFigures:
    """All purchases of the programme."""
    return PurchaseFigures.model_validate(dict(await repository.figures(tx)))
