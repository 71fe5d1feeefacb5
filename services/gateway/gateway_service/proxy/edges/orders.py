"""Orders: whose they are is asked of identity once a request, by blind index."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from chassis.problem import Problem, from_msgspec
from contracts.orders import IdentifierRef, OrderBatchRequest, OrderRequest
from contracts.points.orders import OrderAnswer
from contracts.points.pricing import QuoteRequest
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer
from gateway_service.proxy.forward import Forward, json_answer
from gateway_service.proxy.sealing import unusable_value
from gateway_service.vault.index import Unusable

NAMED = b'"identifier"'
_PAYER = b'"payer"'
_SINGLE = msgspec.json.Decoder(OrderRequest)
_BATCH = msgspec.json.Decoder(OrderBatchRequest)
_TRIED = b"dry_run"
_UNKNOWN = "No member has this identifier"
_TWICE = "Either an identifier or a member_id, not both"

Asked = TypeVar("Asked", OrderRequest, QuoteRequest)


async def single(forward: Forward, call: Call) -> Answer:
    """POST /v1/orders."""
    if not _personal(call.body):
        return await forward.send(call, call.body)
    try:
        order = _SINGLE.decode(call.body)
    except msgspec.DecodeError as error:
        raise from_msgspec(error) from None
    (known,) = await _sealed(forward, call, [order])
    if isinstance(known, Problem):
        raise known
    return await forward.send(call, msgspec.json.encode(known))


async def batch(forward: Forward, call: Call) -> Answer:
    """POST /v1/orders/batch: an order of nobody is answered here, the others go on."""
    if not _personal(call.body):
        return await forward.send(call, call.body)
    try:
        orders = _BATCH.decode(call.body).orders
    except msgspec.DecodeError as error:
        raise from_msgspec(error) from None
    known = await _sealed(forward, call, orders)
    going = [order for order in known if isinstance(order, OrderRequest)]
    answers: list[object] = []
    if going:
        answer = await forward.send(call, msgspec.json.encode(OrderBatchRequest(going)))
        if answer.status != 200 or len(going) == len(orders):
            return answer
        answers = msgspec.json.decode(answer.body)["data"]
    for n, (order, outcome) in enumerate(zip(orders, known, strict=True)):
        if isinstance(outcome, Problem):  # ascending, so that each finds its place
            answers.insert(n, _refused(order.order_no, outcome))
    return json_answer({"data": answers})


def _personal(body: bytes) -> bool:
    """Whether there may be something personal in it."""
    return NAMED in body or _PAYER in body


async def _sealed(
    forward: Forward, call: Call, orders: Sequence[OrderRequest]
) -> list[OrderRequest | Problem]:
    known = await identified(forward, call, orders, trying=_TRIED in call.query)
    return [
        _with_payer(forward, each, each.payer)
        if isinstance(each, OrderRequest) and each.payer
        else each
        for each in known
    ]


def _with_payer(
    forward: Forward, order: OrderRequest, payer: IdentifierRef
) -> OrderRequest | Problem:
    """Only the index goes on: it says who paid for several orders, and not who that is."""
    try:
        token = forward.vault.question(payer.kind, payer.value)
    except Unusable as unusable:
        return unusable_value(unusable, "/payer/value")
    return msgspec.structs.replace(order, payer=IdentifierRef(payer.kind, token))


async def identified(
    forward: Forward, call: Call, orders: Sequence[Asked], *, trying: bool
) -> list[Asked | Problem]:
    """Each order or cart with its member in place of the identifier, or what is wrong with it.

    Who is only `trying`, or may not be told who is a member, may not ask at random.
    """
    indexes = [_index(forward, order) for order in orders]
    asked = [index for index in indexes if isinstance(index, str)]
    members = {}
    guessing = bool(asked) and (trying or not forward.may_know(call))
    if guessing:
        await forward.guesses.begin(call.principal.subject)
    if asked:
        members = await forward.resolve(asked)
    if guessing:
        misses = sum(index not in members for index in asked)
        await forward.guesses.end(call.principal.subject, misses)
    known: list[Asked | Problem] = []
    for order, index in zip(orders, indexes, strict=True):
        if index is None:
            known.append(order)
        elif isinstance(index, Problem):
            known.append(index)
        elif index not in members:
            known.append(Problem(404, "unknown_identifier", _UNKNOWN, pointer="/identifier"))
        else:
            known.append(msgspec.structs.replace(order, member_id=members[index], identifier=None))
    return known


def _index(forward: Forward, order: Asked) -> str | Problem | None:
    if order.identifier is None:
        return None
    if order.member_id is not None:
        return Problem(422, "two_members", _TWICE, pointer="/member_id")
    try:
        return forward.vault.identifier(order.identifier.kind, order.identifier.value)[0]
    except Unusable as unusable:
        return unusable_value(unusable, "/identifier/value")


def _refused(order_no: str, problem: Problem) -> OrderAnswer:
    pointer = problem.errors[0].pointer
    return OrderAnswer.refused(order_no, problem.status, problem.code, problem.title, pointer)
