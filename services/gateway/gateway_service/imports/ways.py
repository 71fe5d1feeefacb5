"""How units of each kind go in: the very way that tills, partners and apps go, many at a time."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from prometheus_client import Counter

from chassis.principal import Principal
from chassis.problem import Problem
from contracts import openapi
from contracts.classification import Kind
from contracts.collect import Message
from contracts.events import Activity, Provenance
from contracts.identity import RegisterResults
from contracts.operations import Operation
from contracts.orders import OrderBatchRequest
from contracts.points.orders import OrderBatchAnswer
from gateway_service.access.domain import Source
from gateway_service.collect.clean import BadMessage
from gateway_service.collect.sensitive import without_consent_dropped
from gateway_service.collect.translate import Arrival
from gateway_service.collect.use_cases import Collector, publish
from gateway_service.imports import rows
from gateway_service.imports.rows import Knowledge, Unit
from gateway_service.imports.values import BadRow
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer, Gone
from gateway_service.proxy.edges import EDGES
from gateway_service.proxy.forward import Forward
from gateway_service.proxy.trace import Trace
from gateway_service.vault.index import Unusable

CONSENT = "third_party_sharing"
DROPPED = Counter(
    "huiyuan_enrichment_dropped_total", "rows of third parties' files that were dropped", ["reason"]
)
_TAKEN = "identifier_taken"
_REFUNDS_AT_ONCE = 8
_JSON = {b"content-type": b"application/json"}


class Again(Exception):
    """A part of the platform is away or overloaded: the same units have to be sent again."""


@dataclass
class Outcome:
    """What came of a batch of units; those put aside say why, and by the fault of which field."""

    imported: int = 0
    known: int = 0
    dropped: int = 0
    bad: list[tuple[Unit, BadRow]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Batch:
    """Units with what repeats must have in common: who asked, where from, a key."""

    units: Sequence[Unit]
    principal: Principal
    source: str
    key: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Ways:
    """Sends units in."""

    forward: Forward
    collector: Callable[[], Collector]

    async def send(self, kind: str, batch: Batch) -> Outcome:
        """What came of it. Raises Again; then nothing that was done is done twice later."""
        try:
            return await self._ways[kind](self, batch)
        except (Gone, TimeoutError) as error:
            raise Again(type(error).__name__) from error
        except Problem as problem:
            if problem.status >= 500 or problem.status == 429:
                raise Again(problem.code) from problem
            raise

    async def _members(self, batch: Batch) -> Outcome:
        outcome = Outcome()
        made = _made(batch.units, rows.member, outcome)
        call = _call("POST /v1/members/batch", batch)
        while made:
            call.body = msgspec.json.encode({"members": [body for _, body in made]})
            try:
                answer = await EDGES["register_batch"](self.forward, call)
                break
            except Problem as problem:
                made = _without_faulty(made, problem, outcome)
        if not made:
            return outcome
        results = RegisterResults.model_validate_json(_good(answer)).results
        taken: list[tuple[Unit, BadRow]] = []
        for (unit, body), result in zip(made, results, strict=True):
            if result.problem is None:
                outcome.imported += 1
                continue
            found = result.problem
            pointer = found.errors[0].pointer if found.errors else ""
            bad = BadRow(found.detail or found.title, _field(body, pointer))
            (taken if found.code == _TAKEN else outcome.bad).append((unit, bad))
        await self._sort_out(taken, outcome)
        return outcome

    async def _sort_out(self, taken: Sequence[tuple[Unit, BadRow]], outcome: Outcome) -> None:
        """Rows whose identifiers are all of one member are known; of several, doubtful."""
        indexes = [self._indexes(unit) for unit, _ in taken]
        owners = await self.forward.resolve([each for some in indexes for each in some])
        for (unit, bad), mine in zip(taken, indexes, strict=True):
            if all(each in owners for each in mine) and len({owners[each] for each in mine}) == 1:
                outcome.known += 1
            else:
                outcome.bad.append((unit, bad))

    def _indexes(self, unit: Unit) -> list[str]:
        who = rows.identifiers(unit.lines[0])
        return [self.forward.vault.identifier(Kind(kind), value)[0] for kind, value in who]

    async def _orders(self, batch: Batch) -> Outcome:
        outcome = Outcome()
        made = _made(batch.units, rows.order, outcome)
        if not made:
            return outcome
        call = _call("POST /v1/orders/batch", batch)
        call.body = msgspec.json.encode(OrderBatchRequest([order for _, order in made]))
        body = _good(await EDGES["orders_batch"](self.forward, call))
        answers = msgspec.json.decode(body, type=OrderBatchAnswer).data
        for (unit, _), answer in zip(made, answers, strict=True):
            if answer.problem is None:
                outcome.imported += 1
                continue
            pointer = answer.problem.errors[0].pointer if answer.problem.errors else ""
            name = pointer.strip("/").partition("/")[0]
            outcome.bad.append((unit, BadRow(answer.problem.title, name)))
        return outcome

    async def _refunds(self, batch: Batch) -> Outcome:
        outcome, turn = Outcome(), asyncio.Semaphore(_REFUNDS_AT_ONCE)
        by_order: dict[str, list[tuple[Unit, Any]]] = {}
        for unit, (order_no, body) in _made(batch.units, rows.refund, outcome):
            by_order.setdefault(order_no, []).append((unit, body))

        async def of_one(order_no: str, refunds: Sequence[tuple[Unit, Any]]) -> None:
            async with turn:
                for unit, body in refunds:
                    await self._refund(batch, unit, order_no, body, outcome)

        await asyncio.gather(*(of_one(*each) for each in by_order.items()))
        return outcome

    async def _refund(
        self, batch: Batch, unit: Unit, order_no: str, body: Any, outcome: Outcome
    ) -> None:
        call = _call("POST /v1/orders/{order_no}/refunds", batch, order_no=order_no)
        call.headers = {**_JSON, b"idempotency-key": f"{batch.key}:{unit.row}".encode()}
        call.body = msgspec.json.encode(body)
        answer = await self.forward.plain(call)
        if 400 <= answer.status < 500 and answer.status != 429:
            problem = msgspec.json.decode(answer.body, type=_Refused)
            outcome.bad.append((unit, BadRow(problem.title, "refund_no")))
        else:
            _good(answer)
            outcome.imported += 1

    async def _stock(self, batch: Batch) -> Outcome:
        outcome = Outcome()
        made = _made(batch.units, rows.stock, outcome)
        if made:
            call = _call("PUT /v1/stock", batch)
            call.body = msgspec.json.encode({"stock": [level for _, level in made]})
            _good(await self.forward.plain(call))
            outcome.imported += len(made)
        return outcome

    async def _enrichment(self, batch: Batch) -> Outcome:
        """Traits of members who agreed; what a third party says never shows who somebody is."""
        outcome = Outcome()
        made = _made(batch.units, lambda unit: rows.knowledge(unit, batch.asked_at), outcome)
        members = await self._members_of(made, outcome)
        granted = await asyncio.gather(
            *(self.forward.consents.granted(member, CONSENT) for _, _, member in members)
        )
        outcome.dropped += granted.count(False)
        DROPPED.labels("no_consent").inc(granted.count(False))
        agreed = [each for each, yes in zip(members, granted, strict=True) if yes]
        await self.forward.vault.ready([member for _, _, member in agreed], create=True)
        arrival = Arrival(batch.key, batch.asked_at)
        taken: list[Activity] = []
        for n, (unit, told, member) in enumerate(agreed):
            try:
                taken.append(self._activity(batch, n, arrival, (unit, told, member)))
            except BadMessage as bad:
                outcome.bad.append((unit, BadRow(bad.reason, "interests")))
        if taken:
            outcome.imported += len(taken)
            kept = await without_consent_dropped(self.forward, taken)
            await publish(self.collector().bus, Source(batch.source, "client"), arrival, kept)
        return outcome

    async def _members_of(
        self, made: Sequence[tuple[Unit, Knowledge]], outcome: Outcome
    ) -> list[tuple[Unit, Knowledge, UUID]]:
        """Whom rows are about; what names several members is doubtful, nobody's is dropped."""
        named: list[tuple[Unit, Knowledge, list[str]]] = []
        for unit, told in made:
            try:
                named.append((unit, told, self._indexes(unit)))
            except Unusable as unusable:
                outcome.bad.append((unit, BadRow(str(unusable), told.who[0][0])))
        owners = await self.forward.resolve([each for *_, some in named for each in some])
        found = []
        for unit, told, indexes in named:
            mine = {owners[each] for each in indexes if each in owners}
            if len(mine) > 1:
                outcome.bad.append((unit, BadRow("names several members", told.who[0][0])))
            elif mine:
                found.append((unit, told, mine.pop()))
            else:
                outcome.dropped += 1
                DROPPED.labels("no_member").inc()
        return found

    def _activity(
        self, batch: Batch, n: int, arrival: Arrival, told: tuple[Unit, Knowledge, UUID]
    ) -> Activity:
        unit, knowledge, member = told
        message = Message(
            type="identify",
            message_id=f"{batch.key}:{unit.row}",
            user_id=str(member),
            traits=msgspec.Raw(msgspec.json.encode(knowledge.traits)),
            timestamp=knowledge.at,
        )
        activity = self.collector().translator.activity(message, n, arrival)
        origin = Provenance(batch.source, knowledge.confidence, knowledge.expires_on)
        return msgspec.structs.replace(activity, provenance=origin)

    _ways = {
        "members": _members, "orders": _orders, "refunds": _refunds, "stock": _stock,
        "enrichment": _enrichment,
    }  # fmt: skip


class _Refused(msgspec.Struct):
    title: str = "refused"


Made = list[tuple[Unit, Any]]


def _made(units: Sequence[Unit], make: Callable[[Unit], Any], outcome: Outcome) -> Made:
    """What units say, but for the bad ones."""
    found: Made = []
    for unit in units:
        try:
            rows.legible(unit)
            found.append((unit, make(unit)))
        except BadRow as bad:
            outcome.bad.append((unit, bad))
    return found


def _without_faulty(made: Made, problem: Problem, outcome: Outcome) -> Made:
    """The batch without the items that the problem points at. Raises it if there are none."""
    faulty: dict[int, BadRow] = {}
    for error in problem.errors:
        _, _, place, *rest = (*error.pointer.split("/"), "", "")
        if place.isdigit() and int(place) < len(made):
            name = _field(made[int(place)][1], "/".join(rest))
            faulty.setdefault(int(place), BadRow(error.detail, name))
    if problem.status != 422 or not faulty:
        raise problem
    outcome.bad += [(made[n][0], bad) for n, bad in faulty.items()]
    return [each for n, each in enumerate(made) if n not in faulty]


def _field(body: Any, pointer: str) -> str:
    """The field of a registration that a pointer leads to."""
    parts = pointer.strip("/").split("/")
    if parts[0] == "identifiers" and len(parts) > 1 and parts[1].isdigit():
        return str(body["identifiers"][int(parts[1])]["kind"])
    return parts[0]


def _good(answer: Answer) -> bytes:
    """The body of a success. Raises Again for one that may succeed later."""
    if answer.status >= 500 or answer.status == 429:
        raise Again(str(answer.status))
    if answer.status >= 300:
        raise RuntimeError(f"an import was answered {answer.status}")
    return answer.body


_OPERATIONS: dict[str, Operation] = {each.name: each for each in openapi.operations()}


def _call(name: str, batch: Batch, **params: str) -> Call:
    """A call as if it came through the front door, for whoever asked for the import."""
    operation = _OPERATIONS[name]
    path = operation.path
    for parameter, value in params.items():
        path = path.replace(f"{{{parameter}}}", quote(value, safe=""))
    headers = {**_JSON, b"idempotency-key": batch.key.encode()}
    ids = os.urandom(24).hex()
    parent = f"00-{ids[:32]}-{ids[32:]}-00".encode()
    trace = Trace(ids[:32], parent, ids[:32].encode())
    return Call(operation, path.encode(), b"", params, headers, batch.principal, trace)
