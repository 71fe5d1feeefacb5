"""What the audit is told about calls: done as part of what they do, refused once that is clear."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from prometheus_client import Counter

from chassis.database import Tx
from chassis.web import TxDep
from contracts.auditing import Action, Decision
from contracts.roles import Role
from gateway_service.audit.domain import Entry
from gateway_service.audit.use_cases import Audit, entry_by
from gateway_service.proxy.call import Call

UNTOLD = Counter("huiyuan_refusals_unaudited_total", "Refusals too many to be audited", ["action"])
_A_MINUTE = 30
_REMEMBERED = 10_000


def entry_of(
    call: Call,
    action: Action,
    decision: Decision,
    *,
    members: Iterable[UUID] | None = None,
    fields: Iterable[str] = (),
) -> Entry:
    """An entry about a call; about the member in its path, unless others are named."""
    own = [call.member_id] if call.member_id else []
    return entry_by(
        call.principal, action, decision, call.operation.name,
        ticket=call.ticket, members=own if members is None else members, fields=fields,
        trace_id=call.trace.trace_id,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom an entry is about that no token speaks for: known to be a client, user or member."""

    subject: str = "nobody"
    role: Role | None = None
    member_id: UUID | None = None


NOBODY = Whom()


@dataclass(frozen=True, slots=True)
class Told:
    """What a call of the gateway's own does is told to: `done` commits with it, `refused` is
    written before the answer leaves and is there even though the transaction is not."""

    call: Call
    audit: Audit

    def done(self, tx: Tx, action: Action, who: Whom, *, fields: Iterable[str] = ()) -> None:
        """It happened, if `tx` commits."""
        self.audit.record(tx, self._entry(action, Decision.DONE, who, fields))

    def refused(self, action: Action, who: Whom, *, fields: Iterable[str] = ()) -> None:
        """It did not happen."""
        self.call.entries.append(self._entry(action, Decision.REFUSED, who, fields))

    def _entry(self, action: Action, decision: Decision, who: Whom, fields: Iterable[str]) -> Entry:
        return Entry(
            action=action, decision=decision, operation=self.call.operation.name, role=who.role,
            subject=who.subject, members=[who.member_id] if who.member_id else [], fields=fields,
            trace_id=self.call.trace.trace_id,
        )  # fmt: skip


async def _told(request: Request) -> Told:
    return Told(request.scope["call"], request.app.state.parts.audit)


async def _audited(request: Request, tx: TxDep) -> None:
    call: Call = request.scope["call"]
    assert call.operation.audited is not None
    entry = entry_of(call, call.operation.audited, Decision.DONE)
    request.app.state.parts.audit.record(tx, entry)


ToldDep = Annotated[Told, Depends(_told)]
AUDITED = Depends(_audited)  # `dependencies=[AUDITED]`: the operation's `audited` is all there is


class Refusals:
    """Lets refusals of a person through, so many a minute: nobody shall fill the audit with them.

    What is left out is counted (`huiyuan_refusals_unaudited_total`).
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lately: dict[tuple[str, Action], deque[float]] = {}

    def count(self, entry: Entry) -> bool:
        """Whether this one is to be written."""
        if len(self._lately) >= _REMEMBERED:
            self._lately.clear()
        now = self._now()
        seen = self._lately.setdefault((entry.subject, entry.action), deque(maxlen=_A_MINUTE))
        if len(seen) == _A_MINUTE and now - 60 < seen[0]:
            UNTOLD.labels(entry.action).inc()
            return False
        seen.append(now)
        return True
