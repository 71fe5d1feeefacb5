"""Corrections in the database."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from contracts.gateway import cleaning as api
from gateway_service.cleaning.domain import Corrected


async def add(tx: Tx, found: Sequence[tuple[UUID, Corrected]]) -> list[tuple[str, str]]:
    """Keep what was corrected, under ids that a retry has again; answers field and rule of what is
    new."""
    rows = [
        (key, each.member_id, each.source, c.field, c.rule, c.before, c.after)
        for key, each in found
        for c in (each.correction,)
    ]
    new = await tx.fetch(
        "INSERT INTO correction (id, member_id, source, field, rule, before, after, corrected_at)"
        " SELECT *, $8 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[],"
        " $6::text[], $7::text[]) ON CONFLICT DO NOTHING RETURNING field, rule",
        *map(list, zip(*rows, strict=True)), tx.now,
    )  # fmt: skip
    return [(row["field"], row["rule"]) for row in new]


async def page(
    tx: Tx, member_id: UUID, limit: int, before: datetime | None, last: UUID | None
) -> list[tuple[UUID, api.Correction]]:
    """A member's under all its ids, newest first, after the row of this moment and id."""
    rows = await tx.fetch(
        "WITH root AS (SELECT coalesce((SELECT survivor_id FROM merged_member"
        " WHERE absorbed_id = $1), $1) AS id)"
        " SELECT id, corrected_at, source, field, rule, before, after FROM correction"
        " WHERE member_id IN (SELECT id FROM root UNION SELECT absorbed_id FROM merged_member"
        " WHERE survivor_id = (SELECT id FROM root))"
        " AND ($2::timestamptz IS NULL OR (corrected_at, id) < ($2, $3::uuid))"
        " ORDER BY corrected_at DESC, id DESC LIMIT $4",
        member_id, before, last, limit,
    )  # fmt: skip
    return [(key, api.Correction(**rest)) for key, rest in map(_parted, rows)]


def _parted(row: dict[str, object]) -> tuple[UUID, dict[str, object]]:
    rest = dict(row)
    return UUID(str(rest.pop("id"))), rest
