"""Tell what is waited for: as it is collected, once it is known whose it was, and restocks."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import groupby

import msgspec
import numpy as np

from chassis.database import Tx
from contracts.behaviour import (
    BACK_IN_STOCK,
    BackInStock,
    BehaviourSeen,
    Interested,
    Seen,
    WatchesChanged,
)
from profile_service.collect.columns import Rows, moment
from profile_service.watches import repository
from profile_service.watches.domain import Happened, Watched, chosen, complete, wanted

AT_ONCE = 500  # a message
NEARBY = 5
RESTOCKS = 50  # a transaction
VIEWED = ("Product Viewed", "Product Clicked", "Product Added", "Product Added to Wishlist")
VIEWED_FOR, BOUGHT_FOR = timedelta(days=30), timedelta(days=180)


class Lookout:
    """What is waited for, in memory; a batch asks the database for a number only."""

    def __init__(self) -> None:
        self._version = 0
        self._watched = Watched()

    async def watched(self, tx: Tx) -> Watched:
        """As of this transaction."""
        version = await repository.version(tx)
        if version != self._version:
            self._watched = Watched(await repository.watches(tx))
            self._version = version
        return self._watched

    async def see(self, tx: Tx, found: Rows) -> None:
        """Tell those of the collected rows that are waited for, and still of use."""
        kinds = wanted((await self.watched(tx)).events, found.kinds)
        if not kinds:
            return
        places = np.flatnonzero(np.isin(found.kind, kinds) & (found.subjects > 0)).tolist()
        rows = [
            Happened(
                int(found.subjects[n]), event, moment(int(found.at[n])), channel,
                msgspec.json.decode(found.properties[n]),
            )
            for n in places
            for event, channel in [found.kinds[found.kind[n]]]
        ]  # fmt: skip
        await self._tell(tx, rows)

    async def recognised(self, tx: Tx, subjects: Collection[int]) -> None:
        """It is known now whose these identifiers are: tell what they did of late."""
        if not subjects or not (watched := await self.watched(tx)).longest:
            return
        since = tx.now - timedelta(minutes=watched.longest)
        done = await repository.done_since(tx, list(subjects), watched.events, since)
        await self._tell(tx, done)

    async def _tell(self, tx: Tx, rows: Sequence[Happened]) -> None:
        minutes = self._watched.minutes
        rows = [row for row in rows if tx.now - row.at <= timedelta(minutes=minutes[row.name])]
        people = await repository.people(tx, {row.subject for row in rows}) if rows else {}
        known = [(row, chosen(row.properties)) for row in rows if row.subject in people]
        if not known:
            return
        goods = await repository.goods(tx, {str(p["sku"]) for _, p in known if "sku" in p})
        ids = {str(p["store"]) for _, p in known if "store" in p}
        stores = await repository.stores(tx, ids, NEARBY)
        seen = [
            Seen(people[row.subject], row.name, row.at, row.channel, complete(told, goods, stores))
            for row, told in known
        ]
        for start in range(0, len(seen), AT_ONCE):
            tx.publish(BehaviourSeen(seen[start : start + AT_ONCE]))


async def restocked(tx: Tx, skus: Collection[str]) -> None:
    """These are there again; nothing is done about it unless somebody waits."""
    if skus and BACK_IN_STOCK in await repository.watches(tx):
        await repository.remember_restock(tx, skus)


async def follow(tx: Tx, events: Sequence[WatchesChanged]) -> None:
    """Keep what campaign waits for now."""
    last = max(events, key=lambda event: event.version)
    wanted = {watch.name: watch.within_minutes for watch in last.watches}
    await repository.set_watches(tx, last.version, wanted)


async def tell_restocks(tx: Tx) -> bool:
    """Tell some goods that are there again, each with those who wanted it; whether there may be
    more."""
    back = await repository.take_restocks(tx, RESTOCKS)
    if not back:
        return False
    rows = await repository.interested(
        tx, back, VIEWED, viewed=tx.now - VIEWED_FOR, bought=tx.now - BOUGHT_FOR
    )
    goods = await repository.goods(tx, back)
    for sku, group in groupby(rows, key=lambda row: str(row["sku"])):
        members = [Interested(row["member_id"], row["viewed"], row["bought"]) for row in group]
        known = goods.get(sku, {})
        for start in range(0, len(members), AT_ONCE):
            tx.publish(
                BackInStock(
                    sku, back[sku], members[start : start + AT_ONCE], known.get("name"),
                    known.get("category"), known.get("department"),
                )
            )  # fmt: skip
    return len(back) == RESTOCKS
