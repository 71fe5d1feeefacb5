"""Quotes: whose cart it is is asked of identity, as for orders."""

import msgspec

from chassis.problem import Problem, from_msgspec
from contracts.points.pricing import QuoteRequest
from contracts.roles import Role
from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer
from gateway_service.proxy.edges.orders import NAMED, identified
from gateway_service.proxy.forward import Forward

_QUOTE = msgspec.json.Decoder(QuoteRequest)


async def quote(forward: Forward, call: Call) -> Answer:
    """POST /v1/pricing/quote; a member asks for itself and cannot look others up."""
    if NAMED not in call.body:
        return await forward.send(call, call.body)
    try:
        request = _QUOTE.decode(call.body)
    except msgspec.DecodeError as error:
        raise from_msgspec(error) from None
    if request.identifier is not None and call.principal.role is Role.MEMBER:
        raise Problem(403, "not_own", "A member asks for itself", pointer="/identifier")
    (known,) = await identified(forward, call, [request], trying=True)
    if isinstance(known, Problem):
        raise known
    return await forward.send(call, msgspec.json.encode(known))
