"""Operations for which the gateway does more than seal and forward: one function each.

A new one: a file here and a line below; the operation names it as its `edge`.
"""

from collections.abc import Awaitable, Callable

from gateway_service.proxy.call import Call
from gateway_service.proxy.client import Answer
from gateway_service.proxy.edges import (
    audited,
    members,
    merges,
    orders,
    pricing,
    profiles,
    templates,
)
from gateway_service.proxy.forward import Forward

Edge = Callable[[Forward, Call], Awaitable[Answer]]

EDGES: dict[str, Edge] = {
    "register": members.register,
    "register_batch": members.register_batch,
    "update_member": members.update,
    "link": members.link,
    "lookup": members.lookup,
    "audited": audited.audited,
    "merge": merges.audited,
    "orders": orders.single,
    "orders_batch": orders.batch,
    "quote": pricing.quote,
    "personalised": profiles.personalised,
    "render": templates.render,
}
