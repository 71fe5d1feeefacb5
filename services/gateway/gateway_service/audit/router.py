"""Reading the audit."""

from chassis.web import APIRouter, ReadDep
from contracts.gateway.audit import AuditPage
from gateway_service.audit import repository
from gateway_service.paging import CursorQuery, LimitQuery, cursor_of, place_of

router = APIRouter()


@router.get("/v1/audit")
async def audit(tx: ReadDep, limit: LimitQuery = 50, cursor: CursorQuery = None) -> AuditPage:
    """Plain reads, newest first."""
    rows = await repository.page(tx, limit + 1, *place_of(cursor))
    more = cursor_of((rows[limit - 1].at, rows[limit - 1].id)) if rows[limit:] else None
    return AuditPage(data=rows[:limit], next_cursor=more)
