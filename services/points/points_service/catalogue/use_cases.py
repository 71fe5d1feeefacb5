"""What exists is remembered, what does not is asked again: nothing ever leaves the catalogue."""

from collections.abc import Mapping

from chassis.database import Tx
from points_service.catalogue import repository
from points_service.catalogue.domain import Goods

UNKNOWN = Goods()


class Catalogue:
    """Known articles and shops of this process. Not shared: each process learns its own."""

    def __init__(self) -> None:
        self.skus: set[str] = set()
        self.stores: set[str] = set()
        self.details: dict[str, Goods] = {}
        self.version = 0

    async def learn(self, tx: Tx, skus: set[str], stores: set[str]) -> int:
        """Look up what is not known yet; afterwards, what is not in the sets does not exist.

        Answers the version of what is remembered: another one is learnt anew.
        """
        version = await repository.version(tx)
        if version != self.version:
            self.skus, self.details, self.version = set(), {}, version
        if new := skus - self.skus:
            found = await repository.products(tx, new)
            self.details |= found
            self.skus |= found.keys()
        if unseen := stores - self.stores:
            self.stores |= await repository.stores(tx, unseen)
        return version

    def goods(self, sku: str) -> tuple[str | None, str | None]:
        """Department and category of an article that was learnt."""
        found = self.details.get(sku, UNKNOWN)
        return found.department, found.category


async def save_products(tx: Tx, products: Mapping[str, Goods]) -> None:
    """Keep what profile told."""
    if products and await repository.save_products(tx, products):
        await repository.next_version(tx)
