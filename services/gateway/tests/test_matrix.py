"""Every operation × every role, with and without a second factor × own, other and unknown members,
grown up, children, and children whose reading was granted × with and without consent.

What is expected follows from the operation table and from the policy. The inner services are played
by answers made from the contracts: members have personal values that nobody else has, and none of
these may come out where the policy does not say `plain`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest_asyncio
from services.gateway.tests.answers import HIDDEN, MISSING, Builder, Leaf, at, withheld
from services.gateway.tests.world import (
    CALLERS,
    GRANTED,
    JSON,
    PROBLEM,
    Caller,
    Somebody,
    Start,
    World,
    made_world,
)

from chassis.clock import local_date
from chassis.principal import Principal
from contracts import openapi
from contracts.classification import Kind
from contracts.operations import Operation
from contracts.roles import Role
from contracts.sealed import PREFIXES
from gateway_service.desensitize.cedar import SHIPPED, compiled
from gateway_service.desensitize.domain import EXISTENCE, Level, Relation, Row, Situation, asker
from gateway_service.desensitize.masks import mask
from gateway_service.proxy.client import Answer

CLAIMS = {"register", "register_batch", "link"}  # tell whose an identifier is
TABLE = compiled(SHIPPED.read_text())


@pytest_asyncio.fixture(loop_scope="session")
async def world(start_gateway: Start) -> World:
    """Eight members, two children whose reading was granted, a stranger; a token for everybody."""
    return await made_world(start_gateway)


def row_for(caller: Caller, somebody: Somebody) -> Row:
    """What the policy says."""
    who = asker(caller.role, caller.purpose, caller.ticket, step_up=caller.stepped_up)
    own = Relation.SELF if caller.role is Role.MEMBER else Relation.OWN_STORE
    relation = own if somebody.own else Relation.OTHER
    guarded = somebody.child and not (somebody.granted and caller.role in GRANTED)
    agreed = somebody.agreed and not somebody.child  # without a guardian's yes a child's is none
    return TABLE.view(who, Situation(relation, agreed, agreed, guarded))


def factor_counts(caller: Caller, somebody: Somebody) -> bool:
    """False for a second factor that the policy gives nothing for: what is shown follows from the
    row of decisions alone, and that is the same as without."""
    once = replace(caller, stepped_up=False)
    return not caller.stepped_up or row_for(caller, somebody) != row_for(once, somebody)


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
    assert calls > 10_000 and world.asked > 8_000


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
    assert any("leak" in fault and "child=True" in fault for fault in faults)


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
            if somebody is not world.people[0] and not factor_counts(caller, somebody):
                continue  # the second factor changes nothing; of that one member is enough
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
    if status == 403 and case.operation.edge in CLAIMS and case.status == 429:
        status = 429  # a number gets one code a minute
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
    who = asker(case.caller.role, case.caller.purpose, case.caller.ticket, step_up=False)
    knows = TABLE.view(who, Situation())[EXISTENCE] is Level.PLAIN
    if case.operation.edge in CLAIMS and not knows:
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
            for somebody in (*world.people[:4], world.people[-1]):
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
        "history", "kind", "overdue",
        "prompt", "redirect_uri", "response_type", "scheme", "scope", "since",
        "start", "state", "status", "subject", "to", "ui_locales", "until", "version", "purpose",
        "plan_version", "fresh", "member_id", "week", "kpi", "by", "against",
        "node", "level", "min_support", "min_lift", "basket", "store",
    }
)  # fmt: skip


def test_nothing_sorts_or_filters_by_a_personal_field() -> None:
    """A new parameter: it must not be an oracle for what is masked. Then name it here."""
    names = {query.name for operation in openapi.operations() for query in operation.query}
    assert names <= NEUTRAL
    assert not names & {str(kind) for kind in Kind} | {"q", "search", "sort", "order_by"} & names
