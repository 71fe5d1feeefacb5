"""Rows that a merge hands to the survivor, and a split hands back.

A row that ever changed hands is in `moved` under whose it was first. So it finds its way home after
any sequence of merges and splits, and rows that came while two were one stay where they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Tx

Pairs = Sequence[tuple[UUID, UUID]]
"""(absorbed, survivor)."""


@dataclass(frozen=True, slots=True)
class Moving:
    """A table whose `column` says whose a row is; `key` is what tells its rows apart."""

    table: str
    key: tuple[str, ...]
    column: str = "member_id"

    @property
    def kind(self) -> str:
        """Its name in `moved`."""
        return f"{self.table}.{self.column}"

    @property
    def name(self) -> str:
        """SQL for a row's key as text."""
        return "concat_ws(chr(31), " + ", ".join(f"t.{name}::text" for name in self.key) + ")"


async def move(tx: Tx, things: Iterable[Moving], merges: Pairs) -> None:
    """The absorbed members' rows are the survivors' now."""
    for thing in things:
        await tx.execute(
            f"WITH gone AS (UPDATE {thing.table} t SET {thing.column} = p.survivor"
            " FROM unnest($1::uuid[], $2::uuid[]) AS p (absorbed, survivor)"
            f" WHERE t.{thing.column} = p.absorbed RETURNING {thing.name} AS key, p.absorbed)"
            f" INSERT INTO moved (kind, key, owner_id) SELECT '{thing.kind}', key, absorbed"
            " FROM gone ON CONFLICT DO NOTHING",
            [absorbed for absorbed, _ in merges],
            [survivor for _, survivor in merges],
        )


async def give_back(
    tx: Tx, things: Iterable[Moving], root: UUID, restored: UUID, owners: Iterable[UUID]
) -> None:
    """Rows that were first of one of `owners` and are the root's now are the restored one's."""
    for thing in things:
        await tx.execute(
            f"WITH back AS (UPDATE {thing.table} t SET {thing.column} = $2 FROM moved m"
            f" WHERE m.kind = '{thing.kind}' AND m.owner_id = ANY($3::uuid[])"
            f" AND t.{thing.column} = $1 AND m.key = {thing.name} RETURNING m.key, m.owner_id)"
            f" DELETE FROM moved m USING back WHERE m.kind = '{thing.kind}' AND m.key = back.key"
            " AND m.owner_id = $2",
            root, restored, list(owners),
        )  # fmt: skip
