"""Growth value, kept apart by what it came from; refunds take back what orders brought."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

SPEND = "spend"


@dataclass(frozen=True, slots=True)
class GrowthEntry:
    """Growth gained, or taken back (< 0)."""

    member_id: UUID
    kind: str
    amount: int
    ref: str
    occurred_at: datetime
