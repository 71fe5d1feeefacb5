"""What earning rules look at."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

PARTS = 10_000  # of a point: a fen at 1 % is one part


@dataclass(frozen=True, slots=True)
class Purchase:
    """A paid order; `items` are (sku, quantity, fen)."""

    order_no: str
    member_id: UUID
    store: str
    channel: str
    paid_at: datetime
    paid_fen: int
    items: list[tuple[str, int, int]]
    coupons: list[str]
    body_hash: bytes
