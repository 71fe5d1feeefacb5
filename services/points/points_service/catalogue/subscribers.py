"""profile tells what was put into the catalogue."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.events import ProductsChanged, StoresChanged
from points_service.catalogue import repository


async def on_products(tx: Tx, events: Sequence[ProductsChanged]) -> None:
    """Articles were written."""
    await repository.add_products(tx, {each.sku for event in events for each in event.products})


async def on_stores(tx: Tx, events: Sequence[StoresChanged]) -> None:
    """Shops were written."""
    await repository.add_stores(tx, {each.store_id for event in events for each in event.stores})
