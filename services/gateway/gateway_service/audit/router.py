"""Reading the audit."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AwareDatetime

from chassis.evidence.strongbox import key_id
from chassis.web import APIRouter, DbDep, ReadDep
from contracts.auditing import Action
from contracts.gateway.audit import AuditPage, AuditVerified
from gateway_service.audit import proofs, repository
from gateway_service.audit.repository import Wanted
from gateway_service.audit.use_cases import Audit
from gateway_service.paging import CursorQuery, LimitQuery, cursor_of, place_of
from gateway_service.parts import PartsDep

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the audit is asked for, as query parameters."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    subject: Annotated[str | None, Query(max_length=128)] = None
    action: Action | None = None
    member_id: UUID | None = None

    def wanted(self, audit: Audit) -> Wanted:
        """The same with the member's pseudonym."""
        member = audit.pseudonym(self.member_id) if self.member_id else None
        return Wanted(self.since, self.until, self.subject, self.action, member)


@router.get("/v1/audit/verify")
async def verified(db: DbDep, parts: PartsDep) -> AuditVerified:
    """Read every entry and every checkpoint, and say what is not as it was written."""
    found = await proofs.verify_now(db, parts.box)
    key = parts.box.public_key()
    return AuditVerified(
        clean=found.clean,
        entries=found.entries,
        checkpoints=found.checkpoints,
        findings=found.findings,
        key_id=key_id(key),
        public_key=key.hex(),
    )


@router.get("/v1/audit")
async def entries(
    tx: ReadDep,
    parts: PartsDep,
    filters: Annotated[Filters, Depends()],
    limit: LimitQuery = 50,
    cursor: CursorQuery = None,
) -> AuditPage:
    """Entries, newest first."""
    wanted = filters.wanted(parts.audit)
    rows = await repository.page(tx, wanted, limit + 1, *place_of(cursor))
    more = cursor_of((rows[limit - 1].at, rows[limit - 1].id)) if rows[limit:] else None
    return AuditPage(data=rows[:limit], next_cursor=more)
