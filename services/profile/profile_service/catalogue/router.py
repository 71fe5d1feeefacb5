"""Products and stores."""

from typing import Annotated

from fastapi import Path, Response

from chassis.web import APIRouter, ReadDep, TxDep, bulk_body, encoded
from contracts.events import Product, Store
from contracts.profile import (
    CatalogueResult,
    CategorySynonyms,
    ProductBatch,
    ProductBody,
    StoreBatch,
    StoreBody,
)
from profile_service.catalogue import use_cases

router = APIRouter()
Key = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("/v1/products/{sku}")
async def get_product(sku: Key, tx: ReadDep) -> Response:
    """A product of the catalogue."""
    return encoded(await use_cases.product(tx, sku))


@router.put("/v1/products/{sku}")
async def put_product(
    sku: Key, body: Annotated[ProductBody, bulk_body(ProductBody)], tx: TxDep
) -> Response:
    """Write a product."""
    key = use_cases.same_key(body.sku, sku, "sku")
    product = Product(key, body.name, body.department, body.category, body.brand)
    await use_cases.write_products(tx, [product])
    return encoded(await use_cases.product(tx, key))


@router.post("/v1/products/batch")
async def post_products(
    body: Annotated[ProductBatch, bulk_body(ProductBatch)], tx: TxDep
) -> CatalogueResult:
    """Write up to 1,000 products."""
    return await use_cases.write_products(tx, body.products, whole=False)


@router.get("/v1/category-synonyms")
async def get_synonyms(tx: ReadDep) -> Response:
    """Words for categories."""
    return encoded(await use_cases.synonyms(tx))


@router.put("/v1/category-synonyms")
async def put_synonyms(
    body: Annotated[CategorySynonyms, bulk_body(CategorySynonyms)], tx: TxDep
) -> Response:
    """Set words for categories."""
    return encoded(await use_cases.set_synonyms(tx, body))


@router.get("/v1/stores/{store_id}")
async def get_store(store_id: Key, tx: ReadDep) -> Response:
    """A store."""
    return encoded(await use_cases.store(tx, store_id))


@router.put("/v1/stores/{store_id}")
async def put_store(
    store_id: Key, body: Annotated[StoreBody, bulk_body(StoreBody)], tx: TxDep
) -> Response:
    """Write a store."""
    key = use_cases.same_key(body.store_id, store_id, "store_id")
    store = Store(key, body.name, body.city, body.mall)
    await use_cases.write_stores(tx, [store])
    return encoded(store)


@router.post("/v1/stores/batch")
async def post_stores(
    body: Annotated[StoreBatch, bulk_body(StoreBatch)], tx: TxDep
) -> CatalogueResult:
    """Write up to 1,000 stores."""
    return await use_cases.write_stores(tx, body.stores)
