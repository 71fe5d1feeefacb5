"""Clean what comes in, and keep what was corrected."""

from collections import Counter as Counted
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from prometheus_client import Counter

from chassis.clock import local_date
from chassis.database import Database, Tx
from chassis.ids import Ids
from contracts.gateway.cleaning import CorrectionPage
from contracts.gateway_events import CorrectionCount, CorrectionsMade
from gateway_service.cleaning import repository
from gateway_service.cleaning.domain import Corrected, Correction, clean
from gateway_service.paging import cursor_of, place_of

CORRECTED = Counter(
    "huiyuan_corrections_total", "Fields that a rule corrected or marked", ["source", "rule"]
)


Found = tuple[str, UUID | None, Iterable[Correction]]  # of which record, of whom, what


class Repair:
    """Cleans bodies before they are checked, and remembers what was corrected in each record."""

    def __init__(self) -> None:
        self.found: list[list[Correction]] = []

    def member(self, body: Any) -> Any:
        """A record of attributes; what is none is left to the check."""
        cleaned = clean(body) if isinstance(body, dict) else None
        self.found.append(cleaned.corrections if cleaned else [])
        return cleaned.values if cleaned else body

    def members(self, body: Any) -> Any:
        """`{"members": […]}`."""
        if not isinstance(body, dict) or not isinstance(body.get("members"), list):
            return body
        return {**body, "members": [self.member(each) for each in body["members"]]}

    def identifier(self, body: Any) -> Any:
        """`{"kind": …, "value": …}`, and the name that a lookup may have beside it."""
        if not isinstance(body, dict):
            return body
        named = {"name": body["name"]} if isinstance(body.get("name"), str) else {}
        cleaned = clean({"identifiers": [body], **named})
        self.found.append(cleaned.corrections)
        (repaired,) = cleaned.values.pop("identifiers")
        return {**repaired, **cleaned.values}


class Corrections:
    """Keeps corrections. `db` is there once the gateway has started."""

    def __init__(self) -> None:
        self.db: Database

    async def keep(self, source: str, found: Iterable[Found]) -> None:
        """In a transaction of its own."""
        rows = [
            (ref, Corrected(source, member_id, correction))
            for ref, member_id, corrections in found
            for correction in corrections
        ]
        if rows:
            async with self.db.transaction() as tx:
                await keep(tx, rows)


async def keep(tx: Tx, found: Sequence[tuple[str, Corrected]]) -> None:
    """Each with what it is of: under the same reference it is kept, and told in counts, once."""
    if not found:
        return
    new = await repository.add(tx, [(_key(tx.ids, ref, each), each) for ref, each in found])
    if new:
        today = local_date(tx.now)
        told = sorted(Counted(new).items())
        tx.publish(CorrectionsMade([CorrectionCount(today, *what, n) for what, n in told]))
    for _, each in found:
        CORRECTED.labels(each.source, each.correction.rule).inc()


async def shown(tx: Tx, member_id: UUID, limit: int, after: str | None) -> CorrectionPage:
    """A page of a member's corrections."""
    rows = await repository.page(tx, member_id, limit + 1, *place_of(after))
    last = rows[limit - 1] if rows[limit:] else None
    more = cursor_of((last[1].corrected_at, last[0])) if last else None
    return CorrectionPage(
        member_id=member_id, data=[each for _, each in rows[:limit]], next_cursor=more
    )


def _key(ids: Ids, ref: str, each: Corrected) -> UUID:
    what = each.correction
    return ids.derive("correction", ref, str(each.member_id), what.field, what.rule)
