"""profile tells what was put into the catalogue."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.events import ProductsChanged, StoresChanged
from points_service.catalogue import repository, use_cases
from points_service.catalogue.domain import Goods


async def on_products(tx: Tx, events: Sequence[ProductsChanged]) -> None:
    """Articles were written; what is told last counts."""
    await use_cases.save_products(
        tx,
        {
            each.sku: Goods(each.department, each.category, each.brand)
            for event in events
            for each in event.products
        },
    )


async def on_stores(tx: Tx, events: Sequence[StoresChanged]) -> None:
    """Shops were written."""
    await repository.add_stores(tx, {each.store_id for event in events for each in event.stores})
