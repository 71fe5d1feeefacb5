"""What is overdue, asked of every service."""

import asyncio

import msgspec

from chassis.database import Tx
from chassis.holdings import overdue
from contracts.gateway.retention import Retained, Retention
from contracts.holdings import ACTIVITIES, HOLDINGS, Overdue
from gateway_service.proxy.client import Gone, InnerClient
from gateway_service.proxy.forward import SYSTEM
from gateway_service.retention.domain import wording


async def report(tx: Tx, inner: InnerClient) -> Retention:
    """Every table with a limit; a service that is away answers null."""
    answers = await asyncio.gather(*(_asked(inner, service) for service in inner.services))
    rows = {("gateway", each.table): each.rows for each in await overdue(tx, "gateway")}
    for service, found in zip(inner.services, answers, strict=True):
        rows |= {(service, each.table): each.rows for each in found}
    return Retention(
        at=tx.now,
        overdue=sum(rows.values()),
        data=[
            Retained(
                service=each.service,
                table=each.table,
                data_class=each.data_class,
                activity=wording(ACTIVITIES[each.activity].name),
                days=each.days,
                overdue=rows.get((each.service, each.table)),
            )
            for each in HOLDINGS
            if each.days is not None
        ],
    )


async def _asked(inner: InnerClient, service: str) -> list[Overdue]:
    try:
        answer = await inner.request(service, "GET", "/internal/overdue", SYSTEM)
    except (Gone, TimeoutError):
        return []
    return msgspec.json.decode(answer.body, type=list[Overdue]) if answer.status == 200 else []
