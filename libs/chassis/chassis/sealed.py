"""Sealed columns, block by block: the gateway reads tokens here and writes newer ones back.

A service declares its columns (`Service(sealed=["member.name"])`); text and documents alike, any
token in them is found. A page is a range of blocks of one partition, so that reading a table once
costs one scan. Writing compares with what was read: whoever wrote in between wins.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from chassis.database import Tx
from chassis.problem import Problem
from chassis.web import APIRouter, ReadDep, TxDep, bulk_body, encoded
from contracts.inner import SealedPage, SealedPageRequest, SealedSwap, Swapped

BLOCKS = 64  # half a megabyte of heap
_SEALED = "%hy_.%"
_PARTITIONS = """
SELECT c.oid::regclass::text AS name, pg_relation_size(c.oid) / current_setting('block_size')::int
    AS blocks, format_type(a.atttypid, NULL) AS type
FROM (SELECT relid FROM pg_partition_tree($1::text::regclass) UNION SELECT $1::text::regclass) p
JOIN pg_class c ON c.oid = p.relid AND c.relkind = 'r'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $2
"""


class SealedColumns:
    """The places (`<table>.<column>`) of one service that hold tokens."""

    def __init__(self, places: Sequence[str]) -> None:
        self.places = tuple(places)

    async def page(self, tx: Tx, request: SealedPageRequest) -> SealedPage:
        """Rows with tokens in the blocks after the cursor. Raises Problem 404."""
        table, column = self._split(request.place)
        name, _, number = request.cursor.rpartition(":")
        partitions = {row["name"]: row["blocks"] for row in await _partitions(tx, table, column)}
        left = sorted(each for each in partitions if each >= name)
        if not left:  # the last one was dropped meanwhile
            return SealedPage()
        here, first = left[0], int(number or 0) if left[0] == name else 0
        rows = await tx.fetch(
            f"SELECT ctid::text AS at, {column}::text AS value FROM {here}"
            " WHERE ctid >= $1::text::tid AND ctid < $2::text::tid"
            f" AND {column}::text LIKE ANY($3::text[])",
            f"({first},0)", f"({first + BLOCKS},0)",
            [f"%{text}%" for text in request.containing] or [_SEALED],
        )  # fmt: skip
        following = f"{here}:{first + BLOCKS}"
        if first + BLOCKS >= partitions[here]:
            following = f"{left[1]}:0" if left[1:] else ""
        return SealedPage([(row["at"], row["value"]) for row in rows], here, following)

    async def swap(self, tx: Tx, swap: SealedSwap) -> int:
        """Write newer tokens where the older ones still are; how many rows that were."""
        table, column = self._split(swap.place)
        types = {row["name"]: row["type"] for row in await _partitions(tx, table, column)}
        kind = types.get(swap.partition)
        if kind is None:  # dropped meanwhile
            return 0
        tag = await tx.execute(
            f"UPDATE {swap.partition} t SET {column} = n.new::{kind}"
            " FROM (SELECT DISTINCT old, new FROM unnest($2::text[], $3::text[]) AS m (old, new)) n"
            f" WHERE t.ctid = ANY($1::text[]::tid[]) AND t.{column}::text = n.old",
            [at for at, _, _ in swap.rows],
            [old for _, old, _ in swap.rows],
            [new for _, _, new in swap.rows],
        )
        return int(tag.rpartition(" ")[2])

    def _split(self, place: str) -> tuple[str, str]:
        if place not in self.places:
            raise Problem(404, "no_such_place", "No sealed column is declared here")
        table, _, column = place.partition(".")
        return table, column


async def _partitions(tx: Tx, table: str, column: str) -> list[Any]:
    return await tx.fetch(_PARTITIONS, table, column)


def sealed_router(columns: SealedColumns) -> APIRouter:
    """The routes of an inner service."""
    router = APIRouter(prefix="/internal/sealed")

    @router.get("")
    async def places() -> list[str]:
        """The declared places."""
        return list(columns.places)

    @router.post("/page")
    async def page(
        body: Annotated[SealedPageRequest, bulk_body(SealedPageRequest)], tx: ReadDep
    ) -> Any:
        """Rows with tokens."""
        return encoded(await columns.page(tx, body))

    @router.post("/swap")
    async def swap(body: Annotated[SealedSwap, bulk_body(SealedSwap)], tx: TxDep) -> Any:
        """Compare and set."""
        return encoded(Swapped(await columns.swap(tx, body)))

    return router
