"""Gradient boosted trees: LightGBM, and scikit-learn's where LightGBM cannot be loaded.

LightGBM's wheel for Linux wants the system's libgomp.so.1, which slim images lack. scikit-learn's
wheel carries the same library under another name, so a copy of it that says the wanted name is
loaded first, and the system needs nothing.
"""

from __future__ import annotations

import ctypes
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Objective = Literal["mae", "binary"]
SMALL = 120_000  # rows up to which a second thread costs more than it brings
_WANTED = b"libgomp.so.1\0"


def lend_openmp() -> bool:
    """Load scikit-learn's libgomp under the name LightGBM asks for; False if there is none."""
    spec = find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        return False
    beside = Path(spec.submodule_search_locations[0]).parent / "scikit_learn.libs"
    found = sorted(beside.glob("libgomp-*.so.1*"))
    if not found:
        return False
    name = found[0].name.encode() + b"\0"
    renamed = found[0].read_bytes().replace(name, _WANTED.ljust(len(name), b"\0"))
    with tempfile.NamedTemporaryFile(prefix="libgomp-", suffix=".so.1") as copy:
        copy.write(renamed)
        copy.flush()
        ctypes.CDLL(copy.name, mode=ctypes.RTLD_GLOBAL)
    return True


@cache
def lightgbm() -> Any:
    """The module, or None where it cannot be loaded."""
    try:
        import lightgbm as module  # noqa: PLC0415
    except OSError:
        for name in [name for name in sys.modules if name.split(".")[0] == "lightgbm"]:
            del sys.modules[name]  # half imported
        try:
            if not lend_openmp():
                return None
            import lightgbm as module  # noqa: PLC0415
        except OSError:
            return None
    return module


def _threads(rows: int) -> int:
    return 1 if rows <= SMALL else 2


def engine() -> str:
    """Which library trains: part of every report."""
    module = lightgbm()
    return f"lightgbm {module.__version__}" if module else "scikit-learn (LightGBM not loadable)"


@dataclass(frozen=True)
class Effort:
    """How long to train: trees, how much each adds, and their leaves."""

    rounds: int
    rate: float
    leaves: int


@dataclass(frozen=True)
class Trees:
    """Trained trees; `names` are the columns of the matrices they take."""

    model: Any
    names: Sequence[str]
    binary: bool

    def predict(self, matrix: Matrix) -> Matrix:
        """One value a row: the expectation, or a probability."""
        if lightgbm() is not None:
            made = self.model.predict(matrix, num_threads=_threads(len(matrix)))
        elif self.binary:
            made = self.model.predict_proba(matrix)[:, 1]
        else:
            made = self.model.predict(matrix)
        return np.asarray(made, dtype=np.float64)

    def contributions(self, matrix: Matrix) -> Matrix | None:
        """How much each column adds to each row's log odds; None where trees cannot tell."""
        if lightgbm() is None:
            return None
        threads = _threads(len(matrix))
        made = self.model.predict(matrix, pred_contrib=True, num_threads=threads)
        return np.asarray(made[:, :-1], dtype=np.float64)

    def importance(self) -> list[tuple[str, float]]:
        """Columns and their share of all gain, the largest first; empty where unknown."""
        if lightgbm() is None:
            return []
        gain = self.model.feature_importance("gain")
        share = gain / max(gain.sum(), 1e-12)
        return sorted(zip(self.names, share.tolist(), strict=True), key=lambda pair: -pair[1])


def fit(
    matrix: Matrix, target: Matrix, names: Sequence[str], objective: Objective, effort: Effort
) -> Trees:
    """Train on rows; the same rows give the same trees."""
    make = _scikit if lightgbm() is None else _lightgbm
    model = make(matrix, target, names, objective, effort)
    return Trees(model, list(names), objective == "binary")


def _lightgbm(
    matrix: Matrix, target: Matrix, names: Sequence[str], objective: Objective, effort: Effort
) -> Any:
    options = {
        "objective": {"mae": "regression_l1", "binary": "binary"}[objective],
        "learning_rate": effort.rate,
        "num_leaves": effort.leaves,
        "min_data_in_leaf": max(10, min(60, len(target) // 100)),
        "feature_fraction": 0.5,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": 127,
        "seed": 1,
        "num_threads": _threads(len(matrix)),
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    module = lightgbm()
    data = module.Dataset(matrix, target, feature_name=list(names))
    return module.train(options, data, num_boost_round=effort.rounds)


def _scikit(
    matrix: Matrix, target: Matrix, _names: Sequence[str], objective: Objective, effort: Effort
) -> Any:
    from sklearn.ensemble import (  # noqa: PLC0415
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )

    options: dict[str, Any] = {
        "learning_rate": effort.rate,
        "max_iter": effort.rounds,
        "max_leaf_nodes": effort.leaves,
        "l2_regularization": 5.0,
        "max_features": 0.5,
        "early_stopping": False,
        "random_state": 1,
    }
    if objective == "binary":
        return HistGradientBoostingClassifier(**options).fit(matrix, target)
    return HistGradientBoostingRegressor(loss="absolute_error", **options).fit(matrix, target)
