"""Take requests, gather what services answer, put archives together, let members be forgotten."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from chassis.database import Database, Tx
from chassis.logs import log
from chassis.principal import HEADER as PRINCIPAL
from chassis.principal import Principal
from chassis.problem import Problem
from chassis.rights import Rights, statements
from contracts.auditing import Action, Decision
from contracts.base import ProblemDocument
from contracts.classification import Kind
from contracts.gateway import rights as api
from contracts.gateway_events import RightsAnswered, RightsRequested
from contracts.identity_inner import Addressee
from contracts.points.stored_value import StoredValues
from contracts.sealed import Sealed
from gateway_service.access.use_cases import end_subject
from gateway_service.audit.domain import Entry
from gateway_service.audit.use_cases import entry_by
from gateway_service.cleaning.domain import clean
from gateway_service.consent import use_cases as consent
from gateway_service.consent.domain import Act, Key, Wish
from gateway_service.paging import cursor_of, place_of
from gateway_service.parts import Parts
from gateway_service.proxy.client import Gone
from gateway_service.proxy.edges.members import sealed_update
from gateway_service.proxy.forward import JSON, SYSTEM
from gateway_service.rights import archive, domain, repository
from gateway_service.rights.domain import Request
from gateway_service.rights.repository import Wanted
from gateway_service.vault.seal import NotOurs

ARCHIVE = "rights_request.archive"  # the place its seal is bound to
AGAIN = timedelta(days=1)  # after which a service that did not answer is asked once more
_OWN = Rights("gateway", repository.HOLDS, statements())


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, and for staff under which ticket the member was identified."""

    principal: Principal
    ticket: str | None = None

    def check(self, now: datetime) -> None:
        """Raises Problem 403 for one who has not shown well enough who it is."""
        who = self.principal
        if not domain.verified(who, self.ticket, now):
            title = "Sign in again; staff: show a second factor and a ticket"
            raise Problem(403, "requester_not_verified", title)


async def claim(
    tx: Tx, parts: Parts, by: Requester, member_id: UUID, wish: api.RightsRequest
) -> api.RightsItem:
    """Take a request and do what can be done at once. Raises Problem 403 or 404, or Gone."""
    by.check(tx.now)
    principal, ticket = by.principal, by.ticket
    person = await _person(parts, member_id)
    request = Request(
        tx.ids.new(), (person.member_id, *person.absorbed), wish.kind, tx.now,
        tx.now + domain.DUE, principal.role, principal.subject, ticket,
    )  # fmt: skip
    if wish.corrections is not None:
        given = wish.corrections.model_dump(mode="json", exclude_none=True)
        await _correct(parts, principal, person.member_id, given)
        request = replace(request, state="answered", answered_at=tx.now, fields=sorted(given))
    elif wish.kind == "erase":
        owed = await _owed(parts, person.member_id)
        if owed:
            request = replace(
                request, state="refused", reason="stored_value_owed", answered_at=tx.now,
                owed_fen=owed,
            )  # fmt: skip
        else:
            await _forget(tx, parts, by, request.members, person)
    elif wish.kind == "object":
        await _object(tx, parts, principal, request.members[0])
    await repository.add(tx, request)
    if request.state == "open":
        await _ask(tx, request)
    decision = Decision.REFUSED if request.state == "refused" else Decision.DONE
    entry = entry_by(
        principal, Action.RIGHTS, decision, f"rights {wish.kind}", ticket=ticket,
        members=request.members, fields=request.fields,
    )  # fmt: skip
    parts.audit.record(tx, entry)
    return _shown(request, {}, tx.now)


async def _person(parts: Parts, member_id: UUID) -> Addressee:
    """Whom identity knows under this id. Raises Problem 404, or Gone."""
    answer = await parts.inner.request("identity", "GET", f"/internal/members/{member_id}", SYSTEM)
    if answer.status == 404:
        raise Problem(404, "unknown_member", "There is no such member")
    if answer.status != 200:
        raise Gone("identity")
    return Addressee.model_validate_json(answer.body)


async def _owed(parts: Parts, member_id: UUID) -> int:
    """Principal of stored value in fen: the member's money, and no book of ours. Raises Gone."""
    target = f"/v1/members/{member_id}/stored-value"
    answer = await parts.inner.request("points", "GET", target, SYSTEM)
    if answer.status == 404:
        return 0  # has never been there
    if answer.status != 200:
        raise Gone("points")
    held = StoredValues.model_validate_json(answer.body)
    return sum(account.principal.amount for account in held.data)


async def _correct(
    parts: Parts, principal: Principal, member_id: UUID, given: dict[str, object]
) -> None:
    """As PATCH does it. Raises Problem as PATCH would."""
    cleaned = clean(given)
    body = await sealed_update(parts.forward, member_id, cleaned.values)
    headers = [*JSON, (PRINCIPAL.encode(), principal.header().encode("latin-1"))]
    target = f"/v1/members/{member_id}"
    answer = await parts.inner.request("identity", "PATCH", target, headers, body)
    if answer.status >= 500:
        raise Gone("identity")
    if answer.status >= 400:
        said = ProblemDocument.model_validate_json(answer.body)
        raise Problem(said.status, said.code, said.title, errors=said.errors)
    found = (str(parts.forward.ids.new()), member_id, cleaned.corrections)
    await parts.forward.corrections.keep("rights_request", [found])


async def _forget(
    tx: Tx, parts: Parts, by: Requester, members: Sequence[UUID], person: Addressee
) -> None:
    """Keys first: from the commit on nothing opens, whatever is still lying about somewhere."""
    tokens = [Sealed.parse(each.value) for each in person.identifiers if each.value]
    await parts.vault.erase(tx, members, [token.index for token in tokens])
    entry = entry_by(
        by.principal, Action.KEY, Decision.DONE, "keys of a member destroyed", ticket=by.ticket,
        members=members,
    )  # fmt: skip
    parts.audit.record(tx, entry)
    await repository.refuse_copies(tx, members, "erased_meanwhile")
    await repository.forget(tx, members)
    for member in members:
        await end_subject(tx, parts.tokens, str(member))
    parts.consents.forget(tx, members)


async def _object(tx: Tx, parts: Parts, principal: Principal, member_id: UUID) -> None:
    """Recommendations stop here at once; profile and campaign hear of it."""
    act = Act(tx.ids.new(), "rights", "button", "member")
    wish = Wish(Key("personalised_recommendation"), False, None, act, stated=True)
    desk = consent.Desk(parts.consents, parts.audit)
    await consent.answer(tx, desk, principal, [consent.Answering(member_id, [wish])])


async def _ask(tx: Tx, request: Request) -> None:
    """Every service, and ourselves."""
    rows = await _OWN.copied(tx, request.members) if request.told_as == "copy" else {}
    plain = msgspec.json.decode(msgspec.json.encode(rows))
    own = RightsAnswered(request.request_id, "gateway", 1, 1, plain)
    await repository.add_answers(tx, [own])
    tx.publish(
        RightsRequested(
            request.request_id, request.told_as, list(request.members), request.requested_at
        )
    )


async def gather(tx: Tx, parts: Parts, events: Sequence[RightsAnswered]) -> None:
    """Keep what services answer; a request that all have answered is done."""
    await repository.add_answers(tx, events)
    answered = await repository.answered(tx, {event.request_id for event in events})
    for request_id, services in answered.items():
        if not domain.complete(services):
            continue
        request = await repository.find(tx, request_id, lock=True)
        if request is None or request.state != "open":
            continue
        done = replace(request, state="answered", answered_at=tx.now)
        if request.kind in domain.COPYING:
            sealed = await _archive(tx, parts, request)
            until = tx.now + domain.ARCHIVE_LIFE
            done = replace(done, archive=sealed, archive_until=until)
        await repository.finish(tx, done)
        parts.audit.record(tx, _outcome(done))


def _outcome(request: Request) -> Entry:
    """That every service has answered."""
    return Entry(
        action=Action.RIGHTS, decision=Decision.DONE, operation=f"rights {request.kind} answered",
        role=None, subject="gateway", ticket=request.ticket, members=request.members,
    )  # fmt: skip


async def _archive(tx: Tx, parts: Parts, request: Request) -> str:
    """Everything in one file, opened for a moment and sealed again."""
    found = archive.gathered(await repository.sections(tx, request.request_id))
    vault = parts.vault
    await vault.ready([request.members[0]], create=True)
    await vault.ready_for(msgspec.json.encode(found))
    about = archive.About(request.request_id, tuple(request.members), tx.now)
    services = archive.opened(found, vault, request.members)
    made = archive.packed(about, services, page=request.kind != "port")
    return vault.seal(Kind.TEXT, base64.b64encode(made).decode(), request.members[0], place=ARCHIVE)


async def fetch(tx: Tx, parts: Parts, by: Requester, member_id: UUID, request_id: UUID) -> bytes:
    """The archive, for the member alone. Raises Problem 403, 404, or 410 once it is gone."""
    by.check(tx.now)
    request = await _known(tx, request_id, member=member_id)
    if request.state == "open":
        raise Problem(404, "not_ready", "The archive is not ready yet")
    if request.archive is None or (request.archive_until and request.archive_until < tx.now):
        raise Problem(410, "archive_gone", "There is no archive, or not any more")
    entry = entry_by(
        by.principal, Action.READ, Decision.PLAIN, "rights archive",
        members=request.members[:1], fields=[ARCHIVE],
    )  # fmt: skip
    parts.audit.record(tx, entry)
    mine = {member.bytes for member in request.members}
    try:
        await parts.vault.ready_for(request.archive)
        packed = parts.vault.open(Sealed.parse(request.archive), mine, place=ARCHIVE)
    except NotOurs:
        raise Problem(410, "archive_gone", "There is no archive, or not any more") from None
    return base64.b64decode(packed)


async def refuse(
    tx: Tx, parts: Parts, principal: Principal, request_id: UUID, wish: api.RightsRefusal
) -> api.RightsItem:
    """Say no to a request for a copy. Raises Problem 404, or 409 where there is nothing to refuse.

    What erases or objects is done the moment it is asked; a service that does not answer is late.
    """
    request = await _known(tx, request_id, lock=True)
    if request.state != "open" or request.kind not in domain.COPYING:
        raise Problem(409, "not_refusable", "It is over, or under way")
    done = replace(request, state="refused", answered_at=tx.now, reason=wish.reason)
    await repository.finish(tx, done)
    entry = entry_by(
        principal, Action.RIGHTS, Decision.REFUSED, f"rights {request.kind}",
        members=request.members,
    )  # fmt: skip
    parts.audit.record(tx, entry)
    return _shown(done, {}, tx.now)


async def _known(
    tx: Tx, request_id: UUID, *, member: UUID | None = None, lock: bool = False
) -> Request:
    request = await repository.find(tx, request_id, member=member, lock=lock)
    if request is None:
        raise Problem(404, "unknown_request", "There is no such request")
    return request


async def read(tx: Tx, member_id: UUID, request_id: UUID) -> api.RightsItem:
    """A request of a member. Raises Problem 404."""
    request = await _known(tx, request_id, member=member_id)
    answered = await repository.answered(tx, [request_id])
    return _shown(request, answered.get(request_id, {}), tx.now)


async def listed(tx: Tx, wanted: Wanted, limit: int, cursor: str | None) -> api.RightsPage:
    """A page of requests, newest first."""
    rows = await repository.page(tx, wanted, limit + 1, *place_of(cursor))
    answered = await repository.answered(tx, [row.request_id for row in rows])
    last = rows[limit - 1] if rows[limit:] else None
    return api.RightsPage(
        data=[_shown(row, answered.get(row.request_id, {}), tx.now) for row in rows[:limit]],
        next_cursor=cursor_of((last.requested_at, last.request_id)) if last else None,
    )


def _shown(request: Request, answered: dict[str, datetime], now: datetime) -> api.RightsItem:
    asked = request.kind != "correct"
    return api.RightsItem.model_validate({
        "request_id": request.request_id, "member_id": request.members[0], "kind": request.kind,
        "state": request.state, "requested_at": request.requested_at, "due_at": request.due_at,
        "days_left": domain.days_left(request, now),
        "overdue": request.state == "open" and request.due_at < now,
        "by_role": request.by_role, "ticket": request.ticket,
        "answers": [
            {"service": name, "answered_at": answered.get(name)}
            for name in (domain.SERVICES if asked else ())
        ],
        "answered_at": request.answered_at, "reason": request.reason,
        "fields": list(request.fields),
        "archive_until": request.archive_until if request.archive else None,
        "owed": {"amount": request.owed_fen} if request.owed_fen else None,
    })  # fmt: skip


async def watch(db: Database, midnight: datetime) -> None:
    """Every night: archives go when their time is over; who did not answer is asked again."""
    async with db.transaction() as tx:
        await repository.drop_archives(tx, midnight)
        waiting = await repository.waiting(tx, midnight - AGAIN)
        for request in waiting:
            await _ask(tx, request)
        late = [each for each in waiting if each.due_at < midnight]
    if late:
        log.error("rights_overdue", requests=len(late))
