"""Queries that travel together, over a real server."""

from typing import Any

import pytest

from chassis.database import Tx
from chassis.joint import Joint
from testkit.databases import Databases


async def numbers(tx: Tx, *wanted: int) -> list[Any]:
    """Each with its square, the greatest first."""
    return [
        tuple(row)
        for row in await tx.fetch(
            "SELECT n, n * n FROM unnest($1::int[]) AS n WHERE n < $2 ORDER BY n DESC",
            list(wanted), 100,
        )
    ]  # fmt: skip


async def twice(tx: Tx, n: int) -> tuple[int, Any]:
    """The second question needs the first one's answer."""
    square = await tx.fetchval("SELECT $1::int * $1::int", n)
    return square, await tx.fetchrow("SELECT $1::int + 1, '{\"a\": 1}'::jsonb", square)


async def both(tx: Tx, n: int) -> list[Any]:
    """A joint of their own."""
    joint = Joint(tx)
    one, other = joint.add(numbers(joint.tx, n)), joint.add(numbers(joint.tx, n + 1))
    await joint.ask()
    return [one.found, other.found]


@pytest.mark.parametrize("together", [True, False])
async def test_readers_get_what_they_would_alone(databases: Databases, together: bool) -> None:
    db = await databases.of("profile")
    async with db.transaction(readonly=True) as tx:
        joint = Joint(tx, together=together)
        some = joint.add(numbers(joint.tx, 3, 1, 200, 2))
        more = joint.add(twice(joint.tx, 7))
        none = joint.add(numbers(joint.tx))
        inner = joint.add(both(joint.tx, 5))
        await joint.ask()
        assert some.found == [(3, 9), (2, 4), (1, 1)]
        assert (more.found[0], tuple(more.found[1])) == (49, (50, {"a": 1}))
        assert none.found == []
        assert inner.found == [[(5, 25)], [(6, 36)]]


async def test_first_questions_are_one_statement_and_second_ones_the_next(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = await databases.of("profile")
    async with db.transaction(readonly=True) as tx:
        asked = []
        fetchrow = tx.fetchrow

        async def counted(query: str, *args: Any) -> Any:
            asked.append(query)
            return await fetchrow(query, *args)

        monkeypatch.setattr(tx, "fetchrow", counted)
        joint = Joint(tx)
        joint.add(twice(joint.tx, 1))
        joint.add(twice(joint.tx, 2))
        joint.add(both(joint.tx, 5))
        await joint.ask()
        assert len(asked) == 2
        assert asked[0].count("ARRAY(SELECT q") == 4


async def test_a_reader_that_wants_to_write_is_told(databases: Databases) -> None:
    db = await databases.of("profile")
    async with db.transaction() as tx:
        joint = Joint(tx)
        joint.add(joint.tx.execute("SELECT 1"))
        with pytest.raises(AttributeError):
            await joint.ask()
