"""What exists is remembered, what does not is asked again: nothing ever leaves the catalogue."""

from chassis.database import Tx
from points_service.catalogue import repository


class Catalogue:
    """Known articles and shops of this process. Not shared: each process learns its own."""

    def __init__(self) -> None:
        self.skus: set[str] = set()
        self.stores: set[str] = set()

    async def learn(self, tx: Tx, skus: set[str], stores: set[str]) -> None:
        """Look up what is not known yet; afterwards, what is not in the sets does not exist."""
        if new := skus - self.skus:
            self.skus |= await repository.products(tx, new)
        if unseen := stores - self.stores:
            self.stores |= await repository.stores(tx, unseen)
