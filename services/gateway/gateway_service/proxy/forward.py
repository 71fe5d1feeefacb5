"""Onwards: seal what the contract says, hand over to the service, ask identity who is who."""

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import msgspec

from chassis.coalesce import Coalescer
from chassis.ids import Ids
from chassis.logs import log
from chassis.principal import HEADER as PRINCIPAL
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.identity_inner import ResolveAnswer, ResolveRequest
from contracts.operations import Operation
from contracts.roles import Role
from gateway_service.access.limits import Bucket
from gateway_service.audit.use_cases import Audit
from gateway_service.cleaning.use_cases import Corrections
from gateway_service.consent.standings import Standings
from gateway_service.desensitize.domain import EXISTENCE, Level, Situation, asker
from gateway_service.desensitize.policies import Policies
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer, Gone, Header, InnerClient
from gateway_service.proxy.guesses import Guesses
from gateway_service.proxy.newcomers import Newcomers
from gateway_service.proxy.sealing import Shape, seal
from gateway_service.relations.use_cases import Relations
from gateway_service.tails.use_cases import Tails
from gateway_service.vault.seal import Vault

JSON: list[Header] = [(b"content-type", b"application/json")]
_SELF = Principal(Role.OPERATOR, "gateway").header().encode()
_RESOLVE_AT_ONCE = 10_000
_UNKNOWN = b'"unknown_member"'
_ANSWERS = frozenset({*range(200, 300), 304, *range(400, 600)})  # nobody is sent elsewhere
_PATIENCE = (0.02, 0.04, 0.08, 0.16, 0.32, 0.64)  # seconds: news of a member is on its way
UNFIT = Problem(502, "unfit_answer", "A part of the platform answered what makes no sense")


@dataclass(frozen=True, slots=True)
class Beside:
    """What some edges do besides: who is known where, who agreed to what, guesses, the audit, and
    what the policy says, who has a number that ends so, and what was corrected."""

    relations: Relations
    consents: Standings
    guesses: Guesses
    audit: Audit
    policies: Policies
    tails: Tails
    corrections: Corrections


class Proofs(Protocol):
    """Codes by SMS that show whose a phone is. Phones are numbers that can be indexed."""

    async def charge(self, bucket: Bucket, principal: Principal) -> None:
        """One try of the caller's. Raises Problem 429 or 503."""
        ...

    async def send(self, principal: Principal, phone: str) -> None:
        """A code to the number, whosever it is. Raises Problem 429 or 503."""
        ...

    async def shown(self, principal: Principal, phone: str, code: str) -> bool:
        """Whether it is the code; then it is used up. Raises Problem 429 or 503."""
        ...


class Forward:
    """What an edge works with."""

    def __init__(self, inner: InnerClient, vault: Vault, ids: Ids, beside: Beside) -> None:
        self.inner, self.vault, self.ids = inner, vault, ids
        self.relations, self.consents = beside.relations, beside.consents
        self.guesses, self.audit, self.tails = beside.guesses, beside.audit, beside.tails
        self._policies, self.corrections = beside.policies, beside.corrections
        self.proofs: Proofs  # once there is a login
        self.newcomers = Newcomers()
        self._shapes: dict[object, Shape] = {}
        self._asked: Coalescer[tuple[str, ...], dict[str, UUID]] = Coalescer(self._ask)

    def shape(self, model: object) -> Shape:
        """The compiled form of a request model."""
        if model not in self._shapes:
            self._shapes[model] = Shape(model)
        return self._shapes[model]

    def may_know(self, call: Call) -> bool:
        """Whether the caller may be told that an identifier is somebody's."""
        who = call.principal
        asking = asker(who.role, who.purpose, call.ticket, step_up=who.stepped_up)
        return self._policies.current().view(asking, Situation())[EXISTENCE] is Level.PLAIN

    async def plain(self, call: Call) -> Answer:
        """What most operations do: personal strings become tokens, everything else stays bytes."""
        body = call.body
        shape = self.shape(call.operation.request) if call.operation.request else None
        if shape is not None and shape.plan is not None:
            given = shape.decode(body)
            if call.member_id:
                await self.vault.ready([call.member_id], create=True)
            body = msgspec.json.encode(seal(self.vault, shape.plan, given, call.member_id))
        return await self.send(call, body)

    async def send(self, call: Call, body: bytes) -> Answer:
        """The service's answer to the call with this body.

        The caller's idempotency key goes on as a hash: it is free text and might be a phone number.
        A service that has not heard yet of a member who has just joined is asked again.
        """
        key = call.idempotency_key
        hashed = hashlib.sha256(key.encode()).hexdigest() if key else None
        operation: Operation = call.operation
        headers = call.inner_headers(hashed)
        for pause in (*_PATIENCE, None):
            answer = await self.inner.request(
                operation.service, operation.method, call.target, headers, body
            )
            if pause is None or answer.status != 404 or _UNKNOWN not in answer.body:
                break
            if not self.newcomers.named_in(call.target, body):
                break
            await asyncio.sleep(pause)
        if answer.status not in _ANSWERS and not operation.page:
            log.error("unfit_answer", service=operation.service, status=answer.status)
            raise UNFIT
        return answer

    async def resolve(self, indexes: Collection[str]) -> dict[str, UUID]:
        """Surviving members by blind index; unknown ones are absent.

        Whoever asks at the same moment shares a question to identity. Raises Gone.
        """
        return await self._asked.submit(tuple(dict.fromkeys(indexes)))

    async def _ask(self, questions: Sequence[tuple[str, ...]]) -> list[dict[str, UUID]]:
        wanted = list(dict.fromkeys(index for question in questions for index in question))
        found: dict[str, UUID] = {}
        for start in range(0, len(wanted), _RESOLVE_AT_ONCE):
            part = ResolveRequest(wanted[start : start + _RESOLVE_AT_ONCE])
            answer = await self.inner.request(
                "identity", "POST", "/internal/resolve", SYSTEM, msgspec.json.encode(part)
            )
            if answer.status != 200:
                raise Gone("identity")
            found |= msgspec.json.decode(answer.body, type=ResolveAnswer).members
        return [
            {index: found[index] for index in question if index in found} for question in questions
        ]


SYSTEM: list[Header] = [*JSON, (PRINCIPAL.encode(), _SELF)]


def problem_answer(problem: Problem) -> Answer:
    """A problem as an answer."""
    headers: list[Header] = [(b"content-type", b"application/problem+json")]
    headers += [(k.lower().encode(), v.encode("latin-1")) for k, v in problem.headers.items()]
    body = problem.document().model_dump_json(exclude_none=True).encode()
    return Answer(problem.status, headers, body)


def json_answer(value: object, status: int = 200) -> Answer:
    """A value as an answer."""
    return Answer(status, list(JSON), msgspec.json.encode(value))
