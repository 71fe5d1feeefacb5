"""Products and stores in the database."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlmodel import select

from chassis.database import Tx
from contracts.events import Product, Store
from contracts.profile import CategorySynonym, ProductDetails
from profile_service.catalogue.domain import Category
from profile_service.tables import StoreRow


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


async def save_products(
    tx: Tx, products: Sequence[Product], version: int, corrections: Mapping[str, object]
) -> set[str]:
    """Write products with what was corrected; answers the SKUs of those new or different."""
    rows = await tx.fetch(
        "INSERT INTO product (sku, name, department, category, brand, corrections, version)"
        " SELECT sku, name, department, category, brand, told::jsonb, $7 FROM unnest($1::text[],"
        " $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])"
        " AS t (sku, name, department, category, brand, told)"
        " ON CONFLICT (sku) DO UPDATE SET name = excluded.name, department = excluded.department,"
        " category = excluded.category, brand = excluded.brand, version = excluded.version,"
        " corrections = excluded.corrections"
        " WHERE (product.name, product.department, product.category, product.brand) IS DISTINCT"
        " FROM (excluded.name, excluded.department, excluded.category, excluded.brand)"
        " RETURNING sku",
        *_columns(
            (
                p.sku, p.name, p.department, p.category, p.brand,
                msgspec.json.encode(corrections.get(p.sku, [])).decode(),
            )
            for p in products
        ),
        version,
    )  # fmt: skip
    return {row["sku"] for row in rows}


async def products(tx: Tx, skus: Iterable[str]) -> dict[str, Product]:
    """What is known of these, by SKU."""
    rows = await tx.fetch(
        "SELECT sku, name, department, category, brand FROM product WHERE sku = ANY($1::text[])",
        list(skus),
    )
    return {row["sku"]: Product(**row) for row in rows}


async def tree(tx: Tx, words: Iterable[str]) -> dict[str, list[Category]]:
    """Where these words stand in the tree of categories."""
    rows = await tx.fetch(
        "SELECT word, nullif(department, '') AS department, name, synonym FROM category"
        " WHERE word = ANY($1::text[]) ORDER BY word, department, synonym",
        list(words),
    )
    found: dict[str, list[Category]] = {}
    for row in rows:
        place = Category(row["department"], row["name"], row["synonym"])
        found.setdefault(row["word"], []).append(place)
    return found


async def grow(tx: Tx, places: Iterable[tuple[str, str, str]]) -> None:
    """Add (word, department, name) to the tree where they are new."""
    await tx.execute(
        "INSERT INTO category (word, department, name, synonym)"
        " SELECT *, false FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING",
        *_columns(sorted(places)),
    )


async def set_synonyms(tx: Tx, rows: Iterable[tuple[str, str, str]]) -> None:
    """These words (word, department, name), and no others."""
    await tx.execute("DELETE FROM category WHERE synonym")
    if columns := _columns(rows):
        await tx.execute(
            "INSERT INTO category (word, department, name, synonym)"
            " SELECT *, true FROM unnest($1::text[], $2::text[], $3::text[])",
            *columns,
        )


async def synonyms(tx: Tx) -> list[CategorySynonym]:
    """All of them, by word."""
    rows = await tx.fetch(
        "SELECT word, name AS category, nullif(department, '') AS department FROM category"
        " WHERE synonym ORDER BY word"
    )
    return [CategorySynonym(**row) for row in rows]


async def save_stores(tx: Tx, stores: Sequence[Store]) -> set[str]:
    """Write stores; answers the ids of those that are new or different."""
    rows = await tx.fetch(
        "INSERT INTO store (store_id, name, city, mall)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])"
        " ON CONFLICT (store_id) DO UPDATE SET name = excluded.name, city = excluded.city,"
        " mall = excluded.mall WHERE (store.name, store.city, store.mall)"
        " IS DISTINCT FROM (excluded.name, excluded.city, excluded.mall) RETURNING store_id",
        *_columns((store.store_id, store.name, store.city, store.mall) for store in stores),
    )
    return {row["store_id"] for row in rows}


def _columns(rows: Iterable[tuple[str | None, ...]]) -> list[list[str | None]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def product(tx: Tx, sku: str) -> ProductDetails | None:
    """One product."""
    row = await tx.fetchrow(
        "SELECT sku, name, department, category, brand, corrections FROM product WHERE sku = $1",
        sku,
    )
    return msgspec.convert(dict(row), ProductDetails) if row else None


async def store(tx: Tx, store_id: str) -> Store | None:
    """One store."""
    row = await tx.fetchrow(select(StoreRow).where(StoreRow.store_id == store_id))
    return Store(row["store_id"], row["name"], row["city"], row["mall"]) if row else None
