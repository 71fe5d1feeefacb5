"""The projection of the catalogue."""

from collections.abc import Iterable, Mapping

from chassis.database import Tx
from points_service.catalogue.domain import Goods


async def save_products(tx: Tx, products: Mapping[str, Goods]) -> bool:
    """Articles as they are now; answers whether one that existed is another than before."""
    all_new: bool = await tx.fetchval(  # one document: an array of texts is encoded text by text
        "WITH written AS (INSERT INTO product (sku, department, category, brand)"
        " SELECT p ->> 0, p ->> 1, p ->> 2, p ->> 3 FROM jsonb_array_elements($1) AS p"
        " ON CONFLICT (sku) DO UPDATE SET department = excluded.department,"
        " category = excluded.category, brand = excluded.brand"
        " WHERE (product.department, product.category, product.brand) IS DISTINCT FROM"
        " (excluded.department, excluded.category, excluded.brand) RETURNING xmax = 0 AS new)"
        " SELECT coalesce(bool_and(new), true) FROM written",
        [[sku, g.department, g.category, g.brand] for sku, g in sorted(products.items())],
    )
    return not all_new


async def add_stores(tx: Tx, stores: Iterable[str]) -> None:
    """Shops that exist."""
    await tx.execute(
        "INSERT INTO store (store_id) SELECT id FROM unnest($1::text[]) AS id ORDER BY id"
        " ON CONFLICT DO NOTHING",
        list(stores),
    )


async def products(tx: Tx, skus: Iterable[str]) -> dict[str, Goods]:
    """Those of `skus` that exist."""
    rows = await tx.fetch(
        "SELECT sku, department, category, brand FROM product WHERE sku = ANY ($1::text[])",
        list(skus),
    )
    return {row["sku"]: Goods(row["department"], row["category"], row["brand"]) for row in rows}


async def stores(tx: Tx, ids: Iterable[str]) -> set[str]:
    """Those of `ids` that exist."""
    rows = await tx.fetch("SELECT store_id FROM store WHERE store_id = ANY ($1::text[])", list(ids))
    return {row["store_id"] for row in rows}


async def version(tx: Tx) -> int:
    """Grows when an article changes, or what is earned by it."""
    current: int = await tx.fetchval("SELECT version FROM earning_version")
    return current


async def next_version(tx: Tx) -> None:
    """Tell every process that what it remembers is out of date. Writers take turns here."""
    await tx.execute("UPDATE earning_version SET version = version + 1")
