"""Applications by id, by member, by status."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Tx, columns_of
from points_service.benefits.applications import OPEN, OVERDUE, Application, Status
from points_service.tables import BenefitApplication as ApplicationTable

_COLUMNS = columns_of(ApplicationTable)
_SELECT = ", ".join(_COLUMNS)


async def add(tx: Tx, application: Application) -> None:
    """Keep one. Raises UniqueViolationError for a second one for an order."""
    await tx.copy("benefit_application", _COLUMNS, [_row(application)])


async def find(tx: Tx, application_id: UUID, *, lock: bool = False) -> Application | None:
    """One by its id."""
    row = await tx.fetchrow(
        f"SELECT {_SELECT} FROM benefit_application WHERE application_id = $1"
        + (" FOR UPDATE" if lock else ""),
        application_id,
    )
    return _application(row) if row else None


async def taken(tx: Tx, benefit_id: str, order_no: str) -> bool:
    """Whether the benefit was applied for with this order, and not refused."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM benefit_application WHERE benefit_id = $1 AND order_no = $2"
        " AND status <> 'refused')",
        benefit_id, order_no,
    )  # fmt: skip
    return found


async def save(tx: Tx, application: Application) -> None:
    """Write where it is now."""
    await tx.execute(
        "UPDATE benefit_application SET status = $2, reason = $3, changed_at = $4, changed_by = $5"
        " WHERE application_id = $1",
        application.application_id, application.status.value, application.reason,
        application.changed_at, application.changed_by,
    )  # fmt: skip


async def page(
    tx: Tx, status: str | None, members: Collection[UUID] | None, after: UUID | None, limit: int
) -> list[Application]:
    """Applications after that one, oldest first: of these members, in that status (or overdue)."""
    statuses = sorted(OPEN) if status == OVERDUE else [status] if status else list(Status)
    rows = await tx.fetch(
        f"SELECT {_SELECT} FROM benefit_application"
        " WHERE status = ANY ($1::text[]) AND ($2::timestamptz IS NULL OR due_at < $2)"
        " AND ($3::uuid[] IS NULL OR member_id = ANY ($3))"
        " AND ($4::uuid IS NULL OR application_id > $4) ORDER BY application_id LIMIT $5",
        statuses,
        tx.now if status == OVERDUE else None,
        None if members is None else list(members),
        after,
        limit,
    )
    return [_application(row) for row in rows]


async def tell_overdue(tx: Tx, now: datetime, limit: int) -> list[Application]:
    """Open ones that are overdue and have not been told; from now on they have."""
    rows = await tx.fetch(
        "UPDATE benefit_application SET told_overdue = true WHERE application_id IN"
        " (SELECT application_id FROM benefit_application WHERE due_at < $1"
        " AND status IN ('applied', 'accepted') AND NOT told_overdue"
        " ORDER BY due_at, application_id LIMIT $2 FOR UPDATE)"
        f" RETURNING {_SELECT}",
        now, limit,
    )  # fmt: skip
    return sorted((_application(row) for row in rows), key=lambda each: each.application_id)


def _application(row: Any) -> Application:
    return Application(**dict(row) | {"status": Status(row["status"])})


def _row(application: Application) -> tuple[object, ...]:
    return tuple(getattr(application, name) for name in _COLUMNS)
