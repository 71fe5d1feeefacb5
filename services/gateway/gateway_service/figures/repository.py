"""Values that were given, and the month's budget of noise."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from chassis.database import Tx
from gateway_service.figures.domain import Given


async def hold(tx: Tx) -> None:
    """One answer at a time decides what is new."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('gateway:figures'))")


async def given(tx: Tx, keys: Sequence[str]) -> defaultdict[str, list[Given]]:
    """Every value that was ever given for these figures."""
    rows = await tx.fetch(
        "SELECT key, value, gap FROM given_figure WHERE key = ANY ($1::text[])", keys
    )
    found: defaultdict[str, list[Given]] = defaultdict(list)
    for row in rows:
        found[row["key"]].append(Given(row["value"], row["gap"]))
    return found


async def give(tx: Tx, fresh: Sequence[tuple[str, int, int]]) -> None:
    """New values (key, value, gap)."""
    keys, values, gaps = (list(column) for column in zip(*fresh, strict=True))
    await tx.execute(
        "INSERT INTO given_figure (key, value, gap, at)"
        " SELECT key, value, gap, $4 FROM unnest($1::text[], $2::bigint[], $3::bigint[])"
        " AS fresh (key, value, gap) ON CONFLICT DO NOTHING",
        keys, values, gaps, tx.now,
    )  # fmt: skip


async def spend(tx: Tx, month: date, epsilon: float, budget: float) -> bool:
    """Take from the month's budget; False if there is not enough left."""
    await tx.execute(
        "INSERT INTO figure_budget (month, spent) VALUES ($1, 0) ON CONFLICT DO NOTHING", month
    )
    spent = await tx.fetchval(
        "UPDATE figure_budget SET spent = spent + $2 WHERE month = $1 AND spent + $2 <= $3"
        " RETURNING spent",
        month, epsilon, budget,
    )  # fmt: skip
    return spent is not None
