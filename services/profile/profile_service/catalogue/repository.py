"""Products and stores in the database."""

from collections.abc import Iterable, Sequence

from sqlmodel import select

from chassis.database import Tx
from contracts.events import Product, Store
from profile_service.tables import ProductRow, StoreRow


async def next_version(tx: Tx) -> int:
    """Take the writers' turn; answers the version the writes belong to."""
    version: int = await tx.fetchval("UPDATE catalogue SET version = version + 1 RETURNING version")
    return version


async def version(tx: Tx) -> int:
    """The catalogue as of now."""
    current: int = await tx.fetchval("SELECT version FROM catalogue")
    return current


async def departments_since(tx: Tx, version: int) -> list[tuple[str, str | None]]:
    """SKU and department of every product written after that version."""
    rows = await tx.fetch("SELECT sku, department FROM product WHERE version > $1", version)
    return [(row["sku"], row["department"]) for row in rows]


async def save_products(tx: Tx, products: Sequence[Product], version: int) -> set[str]:
    """Write products; answers the SKUs of those that are new or different."""
    rows = await tx.fetch(
        "INSERT INTO product (sku, name, department, category, brand, version)"
        " SELECT *, $6 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])"
        " ON CONFLICT (sku) DO UPDATE SET name = excluded.name, department = excluded.department,"
        " category = excluded.category, brand = excluded.brand, version = excluded.version"
        " WHERE (product.name, product.department, product.category, product.brand) IS DISTINCT"
        " FROM (excluded.name, excluded.department, excluded.category, excluded.brand)"
        " RETURNING sku",
        *_columns((p.sku, p.name, p.department, p.category, p.brand) for p in products),
        version,
    )
    return {row["sku"] for row in rows}


async def save_stores(tx: Tx, stores: Sequence[Store]) -> set[str]:
    """Write stores; answers the ids of those that are new or different."""
    rows = await tx.fetch(
        "INSERT INTO store (store_id, name, city)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[])"
        " ON CONFLICT (store_id) DO UPDATE SET name = excluded.name, city = excluded.city"
        " WHERE (store.name, store.city) IS DISTINCT FROM (excluded.name, excluded.city)"
        " RETURNING store_id",
        *_columns((store.store_id, store.name, store.city) for store in stores),
    )
    return {row["store_id"] for row in rows}


def _columns(rows: Iterable[tuple[str | None, ...]]) -> list[list[str | None]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def product(tx: Tx, sku: str) -> Product | None:
    """One product."""
    row = await tx.fetchrow(select(ProductRow).where(ProductRow.sku == sku))
    if row is None:
        return None
    return Product(row["sku"], row["name"], row["department"], row["category"], row["brand"])


async def store(tx: Tx, store_id: str) -> Store | None:
    """One store."""
    row = await tx.fetchrow(select(StoreRow).where(StoreRow.store_id == store_id))
    return Store(row["store_id"], row["name"], row["city"]) if row else None
