"""How a service answers a member who claims a right: what it holds of whom, as a page of SQL."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from chassis.bus import Subscription
from chassis.database import Tx
from contracts.gateway_events import RightsAnswered, RightsRequested

PART_BYTES = 400_000  # an event that size passes through any server
Act = Callable[[Tx, Sequence[UUID]], Awaitable[None]]
Rows = dict[str, list[dict[str, Any]]]


def statements(*sql: str) -> Act:
    """These statements in sequence; $1 are the member's ids."""

    async def run(tx: Tx, members: Sequence[UUID]) -> None:
        for statement in sql:
            await tx.execute(statement, list(members))

    return run


_nothing = statements()


@dataclass(frozen=True, slots=True)
class Rights:
    """`holds` is a query by table: the rows of members $1. `erase` and `object` do as they say.

    Handlers run once an event and what they do may be done again, so a redelivery changes nothing.
    """

    service: str
    holds: Mapping[str, str]
    erase: Act
    object: Act = _nothing

    @property
    def subscription(self) -> Subscription:
        """Hears `gateway.rights_requested.v1` and answers each request."""
        return Subscription(RightsRequested, self.answer)

    async def answer(self, tx: Tx, events: Sequence[RightsRequested]) -> None:
        """Do what was asked, and say so."""
        for event in events:
            rows: Rows = {}
            if event.kind == "copy":
                rows = await self.copied(tx, event.members)
            elif event.kind == "erase":
                await self.erase(tx, event.members)
            elif event.kind == "object":
                await self.object(tx, event.members)
            pieces = pieces_of(rows)
            for part, piece in enumerate(pieces, 1):
                tx.publish(RightsAnswered(event.request_id, self.service, part, len(pieces), piece))

    async def copied(self, tx: Tx, members: Sequence[UUID]) -> Rows:
        """Everything held of a member, by table."""
        found = {name: await tx.fetch(sql, list(members)) for name, sql in self.holds.items()}
        return {name: [dict(row) for row in rows] for name, rows in found.items() if rows}


def pieces_of(rows: Rows) -> list[Rows]:
    """The rows in parts that fit into an event, in sequence; an empty one where there are none."""
    pieces: list[Rows] = []
    left = 0
    for table, each in rows.items():
        for row in each:
            size = len(msgspec.json.encode(row))
            if size > left:
                pieces.append({})
                left = PART_BYTES
            pieces[-1].setdefault(table, []).append(row)
            left -= size
    return pieces or [{}]
