"""How the next years compare with the next horizon, by BG/NBD: each member thins out, or not."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from profile_service.models.bgnbd import fit_rhythm
from profile_service.models.shopping import Shopping

Floats = NDArray[np.float64]
YEAR = 365
YEARS = 5


def ahead(shopping: Shopping, horizon: int) -> Floats:
    """Row by member code, column n: purchases expected within n + 1 years as a multiple of those
    within the horizon; at most what it would be if nobody ever left."""
    days = (
        shopping.lines.filter(pl.col("amount") > 0)
        .group_by("member")
        .agg(
            bought=pl.col("day").n_unique(),
            first=pl.col("day").min(),
            last=pl.col("day").max(),
        )
        .sort("member")
    )
    most = np.arange(1, YEARS + 1) * (YEAR / horizon)
    answer = np.tile(most, (len(shopping.members), 1))
    if days.is_empty():
        return answer
    x = days["bought"].cast(pl.Float64).to_numpy() - 1
    t_x = (days["last"] - days["first"]).cast(pl.Float64).to_numpy()
    t = np.maximum((shopping.as_of - days["first"]).cast(pl.Float64).to_numpy(), 1.0)
    rhythm = fit_rhythm(x, t_x, t)
    soon = np.maximum(rhythm.expected(x, t_x, t, horizon), 1e-12)
    later = np.column_stack([rhythm.expected(x, t_x, t, YEAR * n) for n in range(1, YEARS + 1)])
    answer[days["member"].to_numpy()] = np.clip(later / soon[:, None], 0, most)
    return answer
