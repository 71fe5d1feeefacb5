"""The catalogue: written here, told to whoever keeps a copy; only what changed is told."""

from collections.abc import Iterable, Mapping, Sequence

from chassis.database import Tx
from chassis.problem import Problem
from contracts.events import Product, ProductsChanged, Store, StoresChanged
from contracts.profile import (
    CatalogueResult,
    CategorySynonyms,
    ProductCorrection,
    ProductDetails,
)
from profile_service.catalogue import repository
from profile_service.catalogue.domain import filled, tidied, word, words_of


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


async def write_products(
    tx: Tx, products: Sequence[Product], *, whole: bool = True
) -> CatalogueResult:
    """Save products in the shop's words for categories, and tell which have changed.

    A row that is not `whole` leaves a category out because whoever sends it does not know it: then
    what is known of the product number stays.
    """
    given = {product.sku: product for product in products}
    version = await repository.next_version(tx)
    known = {} if whole else await repository.products(tx, given)
    tree = await repository.tree(tx, words_of([*given.values(), *known.values()]))
    rows, corrections = dict[str, Product](), dict[str, list[ProductCorrection]]()
    for sku, told in given.items():
        product, first = filled(told, known.get(sku))
        rows[sku], more = tidied(product, tree)
        corrections[sku] = [*first, *more]
    changed = await repository.save_products(tx, list(rows.values()), version, corrections)
    if changed:
        new = [row for sku, row in rows.items() if sku in changed]
        places = {(word(p.category), p.department or "", p.category) for p in new if p.category}
        if places := {place for place in places if place[0]}:
            await repository.grow(tx, _once(places))
        tx.publish(ProductsChanged(new))
    return CatalogueResult(received=len(rows), changed=len(changed))


def _once(places: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """One spelling each of a word in a department, the same whatever the sequence."""
    return list({place[:2]: place for place in sorted(places, reverse=True)}.values())


async def set_synonyms(tx: Tx, wanted: CategorySynonyms) -> CategorySynonyms:
    """Words for categories, of which each means one that is no such word itself. Raises Problem
    422."""
    rows = {word(each.word): each for each in wanted.synonyms}
    if len(rows) < len(wanted.synonyms) or "" in rows:
        raise Problem(
            422, "word_twice", "A word means one category", pointer="/synonyms"
        )  # fmt: skip
    if any(word(each.category) in rows.keys() - {key} for key, each in rows.items()):
        raise Problem(
            422, "word_of_word", "A word means a category, not another word", pointer="/synonyms"
        )
    await repository.next_version(tx)
    named = [(key, each.department or "", each.category) for key, each in rows.items()]
    await repository.set_synonyms(tx, named)
    return await synonyms(tx)


async def synonyms(tx: Tx) -> CategorySynonyms:
    """Words for categories."""
    return CategorySynonyms(await repository.synonyms(tx))


async def write_stores(tx: Tx, stores: Sequence[Store]) -> CatalogueResult:
    """Save stores and tell which have changed."""
    rows = {store.store_id: store for store in stores}
    changed = await repository.save_stores(tx, list(rows.values()))
    if changed:
        tx.publish(StoresChanged([row for key, row in rows.items() if key in changed]))
    return CatalogueResult(received=len(rows), changed=len(changed))


async def product(tx: Tx, sku: str) -> ProductDetails:
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
