"""A profile database driven by hand: what the bus would bring, one transaction a call."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from chassis.clock import PROGRAM_ZONE
from chassis.database import Database
from contracts.classification import Kind
from contracts.events import (
    Activity,
    ActivityBatch,
    MemberRegistered,
    MembersSplit,
    OrderRefunded,
    Product,
    RecordedOrder,
    SealedIdentifier,
)
from profile_service.catalogue.use_cases import Departments, write_products
from profile_service.collect.columns import Columns, heard
from profile_service.collect.use_cases import Collector
from profile_service.partitions import Partitions
from profile_service.purchases.use_cases import Purchases
from profile_service.quality.domain import Limits
from profile_service.quality.use_cases import Watch
from profile_service.subjects import use_cases as subjects
from profile_service.subjects.domain import Link
from profile_service.subjects.use_cases import SubjectIds

NOON = datetime(2017, 3, 15, 12, tzinfo=PROGRAM_ZONE)


def member(number: int) -> UUID:
    """The id of a numbered member."""
    return UUID(int=number)


def index(number: int, kind: Kind = Kind.PHONE) -> str:
    """The index of a numbered identifier."""
    return f"{kind}:{number}"


def activity(
    message_id: str, *, at: datetime = NOON, phone: int | None = None, **fields: Any
) -> Activity:
    """A message of the holder of a numbered phone, or of `member_id`."""
    identifiers = [SealedIdentifier(Kind.PHONE, index(phone))] if phone is not None else []
    fields.setdefault("event", "Product Viewed")
    fields.setdefault("type", "track")
    return Activity(message_id=message_id, occurred_at=at, identifiers=identifiers, **fields)


def batch(*activities: Activity, received_at: datetime = NOON) -> ActivityBatch:
    """An accepted API batch."""
    digest = hashlib.sha256("".join(a.message_id for a in activities).encode()).hexdigest()
    return ActivityBatch(digest, received_at, "test", list(activities))


def order(
    number: str,
    buyer: UUID,
    *,
    at: datetime = NOON,
    items: Sequence[tuple[str, int, int]] = (("apple", 1, 250),),
    channel: str = "pos",
    coupons: Sequence[str] = (),
    store_id: str = "store-1",
    paid: int | None = None,
) -> RecordedOrder:
    """An order whose paid amount is the sum of its lines, unless told."""
    paid = sum(fen for _, _, fen in items) if paid is None else paid
    return RecordedOrder(
        number, buyer, store_id, channel, at, paid, paid // 100, paid // 100, list(items),
        list(coupons),
    )  # fmt: skip


def told(*batches: ActivityBatch) -> list[Columns]:
    """Batches as the service hears them."""
    return [heard(msgspec.json.encode(each)) for each in batches]


class World:
    """The service without its edges."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.restart()

    def restart(self) -> None:
        """Forget what a process remembers."""
        self.ids, partitions = SubjectIds(), Partitions()
        self.watch = Watch(Limits(0.95, 0.01, 300))
        self.collector = Collector(self.ids, partitions, 1, self.watch)
        self.purchases = Purchases(self.ids, partitions, Departments())

    async def products(self, **departments: str) -> None:
        """Products by SKU, with their departments."""
        async with self.db.transaction() as tx:
            rows = [Product(sku, department=name) for sku, name in departments.items()]
            await write_products(tx, rows)

    async def register(self, number: int, at: datetime = NOON, **fields: Any) -> UUID:
        """A numbered member registers."""
        async with self.db.transaction() as tx:
            event = MemberRegistered(member(number), at, **fields)
            await subjects.register(tx, self.ids, [event])
        return member(number)

    async def link(self, child: UUID | str, parent: UUID, at: datetime = NOON) -> None:
        """An identifier is linked, or a member merged."""
        async with self.db.transaction() as tx:
            await subjects.link(tx, self.ids, [Link(child, parent, at)])

    async def split(self, survivor: UUID, restored: UUID, at: datetime = NOON) -> None:
        """A merge is taken back."""
        async with self.db.transaction() as tx:
            event = MembersSplit(UUID(int=7), survivor, restored, [], [], [], NOON, at)
            await subjects.split(tx, self.ids, [event])

    async def collect(self, *batches: ActivityBatch) -> None:
        """Batches that arrive in one fetch."""
        async with self.db.transaction() as tx:
            await self.collector.collect(tx, told(*batches))

    async def record(self, *orders: RecordedOrder) -> None:
        """Orders that points tells in one message."""
        async with self.db.transaction() as tx:
            await self.purchases.record(tx, orders)

    async def refund(self, order_no: str, refund_no: str, buyer: UUID, fen: int) -> None:
        """Money goes back."""
        event = OrderRefunded(order_no, refund_no, buyer, NOON, fen, 0, fen // 100)
        async with self.db.transaction() as tx:
            await self.purchases.refund(tx, [event])

    async def value(self, query: str, *args: Any) -> Any:
        """One value from the database."""
        async with self.db.transaction(readonly=True) as tx:
            return await tx.fetchval(query, *args)


def utc(moment: datetime) -> datetime:
    """The same moment."""
    return moment.astimezone(UTC)


def days(n: int) -> timedelta:
    """So many days."""
    return timedelta(days=n)
