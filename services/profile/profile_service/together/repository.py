"""Pairs of goods as the model in use counted them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.database import Tx


async def pairs(tx: Tx, level: str, least: tuple[float, float], limit: int) -> Sequence[Any]:
    """Rows of a level with this support and lift at least; the greatest lift first."""
    return await tx.fetch(
        "SELECT one, other, a.name AS one_name, b.name AS other_name, baskets, buyers AS members,"
        " support, confidence, lift FROM goods_pair"
        " LEFT JOIN product AS a ON level = 'sku' AND a.sku = one"
        " LEFT JOIN product AS b ON level = 'sku' AND b.sku = other"
        " WHERE level = $1 AND support >= $2 AND lift >= $3"
        " ORDER BY lift DESC, one, other LIMIT $4",
        level, *least, limit,
    )  # fmt: skip


async def beside(tx: Tx, skus: Sequence[str], limit: int) -> Sequence[Any]:
    """Rows of sku, name, because, because_name, chance, lift: what is in stock and goes with a
    basket. With one good: as the model ranks it. With more: by the chance that one of them draws
    it, and `because` the one that does most."""
    return await tx.fetch(
        "SELECT other AS sku, min(product.name) AS name, max(lift) AS lift,"
        " 1 - exp(sum(ln(1 - least(confidence, 0.999)))) AS chance,"
        " (array_agg(one ORDER BY confidence DESC, one))[1] AS because"
        " FROM goods_pair LEFT JOIN product ON product.sku = other"
        " LEFT JOIN stock ON stock.sku = other"
        " WHERE level = 'sku' AND one = ANY($1::text[]) AND other <> ALL($1::text[])"
        " AND coalesce(on_hand, 1) > 0 GROUP BY other"
        " ORDER BY CASE WHEN cardinality($1::text[]) = 1 THEN min(place) END, 4 DESC, other"
        " LIMIT $2",
        list(skus), limit,
    )  # fmt: skip
