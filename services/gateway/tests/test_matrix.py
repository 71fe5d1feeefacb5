"""Every operation × every role × own, other and unknown members × with and without consent.

What is expected follows from the operation table and from the policy. The inner services are played
by answers made from the contracts: members have personal values that nobody else has, and none of
these may come out where the policy does not say `plain`.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest_asyncio
from services.gateway.tests.answers import HIDDEN, MISSING, Builder, Leaf, at, seeds, withheld
from services.gateway.tests.conftest import Gateway

from chassis.clock import local_date
from chassis.principal import Principal
from contracts import openapi
from contracts.classification import Kind
from contracts.events import OrdersRecorded, RecordedOrder
from contracts.identity import ResolveRequest
from contracts.operations import Operation
from contracts.reading import Purpose
from contracts.roles import STAFF, Role
from contracts.sealed import PREFIXES
from gateway_service.desensitize.cedar import SHIPPED, compiled
from gateway_service.desensitize.domain import Level, Relation, Row, Situation, asker
from gateway_service.desensitize.masks import mask
from gateway_service.proxy.client import Answer

TABLE = compiled(SHIPPED.read_text())
STORE = "s-1"
CONSENTS = ("personalised_recommendation", "third_party_sharing", "sensitive")
Start = Callable[..., Awaitable[Gateway]]
JSON = [(b"content-type", b"application/json")]
PROBLEM = [(b"content-type", b"application/problem+json")]


@dataclass(frozen=True)
class Somebody:
    """A member: own (of the caller, or of the caller's store) or not, with consents or not."""

    member_id: UUID
    own: bool
    agreed: bool
    known: bool
    values: dict[Kind, str]


@dataclass(frozen=True)
class Caller:
    """A role, with the purpose it states."""

    role: Role
    purpose: str | None = None

    @property
    def ticket(self) -> str | None:
        return "T-1" if self.purpose and self.role in STAFF else None


CALLERS = (
    *(Caller(role) for role in Role),
    Caller(Role.MEMBER, Purpose.OWN), Caller(Role.SERVICE_AGENT, Purpose.SERVICE),
    Caller(Role.SERVICE_AGENT, Purpose.CORRECTION), Caller(Role.COMPLIANCE, Purpose.AUDIT),
    Caller(Role.POS, Purpose.SERVICE), Caller(Role.ANALYST, Purpose.AUDIT),
)  # fmt: skip


@dataclass
class World:
    """A gateway before inner services that answer about one member at a time."""

    gateway: Gateway
    people: list[Somebody]
    tokens: dict[Any, str] = field(default_factory=dict)
    answer: Answer = field(default_factory=lambda: Answer(200, [], b""))
    about: UUID = field(default_factory=uuid4)
    asked: int = 0

    async def request(self, service: str, method: str, target: str, *rest: Any, **_: Any) -> Answer:
        """What the gateway asks of a service."""
        self.asked += 1
        if target == "/internal/resolve":
            found = msgspec.json.decode(rest[-1], type=ResolveRequest).indexes
            members = {index: str(self.about) for index in found}
            return Answer(200, list(JSON), msgspec.json.encode({"members": members}))
        if target.startswith("/internal/"):
            return Answer(503, list(PROBLEM), b"{}")
        return Answer(self.answer.status, list(self.answer.headers), self.answer.body)

    async def call(
        self, operation: Operation, caller: Caller | None, somebody: Somebody
    ) -> tuple[int, bytes]:
        """Through the front door, without a socket."""
        headers = {}
        if caller is not None:
            owner = somebody.member_id if somebody.own else self.people[0].member_id
            key = (caller.role, owner if caller.role is Role.MEMBER else None)
            headers["authorization"] = f"Bearer {self.tokens[key]}"
            if caller.purpose:
                headers["purpose"] = caller.purpose
            if caller.ticket:
                headers["ticket"] = caller.ticket
        path = operation.path.replace("{member_id}", str(somebody.member_id))
        while "{" in path:
            start, end = path.index("{"), path.index("}")
            path = path[:start] + str(UUID(int=4711)) + path[end + 1 :]
        body = msgspec.json.encode(body_of(operation, somebody)) if operation.request else b""
        return await through_the_door(self.gateway, operation.method, path, headers, body)


async def through_the_door(
    gateway: Gateway, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, bytes]:
    """An ASGI call; status, and headers and body as one."""
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "scheme": "https", "client": ("192.0.2.1", 1),
        "headers": [(b"host", b"x"), (b"content-type", b"application/json"),
                    *((k.encode(), v.encode()) for k, v in headers.items())],
    }  # fmt: skip
    got: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        got.append(message)

    await gateway.app.app(scope, receive, send)
    heads = b"".join(name + b": " + value for name, value in got[0]["headers"])
    return got[0]["status"], heads + b"\0" + got[1]["body"]


def body_of(operation: Operation, somebody: Somebody) -> Any:
    """A body that passes the gateway where it looks into it."""
    phone = {"kind": "phone", "value": somebody.values[Kind.PHONE]}
    order = {
        "order_no": "1", "store": "1", "channel": "pos", "paid_at": "2020-01-01T00:00:00Z",
        "items": [{"sku": "a", "quantity": 1, "amount": {"amount": 1}}], "paid": {"amount": 1},
        "identifier": phone,
    }  # fmt: skip
    bodies: dict[str, Any] = {
        "POST /v1/members": {"identifiers": [phone]},
        "POST /v1/members/batch": {"members": [{"identifiers": [phone]}]},
        "POST /v1/members/lookup": phone,
        "PATCH /v1/members/{member_id}": {"name": somebody.values[Kind.NAME]},
        "POST /v1/members/{member_id}/identifiers": phone,
        "POST /v1/referrals": {"code": "A" * 16, "member_id": str(somebody.member_id)},
        "POST /v1/orders": order,
        "POST /v1/orders/batch": {"orders": [order]},
    }
    return bodies.get(operation.name, {})


@pytest_asyncio.fixture(loop_scope="session")
async def world(start_gateway: Start) -> World:
    """Four members and a stranger, a token for everybody."""
    return await made_world(start_gateway)


async def made_world(start_gateway: Start, **settings: str) -> World:
    gateway = await start_gateway(
        PLAIN_READS_PER_HOUR="100000", GUESSES_PER_HOUR="100000", RATE_LIMIT_BURST="100000",
        RATE_LIMIT_PER_SECOND="100000", **settings,
    )  # fmt: skip
    kinds = [(True, True), (True, False), (False, True), (False, False)]
    people = [
        Somebody(uuid4(), own, agreed, True, seeds(n)) for n, (own, agreed) in enumerate(kinds)
    ]
    people.append(Somebody(uuid4(), False, False, False, seeds(4)))
    made = World(gateway, people)
    for role in Role:
        if role is not Role.MEMBER:
            made.tokens[role, None] = await gateway.token(role, None, store=STORE)
    for each in people:
        made.tokens[Role.MEMBER, each.member_id] = await gateway.token(Role.MEMBER, each.member_id)
        if each.agreed:
            await agree(gateway, made.tokens[Role.MEMBER, each.member_id], each.member_id)
    await gateway.parts.vault.ready([each.member_id for each in people], create=True)
    orders = [
        RecordedOrder("1", each.member_id, STORE, "pos", datetime.now(UTC), 1, 1, 1, [])
        for each in people
        if each.own
    ]
    async with gateway.app.db.transaction() as tx:
        await gateway.parts.relations.bought(tx, [OrdersRecorded(orders)])
    gateway.parts.inner.request = made.request  # type: ignore[method-assign]
    return made


async def agree(gateway: Gateway, token: str, member_id: UUID) -> None:
    for purpose in CONSENTS:
        answer = await gateway.http.put(
            f"/v1/members/{member_id}/consents",
            json={"consents": [{"purpose": purpose, "granted": True}]},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text


def row_for(caller: Caller, somebody: Somebody) -> Row:
    """What the policy says."""
    who = asker(caller.role, caller.purpose, caller.ticket, step_up=False)
    own = Relation.SELF if caller.role is Role.MEMBER else Relation.OWN_STORE
    relation = own if somebody.own else Relation.OTHER
    return TABLE.view(who, Situation(relation, somebody.agreed, somebody.agreed))


def refused(operation: Operation, caller: Caller, somebody: Somebody) -> bool:
    """What the operation table says."""
    if caller.role not in operation.roles:
        return True
    named = operation.own is not None and f"{{{operation.own}}}" in operation.path
    return caller.role is Role.MEMBER and named and not somebody.own


@dataclass(frozen=True)
class Case:
    """A call about a member, what it met, and what came out."""

    operation: Operation
    caller: Caller
    somebody: Somebody
    leaves: list[Leaf]
    status: int
    answer: bytes

    @property
    def body(self) -> bytes:
        return self.answer.partition(b"\0")[2]


async def test_everybody_sees_what_the_policy_says_and_nothing_else(world: World) -> None:
    inner = [o for o in openapi.operations() if not o.open and o.service != "gateway"]
    calls, faults = await met(world, inner)
    assert faults == []
    assert calls > 4_000 and world.asked > 3_000


async def test_a_gateway_with_another_policy_is_found_out(
    start_gateway: Start, tmp_path: Path
) -> None:
    """The matrix can fail."""
    file = tmp_path / "lax.cedar"
    file.write_text("permit (principal, action, resource);")
    lax = await made_world(start_gateway, POLICY_FILE=str(file))
    reading = [o for o in openapi.operations() if o.name == "GET /v1/members/{member_id}"]
    _, faults = await met(lax, reading)
    assert any("leak" in fault for fault in faults)
    assert any("'city'" in fault for fault in faults)


async def met(world: World, operations: list[Operation]) -> tuple[int, list[str]]:
    """How many calls were made, and what was wrong with them."""
    faults: list[str] = []
    calls = 0
    for operation, somebody in product(operations, world.people):
        builder = Builder(world.gateway.parts.vault, somebody.member_id, somebody.values)
        play(world, operation, somebody, builder.answer(operation.response))
        for caller in CALLERS:
            if refused(operation, caller, somebody) and somebody is not world.people[2]:
                continue  # one foreign member is enough to be refused for
            calls += 1
            answered = await world.call(operation, caller, somebody)
            case = Case(operation, caller, somebody, builder.leaves, *answered)
            faults += [f"{fault}: {case}" for fault in judged(world, case)]
    return calls, faults


def play(world: World, operation: Operation, somebody: Somebody, made: Any) -> None:
    """Let the services answer with this; about a stranger with an error that holds a token."""
    world.about = somebody.member_id
    if somebody.known:
        world.answer = Answer(operation.status, list(JSON), msgspec.json.encode(made))
        return
    name = somebody.values[Kind.NAME]
    vault = world.gateway.parts.vault
    token = vault.seal(Kind.NAME, name, somebody.member_id, place="member.name")
    problem = {"code": "unknown_member", "title": "No such member", "detail": token}
    world.answer = Answer(404, list(PROBLEM), msgspec.json.encode(problem))


def judged(world: World, case: Case) -> Iterator[str]:
    """What is wrong with an answer."""
    row = row_for(case.caller, case.somebody)
    status = expected_status(case, row)
    plain: set[str] = set()
    if case.status != status:
        yield f"{case.status}, not {status}"
    elif status < 400:
        given = msgspec.json.decode(case.body)
        today = local_date(world.gateway.app.db.clock.now())
        for leaf in case.leaves:
            if leaf.sealed and row[leaf.field] is Level.PLAIN:
                plain.add(leaf.plain)
            if not as_it_should_be(leaf, row[leaf.field], at(given, leaf.pointer), today):
                yield f"{leaf.pointer} is {at(given, leaf.pointer)!r}"
    values = {value for each in world.people for value in each.values.values()}
    yield from (f"leak: {value}" for value in values - plain if value.encode() in case.answer)
    if any(prefix.encode() in case.answer for prefix in PREFIXES):
        yield "a token came out"


def expected_status(case: Case, row: Row) -> int:
    """By the operation table, by the services, by the policy."""
    if refused(case.operation, case.caller, case.somebody):
        return 403
    if not case.somebody.known:
        return 404
    return 403 if withheld(case.leaves, row) else case.operation.status


def as_it_should_be(leaf: Leaf, level: Level, given: Any, today: date) -> bool:
    """Whether a field shows what its level says. What stands in a hidden object is missing."""
    if given is MISSING:
        return True
    if level is Level.PLAIN:
        return leaf.sealed is False or bool(given == leaf.plain)
    if leaf.sealed and level is Level.MASKED:
        return bool(given == mask(Kind(leaf.field), leaf.plain, today))
    if leaf.sealed and level is Level.PRESENCE:
        return bool(given == "***")
    if leaf.field == "member_id" and level is Level.MASKED:
        return given not in HIDDEN and given not in (leaf.plain, [leaf.plain])
    return any(given == each for each in HIDDEN)


async def test_the_gateways_own_routes_ask_for_the_role_too(world: World) -> None:
    """They answer from the database; whoever may not call them gets nothing, others no fault."""
    faults = []
    for operation in openapi.operations():
        if operation.open or operation.service != "gateway":
            continue
        for caller in CALLERS[: len(Role)]:
            for somebody in world.people:
                is_refused = refused(operation, caller, somebody)
                if not is_refused and operation.method != "GET" and operation.request is None:
                    continue  # does something
                status, answer = await world.call(operation, caller, somebody)
                if (status == 403) is not is_refused or status >= 500:
                    faults.append(f"{operation.name} {caller.role}: {status}")
                if any(v.encode() in answer for p in world.people for v in p.values.values()):
                    faults.append(f"{operation.name} {caller.role}: leak")
    assert faults == []


async def test_without_a_token_nobody_gets_in(world: World) -> None:
    for operation in openapi.operations():
        if not operation.open:
            status, _ = await world.call(operation, None, world.people[0])
            assert status == 401, operation.name


def test_who_sees_pseudonyms_calls_nothing_by_member_id() -> None:
    """Pseudonyms lead nowhere: an operation that takes a member's id is closed to their readers."""
    for role in (Role.ANALYST, Role.PLANNER, Role.APPROVER, Role.DATA_OPERATOR):
        assert Principal(role, "x").member_id is None
        for operation in openapi.operations():
            if role in operation.roles:
                assert "{member_id}" not in operation.path, operation.name


NEUTRAL = frozenset(
    {
        "acr_values", "action", "at", "client_id", "code_challenge", "code_challenge_method",
        "cursor", "dry_run", "end", "from", "language", "limit", "max_age", "month", "nonce",
        "history", "overdue", "prompt", "redirect_uri", "response_type", "scheme", "scope", "since",
        "start", "state", "status", "subject", "to", "ui_locales", "until", "version", "purpose",
        "fresh", "member_id",
    }
)  # fmt: skip


def test_nothing_sorts_or_filters_by_a_personal_field() -> None:
    """A new parameter: it must not be an oracle for what is masked. Then name it here."""
    names = {query.name for operation in openapi.operations() for query in operation.query}
    assert names <= NEUTRAL
    assert not names & {str(kind) for kind in Kind} | {"q", "search", "sort", "order_by"} & names
