"""Rules that are data: a table of (id, definition) a kind, in the shape of its contract."""

from typing import TypeVar

from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Model

Definition = TypeVar("Definition", bound=Model)


class Definitions:
    """`table` has `column` as its key and the model as `definition`."""

    def __init__(self, table: str, column: str) -> None:
        self._table, self._column = table, column

    async def all(self, tx: Tx, model: type[Definition]) -> list[Definition]:
        """All of them, by id."""
        rows = await tx.fetch(f"SELECT definition FROM {self._table} ORDER BY {self._column}")
        return [model.model_validate(row["definition"]) for row in rows]

    async def find(self, tx: Tx, model: type[Definition], key: str) -> Definition | None:
        """One by its id, or None."""
        found = await tx.fetchval(
            f"SELECT definition FROM {self._table} WHERE {self._column} = $1", key
        )
        return None if found is None else model.model_validate(found)

    async def put(self, tx: Tx, key: str, definition: Model) -> Model:
        """Keep it under the id of the path; raises Problem 422 where its own says otherwise."""
        if getattr(definition, self._column) != key:
            raise Problem(422, "other_id", "The path names another one", pointer=f"/{self._column}")
        await tx.execute(
            f"INSERT INTO {self._table} VALUES ($1, $2)"
            f" ON CONFLICT ({self._column}) DO UPDATE SET definition = excluded.definition",
            key, definition.model_dump(mode="json"),
        )  # fmt: skip
        return definition
