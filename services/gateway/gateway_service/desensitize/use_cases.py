"""Answers on their way out: decided about field by field, counted, audited, then given."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.clock import local_date
from chassis.database import Database, Tx
from chassis.logs import log
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.auditing import Action, Decision
from contracts.base import ProblemDocument
from contracts.operations import Operation
from contracts.roles import STAFF, Role
from gateway_service.audit.calls import entry_of
from gateway_service.audit.domain import Entry, pseudonym
from gateway_service.audit.use_cases import Audit
from gateway_service.desensitize import repository
from gateway_service.desensitize.answers import (
    About,
    Reading,
    Withheld,
    abouts,
    holds_tokens,
    scrubbed,
)
from gateway_service.desensitize.domain import Asker, Relation, Row, Situation, asker
from gateway_service.desensitize.known import contract_of
from gateway_service.desensitize.lenses import Lens, Lenses
from gateway_service.desensitize.policies import Policies
from gateway_service.figures.use_cases import Asked, Noise, coarse
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer
from gateway_service.proxy.forward import problem_answer
from gateway_service.relations.use_cases import Known, Relations
from gateway_service.vault.keys import Keys
from gateway_service.vault.seal import Vault

_JSON = (b"application/json", b"application/problem+json")
_OWN = "gateway"
_WITHHELD = "This member's data are not for you: consent, an approval or the right role is missing"
_NOT_YOURS = "These figures are not for your role"
_GUARDED = "This member is a child: an approver has to grant the reading first"


class Views:
    """What each caller gets to see. `db` is there once the gateway has started."""

    def __init__(
        self,
        vault: Vault,
        policies: Policies,
        relations: Relations,
        audit: Audit,
        *,
        keys: Keys,
        reads_an_hour: int,
        noise: Noise,
    ) -> None:
        self.policies = policies
        self._vault, self._keys = vault, keys
        self._relations, self._audit, self._most = relations, audit, reads_an_hour
        self._noise = noise
        self._lenses = Lenses(policies.table)
        self.db: Database
        policies.told = self._policy_told

    async def shown(self, call: Call, answer: Answer) -> Answer:
        """The answer as this caller may see it. Raises Problem 403 or 429."""
        operation = call.operation
        if operation.dev_only:
            return answer
        if operation.service != _OWN:
            answer = _by_contract(operation, answer)
        if answer.status >= 400 or operation.response is None or not _is_json(answer):
            return self._without_tokens(operation, answer)
        lens = self._lens(call)
        if lens.closed:
            call.entries.append(entry_of(call, Action.FIGURES, Decision.REFUSED))
            raise Problem(403, "not_for_you", _NOT_YOURS)
        if lens.figures:
            value = msgspec.json.decode(answer.body)
            told = entry_of(call, Action.FIGURES, Decision.DONE, fields=lens.figures)

            def told_with(tx: Tx) -> None:
                self._audit.record(tx, told)

            asked = Asked(_named(call), told_with)
            await coarse(self.db, self._noise, lens.figures, value, asked)
            answer.body = msgspec.json.encode(value)
        if lens.plan is None or (lens.tokens_only and not holds_tokens(answer.body)):
            return self._without_tokens(operation, answer)
        return await self._read(call, answer, lens)

    def _lens(self, call: Call) -> Lens:
        table = self.policies.current()
        if self._lenses.table is not table:
            self._lenses = Lenses(table)
        return self._lenses.of(call.operation.response, _asker(call))

    async def _read(self, call: Call, answer: Answer, lens: Lens) -> Answer:
        value = msgspec.json.decode(answer.body)
        path = (call.member_id.bytes,) if call.member_id else ()
        await self._vault.ready_for(answer.body)
        rows = _Rows(self._lenses, _asker(call), call.principal)
        if lens.facts:
            asked = list(set(abouts(lens.plan, value, path)))
            known = await self._relations.towards(
                call.principal, [_ids(a) for a in asked], lens.facts
            )
            rows.known = dict(zip(asked, known, strict=True))
        reading = Reading(
            self._vault, rows.of, self._pseudonyms(call.principal), local_date(self.db.clock.now())
        )
        try:
            value = reading.answer(lens.plan, value, path)
        except Withheld as withheld:
            raise _not_shown(rows.known.get(withheld.of, Known())) from None
        if reading.refused:
            log.error("sealed_elsewhere", operation=call.operation.name, values=reading.refused)
        if reading.shown:
            await self._account(call, reading)
        elif reading.hidden and call.principal.purpose:
            self._in_vain(call, reading)
        answer.body = msgspec.json.encode(value)
        return self._without_tokens(call.operation, answer)

    async def _account(self, call: Call, reading: Reading) -> None:
        """Count a plain read and write it down before it is answered. Raises Problem 429."""
        members = [UUID(bytes=each) for each, known in reading.shown if known]
        kinds = {kind for shown in reading.shown.values() for kind in shown}

        def entry(decision: Decision) -> Entry:
            return entry_of(call, Action.READ, decision, members=members, fields=kinds)

        call.audited = True
        if call.principal.role not in STAFF:
            await self._audit.record_now(entry(Decision.PLAIN))
            return
        subject, spent = call.principal.subject, None
        async with self.db.transaction() as tx:
            await repository.hold(tx, subject)
            before, first = await repository.read_lately(tx, subject)
            if before + len(reading.shown) > self._most:
                spent = _spent(self._most, first, tx.now)
                self._audit.record(tx, entry(Decision.REFUSED))
            else:
                await repository.add(tx, subject, len(reading.shown))
                self._audit.record(tx, entry(Decision.PLAIN))
        if spent is not None:
            raise spent

    def _in_vain(self, call: Call, reading: Reading) -> None:
        """Somebody stated a purpose and got an outline: that is a refused reading as well."""
        call.audited = True
        members = [UUID(bytes=about[0]) for about in reading.hidden if about]
        kinds = set().union(*reading.hidden.values())
        call.entries.append(
            entry_of(call, Action.READ, Decision.REFUSED, members=members, fields=kinds)
        )

    async def _policy_told(self, policies: Policies) -> None:
        """Which policy is in force is no secret of whoever may write its file."""
        decision = Decision.REFUSED if policies.refused else Decision.DONE
        await self._audit.record_now(
            Entry(
                action=Action.POLICY,
                decision=decision,
                operation=f"policy {policies.table.digest}",
                role=None,
                subject="gateway",
            )
        )

    def _without_tokens(self, operation: Operation, answer: Answer) -> Answer:
        """A token where the contract knows none is shown to nobody."""
        if holds_tokens(answer.body):
            answer.body = scrubbed(answer.body)
            log.error("token_out_of_place", operation=operation.name, status=answer.status)
        return answer

    def _pseudonyms(self, principal: Principal) -> "_Pseudonyms":
        return _Pseudonyms(self._keys, principal.project or "")


class _Pseudonyms:
    """What members are called in a project; another project knows them by other names."""

    def __init__(self, keys: Keys, project: str) -> None:
        self._keys, self._project = keys, project
        self._key: bytes | None = None

    def __call__(self, member_id: UUID) -> str:
        if self._key is None:
            self._key = self._keys.secret(f"project|{self._project}")
        return str(pseudonym(self._key, member_id))


class _Rows:
    """The decisions about each member in one answer."""

    def __init__(self, lenses: Lenses, who: Asker, principal: Principal) -> None:
        self._table, self._asker = lenses.table, who
        self._own = principal.member_id.bytes if principal.member_id else None
        self.known: dict[About, Known] = {}

    def of(self, about: About) -> Row:
        """The row about a member."""
        known = self.known.get(about, _NOTHING)
        relation = Relation.OWN_STORE if known.own_store else Relation.OTHER
        if self._own is not None and self._own in about:
            relation = Relation.SELF
        return self._table.view(
            self._asker,
            Situation(relation, known.consent, known.consent_sensitive, known.guarded),
        )


_NOTHING = Known()


async def forget_reads(db: Database, _midnight: datetime) -> None:
    """Counts that no limit asks for any more."""
    async with db.transaction() as tx:
        await repository.forget(tx)


def _asker(call: Call) -> Asker:
    principal = call.principal
    return asker(
        None if call.operation.open else Role(principal.role),
        principal.purpose,
        call.ticket,
        step_up=principal.stepped_up,
    )


def _named(call: Call) -> str:
    """What is asked for, whatever the query says about it: the same figures have the same name."""
    return "/".join((call.operation.response.__name__, *call.params.values()))


def _ids(about: About) -> tuple[UUID, ...]:
    return tuple(UUID(bytes=each) for each in about)


def _is_json(answer: Answer) -> bool:
    return (answer.header(b"content-type") or b"").startswith(_JSON)


def _by_contract(operation: Operation, answer: Answer) -> Answer:
    """What a service answers, as far as the contract knows it; pages are for everybody."""
    if not answer.body or answer.body == b"null" or (operation.page and answer.status < 400):
        return answer
    response = ProblemDocument if answer.status >= 400 else operation.response
    if response is not None and _is_json(answer):
        with suppress(msgspec.DecodeError):
            answer.body = contract_of(response).kept(operation, answer.body)
            return answer
    log.error("body_unknown", operation=operation.name, status=answer.status)
    status = answer.status if answer.status >= 400 else 502
    return problem_answer(Problem(status, "service_fault", "A service answered wrongly"))


def _not_shown(known: Known) -> Problem:
    if known.guarded:
        return Problem(403, "approval_needed", _GUARDED)
    return Problem(403, "not_for_you", _WITHHELD)


def _spent(most: int, first: datetime | None, now: datetime) -> Problem:
    left = (first + repository.WINDOW - now).total_seconds() if first else 0
    return Problem(
        429,
        "plain_reads_spent",
        "So many members a person may read in the clear within an hour, and no more",
        detail=f"{most} members an hour",
        headers={"Retry-After": str(max(1, int(left) + 1))},
    )
