"""The catalogue: written here, told to whoever keeps a copy; only what changed is told."""

from collections.abc import Mapping, Sequence

from chassis.database import Tx
from chassis.problem import Problem
from contracts.events import Product, ProductsChanged, Store, StoresChanged
from contracts.profile import CatalogueResult
from profile_service.catalogue import repository


class Departments:
    """Department by SKU, in memory: a year of orders asks for it 1.5 million times.

    Never stale: the catalogue's version is read in the asking transaction.
    """

    def __init__(self) -> None:
        self._by_sku: dict[str, str | None] = {}
        self._version = 0

    async def current(self, tx: Tx) -> Mapping[str, str | None]:
        """As of this transaction."""
        version = await repository.version(tx)
        if version != self._version:
            self._by_sku.update(await repository.departments_since(tx, self._version))
            self._version = max(version, self._version)
        return self._by_sku


async def write_products(tx: Tx, products: Sequence[Product]) -> CatalogueResult:
    """Save products and tell which have changed."""
    rows = {product.sku: product for product in products}
    version = await repository.next_version(tx)
    changed = await repository.save_products(tx, list(rows.values()), version)
    if changed:
        tx.publish(ProductsChanged([row for sku, row in rows.items() if sku in changed]))
    return CatalogueResult(received=len(rows), changed=len(changed))


async def write_stores(tx: Tx, stores: Sequence[Store]) -> CatalogueResult:
    """Save stores and tell which have changed."""
    rows = {store.store_id: store for store in stores}
    changed = await repository.save_stores(tx, list(rows.values()))
    if changed:
        tx.publish(StoresChanged([row for key, row in rows.items() if key in changed]))
    return CatalogueResult(received=len(rows), changed=len(changed))


async def product(tx: Tx, sku: str) -> Product:
    """A product. Raises Problem 404."""
    found = await repository.product(tx, sku)
    if found is None:
        raise Problem(404, "unknown_product", "There is no such product")
    return found


async def store(tx: Tx, store_id: str) -> Store:
    """A store. Raises Problem 404."""
    found = await repository.store(tx, store_id)
    if found is None:
        raise Problem(404, "unknown_store", "There is no such store")
    return found


def same_key(named: str | None, path: str, field: str) -> str:
    """The key of a PUT: the path's, which the body may repeat. Raises Problem 422."""
    if named is not None and named != path:
        raise Problem(
            422, "key_differs", "Path and body name different things", pointer=f"/{field}"
        )
    return path
