"""The matrix's world: members, callers, and a gateway before services that answer about one member
at a time.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import msgspec
from services.gateway.tests.answers import seeds
from services.gateway.tests.conftest import Gateway

from contracts.classification import Kind
from contracts.events import OrdersRecorded, RecordedOrder
from contracts.gateway.reading import ReadApprovalRequest
from contracts.identity_inner import ResolveRequest
from contracts.operations import Operation
from contracts.reading import Purpose
from contracts.roles import STAFF, Role
from gateway_service.approvals import repository as approvals
from gateway_service.proxy.client import Answer

STORE = "s-1"
GRANTED = (Role.SERVICE_AGENT, Role.COMPLIANCE)  # may ask to read of children
CONSENTS = ("personalised_recommendation", "third_party_sharing", "sensitive")
Start = Callable[..., Awaitable[Gateway]]
JSON = [(b"content-type", b"application/json")]
PROBLEM = [(b"content-type", b"application/problem+json")]


@dataclass(frozen=True)
class Somebody:
    """A member: own (of the caller, or of the caller's store) or not, with consents or not.

    Of a `child` nobody but itself reads in the clear, unless that was `granted` to the caller.
    """

    member_id: UUID
    values: dict[Kind, str]
    own: bool = False
    agreed: bool = False
    known: bool = True
    child: bool = False
    granted: bool = False


@dataclass(frozen=True)
class Caller:
    """A role, with the purpose it states, and whether it has shown a second factor."""

    role: Role
    purpose: str | None = None
    stepped_up: bool = False

    @property
    def ticket(self) -> str | None:
        return "T-1" if self.purpose and self.role in STAFF else None


_ONE_FACTOR = (
    *(Caller(role) for role in Role),
    Caller(Role.MEMBER, Purpose.OWN), Caller(Role.SERVICE_AGENT, Purpose.SERVICE),
    Caller(Role.SERVICE_AGENT, Purpose.CORRECTION),
    Caller(Role.SERVICE_AGENT, Purpose.VERIFICATION), Caller(Role.COMPLIANCE, Purpose.AUDIT),
    Caller(Role.COMPLIANCE, Purpose.RIGHTS), Caller(Role.POS, Purpose.SERVICE),
    Caller(Role.ANALYST, Purpose.AUDIT),
)  # fmt: skip
CALLERS = (
    *_ONE_FACTOR,
    *(replace(each, stepped_up=True) for each in _ONE_FACTOR if each.role in STAFF),
)


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
            key = (caller.role, owner if caller.role is Role.MEMBER else caller.stepped_up)
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


async def made_world(start_gateway: Start, **settings: str) -> World:
    gateway = await start_gateway(
        PLAIN_READS_PER_HOUR="100000", GUESSES_PER_HOUR="100000", RATE_LIMIT_BURST="100000",
        RATE_LIMIT_PER_SECOND="100000", **settings,
    )  # fmt: skip
    kinds = [(own, agreed) for own in (True, False) for agreed in (True, False)]
    circumstances = [
        *({"own": own, "agreed": agreed} for own, agreed in kinds),
        *({"own": own, "agreed": agreed, "child": True} for own, agreed in kinds),
        *({"own": own, "agreed": own, "child": True, "granted": True} for own in (True, False)),
        {"known": False},
    ]
    people = [Somebody(uuid4(), seeds(n), **what) for n, what in enumerate(circumstances)]
    made = World(gateway, people)
    for role in set(Role) - {Role.MEMBER}:
        made.tokens[role, False] = await gateway.token(role, None, store=STORE)
        made.tokens[role, True] = await gateway.token(role, None, store=STORE, acr_values="mfa")
    for each in people:
        made.tokens[Role.MEMBER, each.member_id] = await gateway.token(Role.MEMBER, each.member_id)
        if each.agreed:
            await agree(gateway, made.tokens[Role.MEMBER, each.member_id], each.member_id)
    await children(gateway, people)
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


async def children(gateway: Gateway, people: list[Somebody]) -> None:
    """Some are, and of two a reading was granted to everybody who may ask for that."""
    born = gateway.app.db.clock.now().date() - timedelta(days=3_000)
    async with gateway.app.db.transaction() as tx:
        births = {each.member_id: born for each in people if each.child}
        await gateway.parts.relations.born(tx, births)
        wanted = ReadApprovalRequest(purpose=Purpose.SERVICE, ticket="T-1", hours=2)
        for each, role in product(people, GRANTED):
            if each.granted:
                asked = await approvals.add(tx, each.member_id, f"dev-{role}", wanted)
                until = tx.now + timedelta(hours=2)
                await approvals.decide(tx, asked.approval_id, "granted", "dev-approver", until)


async def agree(gateway: Gateway, token: str, member_id: UUID) -> None:
    for purpose in CONSENTS:
        answer = await gateway.http.put(
            f"/v1/members/{member_id}/consents",
            json={"consents": [{"purpose": purpose, "granted": True}]},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.text
