"""How good predictions were. Arrays are one value a member; all figures are plain floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
K = TypeVar("K")
S = TypeVar("S")
TOP = 0.2


def spend(predicted: Floats, actual: Floats) -> dict[str, float]:
    """Mean absolute error (in the unit given), Spearman's rho, share of the ideal top 20 %
    caught, and what was predicted of everything that came (1: unbiased)."""
    top = max(1, int(len(actual) * TOP))
    best = np.sort(actual)[::-1][:top].sum()
    chosen = np.argsort(-predicted, kind="stable")[:top]
    return {
        "mae": float(np.abs(predicted - actual).mean()),
        "spearman": correlation(_ranks(predicted), _ranks(actual)),
        "top20_capture": float(actual[chosen].sum() / best) if best > 0 else 1.0,
        "predicted_of_actual": float(predicted.sum() / actual.sum()) if actual.sum() > 0 else 0.0,
    }


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, the mean of their places for equal values."""
    return pl.Series(values).rank("average").to_numpy()


def _auc(predicted: Floats, happened: Floats) -> float:
    """The chance that one to whom it happened was given more than one to whom it did not."""
    many, few = happened.sum(), (1 - happened).sum()
    if not many or not few:
        return 0.5
    above = _ranks(predicted)[happened > 0].sum() - many * (many + 1) / 2
    return float(above / (many * few))


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's; 0 where one of them does not vary."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def chance(predicted: Floats, happened: Floats) -> dict[str, float]:
    """AUC, Brier score, expected calibration error of ten equally large bins, and both means."""
    return {
        "auc": _auc(predicted, happened),
        "brier": float(np.square(predicted - happened).mean()),
        "ece": calibration_error(predicted, happened),
        "rate": float(happened.mean()),
        "predicted_rate": float(predicted.mean()),
    }


def calibration(predicted: Floats, happened: Floats, bins: int = 10) -> list[dict[str, float]]:
    """Tenths that hold somebody: at_least, members, mean prediction, and rate."""
    place = np.minimum((predicted * bins).astype(int), bins - 1)
    return [
        {
            "at_least": number / bins,
            "members": int((place == number).sum()),
            "predicted": float(predicted[place == number].mean()),
            "happened": float(happened[place == number].mean()),
        }
        for number in range(bins)
        if (place == number).any()
    ]


def calibration_error(predicted: Floats, happened: Floats) -> float:
    """Mean distance between prediction and rate over the bins of `calibration`."""
    table = calibration(predicted, happened)
    return sum(
        row["members"] * abs(row["predicted"] - row["happened"]) for row in table
    ) / len(predicted)  # fmt: skip


def ndcg(ranked: Mapping[K, Sequence[S]], bought: Mapping[K, set[S]], top: int = 10) -> float:
    """Mean NDCG of ranked goods over those members who bought something of the kind."""
    worth = 1 / np.log2(np.arange(2, top + 2))
    found = [
        sum(worth[place] for place, sku in enumerate(ranked.get(member, ())[:top]) if sku in skus)
        / worth[: min(top, len(skus))].sum()
        for member, skus in bought.items()
        if skus
    ]
    return float(np.mean(found)) if found else 0.0
