"""Templates by id: a head that counts, and terms a version. Terms are never changed."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Tx
from points_service.coupons.domain import Coupon, Head, Terms

_HEAD = (
    "SELECT t.definition, h.created_at, h.ended_at, h.issued, h.committed_fen"
    " FROM coupon_template h JOIN coupon_terms t ON t.template_id = h.template_id"
)


class TermsCache:
    """Reads terms of rows, each version once."""

    def __init__(self) -> None:
        self._known: dict[tuple[UUID, int], Terms] = {}

    def of(self, template_id: UUID, version: int, definition: dict[str, Any]) -> Terms:
        """The terms of a version."""
        key = (template_id, version)
        if key not in self._known:
            self._known[key] = msgspec.convert(definition, Terms)
        return self._known[key]


async def put(tx: Tx, new: Sequence[Terms], *, exist: bool = False) -> None:
    """Store new templates with their first terms; with `exist`, those that are there stay."""
    conflict = " ON CONFLICT DO NOTHING" if exist else ""
    heads = [(t.template.template_id, t.version, tx.now, t.total, t.budget_fen) for t in new]
    await tx.executemany(
        "INSERT INTO coupon_template (template_id, version, created_at, total_limit, budget_fen)"
        f" VALUES ($1, $2, $3, $4, $5){conflict}",
        heads,
    )
    await tx.executemany(
        "INSERT INTO coupon_terms (template_id, version, definition, since)"
        f" VALUES ($1, $2, $3, $4){conflict}",
        [(t.template.template_id, t.version, _document(t), tx.now) for t in new],
    )


async def count(tx: Tx, coupons: Sequence[Coupon]) -> None:
    """These were issued, and have reserved what they did."""
    issued = Counter(coupon.template.template_id for coupon in coupons)
    fen: Counter[UUID] = Counter()
    for coupon in coupons:
        fen[coupon.template.template_id] += coupon.reserved_fen
    if issued:
        await tx.execute(
            "UPDATE coupon_template t SET issued = t.issued + n.coupons,"
            " committed_fen = t.committed_fen + n.fen"
            " FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS n (template_id, coupons, fen)"
            " WHERE t.template_id = n.template_id",
            *zip(*((each, issued[each], fen[each]) for each in sorted(issued)), strict=True),
        )


async def lock(tx: Tx, template_ids: Sequence[UUID]) -> dict[UUID, Head]:
    """Templates as they are now, locked in the sequence of their ids."""
    await tx.execute(
        "SELECT FROM coupon_template WHERE template_id = ANY ($1::uuid[])"
        " ORDER BY template_id FOR UPDATE",
        list(template_ids),
    )
    rows = await tx.fetch(
        f"{_HEAD} AND t.version = h.version WHERE h.template_id = ANY ($1::uuid[])",
        list(template_ids),
    )
    return {head.terms.template.template_id: head for head in _read(rows)}


async def head(
    tx: Tx, template_id: UUID, *, lock: bool = False, version: int | None = None
) -> Head | None:
    """A template as it is now, or with the terms of a version.

    Locked, nobody else can issue of it.
    """
    if lock:  # apart: what waited for the lock reads the version that is there after it
        await tx.execute(
            "SELECT FROM coupon_template WHERE template_id = $1 FOR UPDATE", template_id
        )
    row = await tx.fetchrow(
        f"{_HEAD} AND t.version = coalesce($2, h.version) WHERE h.template_id = $1",
        template_id, version,
    )  # fmt: skip
    return _read([row])[0] if row else None


async def page(tx: Tx, after: UUID, limit: int) -> list[Head]:
    """Templates by id."""
    rows = await tx.fetch(
        f"{_HEAD} AND t.version = h.version WHERE h.template_id > $1"
        " ORDER BY h.template_id LIMIT $2",
        after, limit,
    )  # fmt: skip
    return _read(rows)


async def ended(tx: Tx, since: datetime, until: datetime) -> list[UUID]:
    """Templates that ended after `since`, by `until`."""
    rows = await tx.fetch(
        "SELECT template_id FROM coupon_template WHERE ended_at > $1 AND ended_at <= $2",
        since, until,
    )  # fmt: skip
    return [row["template_id"] for row in rows]


async def terms(tx: Tx, template_ids: Sequence[UUID]) -> dict[UUID, Terms]:
    """Present terms by template."""
    rows = await tx.fetch(
        f"{_HEAD} AND t.version = h.version WHERE h.template_id = ANY ($1::uuid[])",
        list(template_ids),
    )
    return {head.terms.template.template_id: head.terms for head in _read(rows)}


async def promise(tx: Tx, template_id: UUID, coupons: int, fen: int) -> None:
    """So many more were issued, and reserved so much."""
    await tx.execute(
        "UPDATE coupon_template SET issued = issued + $2, committed_fen = committed_fen + $3"
        " WHERE template_id = $1",
        template_id, coupons, fen,
    )  # fmt: skip


async def revise(tx: Tx, terms: Terms) -> None:
    """New terms for coupons from now on; raises CheckViolationError below what is promised."""
    template_id = terms.template.template_id
    await tx.execute(
        "UPDATE coupon_template SET version = $2, total_limit = $3, budget_fen = $4"
        " WHERE template_id = $1",
        template_id, terms.version, terms.total, terms.budget_fen,
    )  # fmt: skip
    await tx.execute(
        "INSERT INTO coupon_terms (template_id, version, definition, since)"
        " VALUES ($1, $2, $3, $4)",
        template_id, terms.version, _document(terms), tx.now,
    )  # fmt: skip


async def end(tx: Tx, template_id: UUID) -> None:
    """Nothing is issued or claimed from now on."""
    await tx.execute(
        "UPDATE coupon_template SET ended_at = coalesce(ended_at, $2) WHERE template_id = $1",
        template_id, tx.now,
    )  # fmt: skip


def _read(rows: Sequence[Any]) -> list[Head]:
    return [
        Head(
            msgspec.convert(row["definition"], Terms),
            row["created_at"],
            row["ended_at"],
            row["issued"],
            row["committed_fen"],
        )
        for row in rows
    ]


def _document(terms: Terms) -> Any:
    return msgspec.to_builtins(terms, order="sorted")
