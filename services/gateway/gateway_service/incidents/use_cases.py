"""Open an incident; find those it concerns, a table at a time; tell how far that has come."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from chassis.database import Database, Tx
from chassis.holdings import affected
from chassis.logs import log
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.auditing import Action, Decision
from contracts.gateway.incidents import (
    AffectedCount,
    AffectedMember,
    AffectedMembers,
    Incident,
    IncidentRequest,
)
from contracts.holdings import Affected, AffectedQuestion
from gateway_service.audit.domain import Entry
from gateway_service.audit.use_cases import Audit, entry_by
from gateway_service.incidents import repository
from gateway_service.incidents.domain import CREDENTIALS, WRAPPED, class_of, names, notices, sources
from gateway_service.incidents.repository import Stored
from gateway_service.proxy.client import Gone, InnerClient
from gateway_service.proxy.forward import SYSTEM

DUE = timedelta(hours=1)
_AT_ONCE = 50_000  # members hashed between two looks at whoever else is waiting
_EVERYBODY = "member"  # identity's table


async def open_incident(
    tx: Tx, audit: Audit, principal: Principal, request: IncidentRequest
) -> Incident:
    """Write down what is known; the search begins within a second."""
    incident_id = tx.ids.new()
    await repository.add(tx, incident_id, principal.subject, request)
    audit.record(
        tx,
        entry_by(
            principal, Action.INCIDENT, Decision.DONE, "POST /v1/incidents",
            ticket=str(incident_id), fields=names(request),
        ),
    )  # fmt: skip
    return await shown(tx, incident_id)


async def shown(tx: Tx, incident_id: UUID) -> Incident:
    """An incident as it stands. Raises Problem 404."""
    stored = await _existing(tx, incident_id)
    found = await repository.counts(tx, incident_id)
    wanted = names(stored.request)
    members = sum(found.values())
    by_table = {name: sum(n for names_, n in found.items() if name in names_) for name in wanted}
    classes = {class_of(name) for name in wanted}
    by_class = {
        each: sum(n for names_, n in found.items() if any(class_of(x) is each for x in names_))
        for each in sorted(classes)
    }
    return Incident(
        incident_id=incident_id,
        opened_at=stored.opened_at,
        opened_by=stored.opened_by,
        due_at=stored.opened_at + DUE,
        finished_at=stored.finished_at,
        late=stored.finished_at is None and stored.opened_at + DUE < tx.now,
        request=stored.request,
        done=len(stored.done),
        total=len(wanted),
        waiting=[name for name in wanted if name not in stored.done],
        members=members,
        by_class=[AffectedCount(of=of, members=n) for of, n in by_class.items()],
        by_table=[AffectedCount(of=of, members=n) for of, n in by_table.items()],
        notices=notices(stored.request, members, by_table) if stored.finished_at else None,
    )


async def members(tx: Tx, incident_id: UUID, after: UUID | None, limit: int) -> AffectedMembers:
    """A page of those concerned. Raises Problem 404."""
    await _existing(tx, incident_id)
    rows = await repository.page(tx, incident_id, after, limit + 1)
    page = rows[:limit]
    return AffectedMembers(
        data=[
            AffectedMember(
                member_id=member_id,
                data_classes=sorted({class_of(table) for table in tables}),
                tables=tables,
            )
            for member_id, tables in page
        ],
        next_cursor=str(page[-1][0]) if rows[limit:] else None,
    )


async def search(db: Database, inner: InnerClient, audit: Audit) -> bool:
    """Read one table for one of the incidents; False where nothing can be read now.

    The table of a service that is away, or answers what nobody understands, is read later, and
    shown as waiting until then; it holds up neither other tables nor other incidents. What was
    read is committed with it, so a search goes on where it was, whichever gateway does it.
    """
    async with db.transaction(readonly=True) as tx:
        waiting = await repository.unfinished(tx)
    for incident_id in waiting:
        if await _step(db, inner, audit, incident_id):
            return True
    return False


async def _step(db: Database, inner: InnerClient, audit: Audit, incident_id: UUID) -> bool:
    async with db.transaction() as tx:
        stored = await repository.taken(tx, incident_id)
        if stored is None:
            return False
        todo = [name for name in names(stored.request) if name not in stored.done]
        for table in todo:
            try:
                found = await _found(tx, inner, audit, stored, table)
            except (Gone, TimeoutError, msgspec.MsgspecError) as error:
                log.warning("incident_waits", table=table, error=type(error).__name__)
                continue
            await repository.concerned(tx, incident_id, table, found)
            if len(todo) == 1:
                await repository.finish(tx, incident_id)
                audit.record(tx, _searched(stored))
            return True
    return False


def _searched(stored: Stored) -> Entry:
    """That the list is whole."""
    return Entry(
        action=Action.INCIDENT, decision=Decision.DONE, operation="incident searched", role=None,
        subject="gateway", ticket=str(stored.incident_id), fields=names(stored.request),
    )  # fmt: skip


async def _found(
    tx: Tx, inner: InnerClient, audit: Audit, stored: Stored, table: str
) -> Sequence[UUID]:
    request = stored.request
    if table == CREDENTIALS:
        read = {each async for each in repository.read_with(tx, request)}
        return await _behind(inner, audit, read, AffectedQuestion(_EVERYBODY, tx.now))
    if table == WRAPPED:
        return await _wrapped(tx, inner, request)
    source = next(each for each in sources(request) if each.name == table)
    return await _ask(tx, inner, source.service, source.question(request))


async def _wrapped(tx: Tx, inner: InnerClient, request: IncidentRequest) -> list[UUID]:
    """Members, that is: the programme's own keys are among the owners."""
    owners: set[UUID] = set()
    for each in request.keys:
        if each.key in ("wrapping", "root"):
            owners |= set(await repository.under(tx, each.key, each.version))
    everybody = await _asked(inner, "identity", AffectedQuestion(_EVERYBODY, tx.now))
    return [each for each in everybody if each in owners]


async def _behind(
    inner: InnerClient, audit: Audit, pseudonyms: set[str], everybody: AffectedQuestion
) -> list[UUID]:
    """Who is called so in the audit: everybody is asked for, for there is no way back."""
    members = await _asked(inner, "identity", everybody) if pseudonyms else []
    found = []
    for start in range(0, len(members), _AT_ONCE):
        part = members[start : start + _AT_ONCE]
        found += [each for each in part if str(audit.pseudonym(each)) in pseudonyms]
        await asyncio.sleep(0)
    return found


async def _ask(
    tx: Tx, inner: InnerClient, service: str, question: AffectedQuestion
) -> Sequence[UUID]:
    if service == "gateway":
        return (await affected(tx, service, question)).members
    return await _asked(inner, service, question)


async def _asked(inner: InnerClient, service: str, question: AffectedQuestion) -> list[UUID]:
    answer = await inner.request(
        service, "POST", "/internal/affected", SYSTEM, msgspec.json.encode(question)
    )
    if answer.status != 200:
        raise Gone(service)
    return msgspec.json.decode(answer.body, type=Affected).members


async def _existing(tx: Tx, incident_id: UUID) -> Stored:
    stored = await repository.get(tx, incident_id)
    if stored is None:
        raise Problem(404, "unknown_incident", "There is no such incident")
    return stored
