"""Declaring schemas, and having the newest ones compiled in every gateway."""

from datetime import datetime
from typing import Any

from chassis.database import Database, Tx
from chassis.principal import Principal
from chassis.problem import Problem
from contracts.gateway.schemas import EventSchema, EventSchemaRequest, EventSchemas
from contracts.sealed import b64, unb64
from gateway_service.schemas import repository
from gateway_service.schemas.domain import Declared, NoSchema, compiled, declared


class Schemas:
    """What counts, compiled once. Another gateway hears of a change within a second or two."""

    def __init__(self) -> None:
        self.counting: dict[str, Declared] = {}  # one object for good: readers keep it
        self._versions = 0

    async def refresh(self, db: Database, _now: datetime) -> None:
        """Compile anew if there is a new version."""
        async with db.statement() as tx:
            versions = await repository.how_many(tx)
        if versions != self._versions:
            async with db.transaction(readonly=True) as tx:
                self._replace(await repository.counting(tx), versions)

    def count(self, schema: EventSchema) -> None:
        """A version that was declared here counts here at once."""
        self.counting.pop(schema.event, None)
        self.counting |= declared([(schema.event, schema.version, schema.document)])

    def _replace(self, rows: list[tuple[str, int, dict[str, Any]]], versions: int) -> None:
        fresh = declared(rows)
        self.counting.clear()
        self.counting.update(fresh)
        self._versions = versions


async def declare(
    tx: Tx, schemas: Schemas, principal: Principal, wanted: EventSchemaRequest
) -> tuple[EventSchema, bool]:
    """The version, and whether it is new: what counts already is not declared again.

    Raises Problem 422.
    """
    try:
        compiled(wanted.document)
    except NoSchema as wrong:
        raise Problem(
            422, "no_schema", "This is no schema", detail=wrong.detail,
            pointer=f"/document{wrong.pointer}",
        ) from None  # fmt: skip
    await repository.hold(tx)
    before = await repository.newest(tx, wanted.event)
    if before is not None and before.document == wanted.document:
        return before, False
    schema = EventSchema(
        event=wanted.event,
        version=before.version + 1 if before else 1,
        document=wanted.document,
        declared_at=tx.now,
        declared_by=principal.subject,
    )
    await repository.add(tx, schema)
    tx.after_commit(lambda: schemas.count(schema))
    return schema, True


async def page(tx: Tx, limit: int, cursor: str | None) -> EventSchemas:
    """A page. Raises Problem 422 `bad_cursor`."""
    rows = await repository.page(tx, limit + 1, *_place(cursor))
    more = None
    if rows[limit:]:
        last = rows[limit - 1]
        more = b64(f"{last.version}|{last.event}".encode())
    return EventSchemas(data=rows[:limit], next_cursor=more)


def _place(cursor: str | None) -> tuple[str, int]:
    if cursor is None:
        return "", 0
    try:
        version, _, event = unb64(cursor).decode().partition("|")
        return event, int(version)
    except ValueError:
        raise Problem(
            422, "bad_cursor", "Not a cursor of this list", pointer="#query/cursor"
        ) from None
