"""Several queries in one round trip, each written and read where it belongs."""

from __future__ import annotations

import functools
import re
from collections.abc import Coroutine, Generator, Sequence
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar, cast

from chassis.database import Query, Tx, compiled

Found = TypeVar("Found")
_PLACEHOLDER = re.compile(r"\$(\d+)")


class _Asked(NamedTuple):
    sql: str
    args: Sequence[Any]


class _Pause:
    """Awaited, it hands queries to whoever drives the reader, and answers with their rows."""

    def __init__(self, asked: Sequence[_Asked]) -> None:
        self._asked = asked

    def __await__(self) -> Generator[Sequence[_Asked], list[Sequence[Any]], list[Sequence[Any]]]:
        return (yield self._asked)


class _Reader(Tx):
    """What readers get instead of the transaction. It only asks."""

    def __init__(self, tx: Tx) -> None:
        self.now, self.ids = tx.now, tx.ids

    async def fetch(self, query: Query, *args: Any) -> list[Any]:
        [rows] = await _Pause([_Asked(*compiled(query, args))])
        return list(rows)

    async def fetchrow(self, query: Query, *args: Any) -> Any:
        rows = await self.fetch(query, *args)
        return rows[0] if rows else None

    async def fetchval(self, query: Query, *args: Any) -> Any:
        row = await self.fetchrow(query, *args)
        return None if row is None else row[0]

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"readers only ask: {name}")


class Answer(Generic[Found]):
    """What a reader found; there after `Joint.ask`."""

    found: Found


class Joint:
    """Readers of one transaction whose queries travel together.

    ```
    joint = Joint(tx)
    bought = joint.add(purchases(joint.tx, member))
    seen = joint.add(visits(joint.tx, member))
    await joint.ask()
    bought.found, seen.found
    ```
    Readers await nothing but `fetch`, `fetchrow` and `fetchval`, and take columns by their place:
    rows have no names here. Their first queries are one statement, their second ones the next. For
    few rows: the answer is one row. A joint may be part of another. `together=False`: one by one.
    """

    def __init__(self, tx: Tx, *, together: bool = True) -> None:
        self._tx, self._together = tx, together
        self._readers: list[tuple[Coroutine[Any, Any, Any], Answer[Any]]] = []
        self.tx: Tx = _Reader(tx)

    def add(self, reader: Coroutine[Any, Any, Found]) -> Answer[Found]:
        """One more reader; it has to use `self.tx`."""
        answer: Answer[Found] = Answer()
        self._readers.append((reader, answer))
        return answer

    async def ask(self) -> None:
        """Run all readers to their end."""
        waiting = []
        try:
            for reader, answer in self._readers:
                if (asked := _next(reader, answer, None)) is not None:
                    waiting.append((reader, answer, asked))
            while waiting:
                told = iter(await self._rows([one for *_, asked in waiting for one in asked]))
                before, waiting = waiting, []
                for reader, answer, asked in before:
                    more = _next(reader, answer, [next(told) for _ in asked])
                    if more is not None:
                        waiting.append((reader, answer, more))
        finally:
            for reader, _ in self._readers:
                reader.close()

    async def _rows(self, asked: Sequence[_Asked]) -> Sequence[Sequence[Any]]:
        if isinstance(self._tx, _Reader):
            return await _Pause(asked)
        if len(asked) == 1 or not self._together:
            return [await self._tx.fetch(one.sql, *one.args) for one in asked]
        await self._tx.plan_once()  # many queries in one take PostgreSQL longer to plan than to run
        args = [arg for one in asked for arg in one.args]
        text = _joined(tuple((one.sql, len(one.args)) for one in asked))
        return cast(Sequence[Sequence[Any]], await self._tx.fetchrow(text, *args))


def _next(
    reader: Coroutine[Any, Any, Found], answer: Answer[Found], told: Any
) -> Sequence[_Asked] | None:
    """Let a reader go on; what it asks now, None if it is done."""
    try:
        return cast(Sequence[_Asked], reader.send(told))
    except StopIteration as end:
        answer.found = end.value
        return None


@functools.lru_cache(maxsize=256)
def _joined(queries: tuple[tuple[str, int], ...]) -> str:
    """One statement, a column of rows for each of these."""
    parts, before = [], 0
    for sql, args in queries:
        moved = _PLACEHOLDER.sub(functools.partial(_move, before), sql)
        parts.append(f"ARRAY(SELECT q FROM ({moved}) AS q)")
        before += args
    return f"SELECT {', '.join(parts)}"


def _move(by: int, found: re.Match[str]) -> str:
    return f"${int(found[1]) + by}"
