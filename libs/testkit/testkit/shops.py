"""Shopping made up, as `huiyuan train` reads it: of any size, and of shapes that real files have.

Members have rhythms of their own and leave at some time; goods are bought by favour and by chance.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_DAY = 86_400_000_000  # microseconds


class Shape(StrEnum):
    """What is odd about a file."""

    PLAIN = "plain"
    ROUGH = "rough"  # no store, few goods, returns, lines told twice, in no order, bare numbers
    ONCE = "once"  # nobody ever came back
    SHORT = "short"  # three days
    ALONE = "alone"  # one member
    RETURNS = "returns"  # everything was given back


def shop(
    members: int,
    lines: int,
    *,
    goods: int = 2000,
    days: int = 365,
    seed: int = 1,
    until: date = date(2025, 6, 1),
    shape: Shape = Shape.PLAIN,
) -> pl.DataFrame:
    """About so many lines of so many members in the `days` before `until`, at four a basket."""
    if shape is Shape.ALONE:
        members = 1
    if shape is Shape.SHORT:
        days = 3
    if shape is Shape.ROUGH:
        goods = 6
    dice = np.random.default_rng(seed)
    who, at = _visits(dice, members, max(lines // 4, 1), days, once=shape is Shape.ONCE)
    end = (until - date(1970, 1, 1)).days * _DAY
    size = 1 + dice.poisson(3, len(who))
    basket = np.repeat(np.arange(len(who)), size)
    rare = (dice.pareto(0.8, len(basket)) * 3).astype(np.int64)
    liked = np.where(dice.random(len(basket)) < 0.6, who[basket] * 7 + dice.integers(0, 5), rare)
    table = pl.DataFrame({
        "member": pl.Series(who[basket]).cast(pl.String),
        "order_no": pl.Series(basket).cast(pl.String),
        "at": pl.Series(end - days * _DAY + at[basket]).cast(pl.Datetime("us")),
        "sku": pl.Series(liked % goods).cast(pl.String),
        "quantity": dice.integers(1, 4, len(basket)),
        "amount_fen": (dice.gamma(2.0, 600.0, len(basket)) + 50).astype(np.int64),
        "store": pl.Series(who[basket] % 40).cast(pl.String),
    })  # fmt: skip
    return _rough(table, seed) if shape is Shape.ROUGH else _returned(table, shape)


def _visits(
    dice: np.random.Generator, members: int, visits: int, days: int, *, once: bool
) -> tuple[Ints, Ints]:
    """Who came, and when (microseconds from the first day), by member."""
    if once:
        return np.arange(members), (dice.random(members) * days * _DAY).astype(np.int64)
    rate = dice.gamma(1.0, 1.0, members) + 0.05
    who = np.sort(dice.choice(members, visits, p=rate / rate.sum()))
    stays = np.minimum(dice.exponential(days * 0.8, members) + 1, days)
    return who, (dice.random(visits) * stays[who] * _DAY).astype(np.int64)


def _returned(table: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    if shape is not Shape.RETURNS:
        return table
    return table.with_columns(-pl.col("quantity"), -pl.col("amount_fen"))


def _rough(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Some lines returned, some told twice; no store; in no order; members are numbers."""
    back = table.sample(fraction=0.1, seed=seed).with_columns(
        -pl.col("quantity"), -pl.col("amount_fen")
    )
    again = table.sample(fraction=0.1, seed=seed + 1)
    whole = pl.concat([table, back, again]).with_columns(pl.col("member").cast(pl.Int64))
    return whole.drop("store").sample(fraction=1.0, shuffle=True, seed=seed)
