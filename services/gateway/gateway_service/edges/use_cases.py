"""What a store has kept goes the way of every other request, once."""

from chassis.problem import Problem
from contracts.classification import Kind
from gateway_service.collect.repository import Refused, Stage
from gateway_service.collect.use_cases import PAYLOAD, Collector, put_aside, take
from gateway_service.edges.domain import Edge, Envelope, Unopenable

TAKEN_LATER = frozenset({429, 503})


async def take_in(collector: Collector, edge: Edge, number: int, sealed: bytes) -> None:
    """The request that a store keeps under a number.

    Taken before, it changes nothing: batches, messages and refusals are known by their ids. Raises
    Problem 429 or 503, and Gone, while it cannot be taken; what never can goes to quarantine.
    """
    try:
        envelope = edge.opened(sealed)
    except Unopenable as wrong:
        await _aside(collector, edge, number, str(wrong), sealed.hex())
        return
    try:
        await _take(collector, envelope)
    except Problem as problem:
        if problem.status in TAKEN_LATER:
            raise
        await _aside(collector, edge, number, problem.code, envelope.body.decode(errors="replace"))


async def _take(collector: Collector, envelope: Envelope) -> None:
    source = await collector.source(envelope.authorization)
    received_at = min(envelope.received_at, collector.db.clock.now())
    await take(collector, source, envelope.body, envelope.kind, received_at)


async def _aside(collector: Collector, edge: Edge, number: int, reason: str, text: str) -> None:
    source = f"edge:{edge.store}"
    async with collector.db.transaction() as tx:
        payload = collector.vault.seal(Kind.TEXT, text, None, place=PAYLOAD)
        key = tx.ids.derive("quarantine", source, str(number))
        await put_aside(tx, [Refused(key, Stage.MESSAGE, source, reason, "", payload)])
