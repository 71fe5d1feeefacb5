"""Plans, terms, and what was used of them."""

from datetime import date
from typing import Any
from uuid import UUID

from chassis.database import Tx
from contracts.points.paid_memberships import Plan
from points_service.definitions import Definitions
from points_service.paid_memberships.domain import PaidMembership

plans = Definitions("membership_plan", "plan_id")

_COLUMNS = ", ".join(PaidMembership.__slots__)


async def add(tx: Tx, term: PaidMembership) -> None:
    """A new term; its member is locked before."""
    values = {name: getattr(term, name) for name in PaidMembership.__slots__}
    values["plan"] = term.plan.model_dump(mode="json")
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    await tx.execute(
        f"INSERT INTO paid_membership ({_COLUMNS}) VALUES ({places})", *values.values()
    )


async def find(tx: Tx, membership_id: UUID) -> PaidMembership | None:
    """A term by its id, without a lock."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM paid_membership WHERE membership_id = $1", membership_id
    )
    return _term(row) if row else None


async def lock(tx: Tx, membership_id: UUID) -> PaidMembership | None:
    """A term by its id; its member is locked before."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM paid_membership WHERE membership_id = $1 FOR UPDATE",
        membership_id,
    )
    return _term(row) if row else None


async def of_member(tx: Tx, member_id: UUID) -> list[PaidMembership]:
    """All of a member's, the one that ends last on top."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM paid_membership WHERE member_id = $1"
        " ORDER BY ends_on DESC, bought_at DESC, membership_id",
        member_id,
    )
    return [_term(row) for row in rows]


async def is_renewed(tx: Tx, membership_id: UUID) -> bool:
    """Whether another term follows that is not cancelled."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM paid_membership WHERE renews = $1 AND cancelled_at IS NULL)",
        membership_id,
    )
    return found


async def announce(tx: Tx, day: date) -> list[PaidMembership]:
    """Terms whose notice is due and that nobody renewed, marked as announced now."""
    rows = await tx.fetch(
        "UPDATE paid_membership m SET announced_at = $2"
        " WHERE announced_at IS NULL AND cancelled_at IS NULL AND notice_on <= $1 AND ends_on > $1"
        " AND NOT EXISTS (SELECT FROM paid_membership n WHERE n.renews = m.membership_id"
        f" AND n.cancelled_at IS NULL) RETURNING {_COLUMNS}",
        day, tx.now,
    )  # fmt: skip
    return sorted((_term(row) for row in rows), key=lambda each: each.membership_id)


async def cancel(tx: Tx, membership_id: UUID, refunded_fen: int) -> None:
    """It ends now."""
    await tx.execute(
        "UPDATE paid_membership SET cancelled_at = $2, refunded_fen = $3 WHERE membership_id = $1",
        membership_id, tx.now, refunded_fen,
    )  # fmt: skip


async def note_use(tx: Tx, membership_id: UUID, use_id: UUID, benefit: str) -> None:
    """A benefit was used."""
    await tx.execute(
        "INSERT INTO paid_membership_use VALUES ($1, $2, $3, $4)",
        use_id, membership_id, benefit, tx.now,
    )  # fmt: skip
    await tx.execute(
        "UPDATE paid_membership SET benefit_used_at = coalesce(benefit_used_at, $2)"
        " WHERE membership_id = $1",
        membership_id, tx.now,
    )  # fmt: skip


def _term(row: Any) -> PaidMembership:
    return PaidMembership(**{**row, "plan": Plan.model_validate(row["plan"])})
