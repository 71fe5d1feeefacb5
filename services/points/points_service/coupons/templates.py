"""Templates by id: a head that counts, and terms a version. Terms are never changed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Tx
from points_service.coupons.domain import Terms


@dataclass(frozen=True, slots=True)
class Head:
    """A template as it is now. `issued` counts coupons, `committed_fen` what they may still cost
    the budget or have cost it."""

    terms: Terms
    created_at: datetime
    ended_at: datetime | None
    issued: int
    committed_fen: int


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


async def put(tx: Tx, terms: Sequence[Terms], *, exist: bool = False) -> None:
    """Store new templates with their first terms; with `exist`, those that are there stay."""
    conflict = " ON CONFLICT DO NOTHING" if exist else ""
    heads = [(t.template.template_id, t.version, tx.now, t.total, t.budget_fen) for t in terms]
    await tx.executemany(
        "INSERT INTO coupon_template (template_id, version, created_at, total_limit, budget_fen)"
        f" VALUES ($1, $2, $3, $4, $5){conflict}",
        heads,
    )
    await tx.executemany(
        "INSERT INTO coupon_terms (template_id, version, definition, since)"
        f" VALUES ($1, $2, $3, $4){conflict}",
        [
            (t.template.template_id, t.version, msgspec.to_builtins(t, order="sorted"), tx.now)
            for t in terms
        ],
    )


async def count(tx: Tx, template_ids: Sequence[UUID]) -> None:
    """Coupons were issued: one of each template for every time it is named."""
    issued = sorted(Counter(template_ids).items())
    if issued:
        await tx.execute(
            "UPDATE coupon_template t SET issued = t.issued + n.coupons"
            " FROM unnest($1::uuid[], $2::bigint[]) AS n (template_id, coupons)"
            " WHERE t.template_id = n.template_id",
            *zip(*issued, strict=True),
        )
