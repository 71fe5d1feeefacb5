"""The projection of the catalogue."""

from collections.abc import Iterable

from chassis.database import Tx


async def add_products(tx: Tx, skus: Iterable[str]) -> None:
    """Articles that exist."""
    await tx.execute(
        "INSERT INTO product (sku) SELECT sku FROM unnest($1::text[]) AS sku ORDER BY sku"
        " ON CONFLICT DO NOTHING",
        list(skus),
    )


async def add_stores(tx: Tx, stores: Iterable[str]) -> None:
    """Shops that exist."""
    await tx.execute(
        "INSERT INTO store (store_id) SELECT id FROM unnest($1::text[]) AS id ORDER BY id"
        " ON CONFLICT DO NOTHING",
        list(stores),
    )


async def products(tx: Tx, skus: Iterable[str]) -> set[str]:
    """Those of `skus` that exist."""
    rows = await tx.fetch("SELECT sku FROM product WHERE sku = ANY ($1::text[])", list(skus))
    return {row["sku"] for row in rows}


async def stores(tx: Tx, ids: Iterable[str]) -> set[str]:
    """Those of `ids` that exist."""
    rows = await tx.fetch("SELECT store_id FROM store WHERE store_id = ANY ($1::text[])", list(ids))
    return {row["store_id"] for row in rows}
