"""Somebody with every right in the database, who changes one thing in the books at a time."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import asyncpg

from chassis.database import Tx


@dataclass
class Thief:
    """`entries` is the query for what the books hold."""

    tx: Tx
    draw: random.Random
    entries: str

    async def entry(self) -> Any:
        """Some entry."""
        return self.draw.choice(await self.tx.fetch(self.entries))

    async def run(self, query: str, *args: Any) -> str:
        """Run; answers query and arguments."""
        tag = await self.tx.execute(query, *args)
        assert not tag.endswith(" 0"), (query, args)
        return f"{query} {args}"


Deed = Callable[[Thief], Awaitable[str]]


async def missed(
    owner: Tx, entries: str, deeds: Sequence[Deed], clean: Callable[[], Awaitable[bool]], times: int
) -> list[str]:
    """Deeds after which the books still look `clean`, of so many random ones, each undone.

    What the tables themselves refuse does not count.
    """
    unseen: list[str] = []
    done = 0
    seeds = count()
    while done < times:
        undo = owner.conn.transaction()
        await undo.start()
        draw = random.Random(next(seeds))
        deed = draw.choice(deeds)
        try:
            what = await deed(Thief(owner, draw, entries))
        except asyncpg.IntegrityConstraintViolationError:
            continue
        else:
            done += 1
            if await clean():
                unseen.append(f"{deed.__name__}: {what}")
        finally:
            await undo.rollback()
    return unseen
