"""Buy till you die: BG/NBD for when, Gamma-Gamma for how much, by maximum likelihood.

Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way"; Fader & Hardie (2013), "The
Gamma-Gamma Model of Monetary Value". A member is (x, t_x, T): repeat purchases, when the last one
was, and how long it was looked; both times since the first purchase, in any one unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

Floats = NDArray[np.float64]
MAX_FITTED = 20_000  # members; more of them move the fourth digit of four parameters


@dataclass(frozen=True)
class Rhythm:
    """BG/NBD: purchases come at rates Gamma(r, alpha), and end at each with chance Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, x: Floats, t_x: Floats, t: Floats) -> Floats:
        """The chance that a member still is one. No score of churn: who is alive may buy yearly."""
        odds = np.log(self.a) - np.log(self.b + np.maximum(x, 1) - 1)
        odds = odds + (self.r + x) * (np.log(self.alpha + t) - np.log(self.alpha + t_x))
        return np.where(x > 0, 1 / (1 + np.exp(np.clip(odds, -700, 700))), 1.0)

    def nothing(self, x: Floats, t_x: Floats, t: Floats, horizon: float) -> Floats:
        """The chance of no purchase in the next `horizon`: gone, or alive and waiting.

        Alive members end only by a purchase, so their silence is exp(-rate x horizon) over the
        posterior Gamma(r + x, alpha + T) of the rate.
        """
        silent = ((self.alpha + t) / (self.alpha + t + horizon)) ** (self.r + x)
        alive = self.alive(x, t_x, t)
        return np.asarray(1 - alive + alive * silent)

    def expected(self, x: Floats, t_x: Floats, t: Floats, horizon: float) -> Floats:
        """Purchases to expect in the next `horizon` (equation 10 of the paper)."""
        a = self.a if abs(self.a - 1) > 1e-6 else self.a + 1e-6
        top = (a + self.b + x - 1) / (a - 1)
        z = horizon / (self.alpha + t + horizon)
        hyper = hyp2f1(self.r + x, self.b + x, a + self.b + x - 1, z)
        shrunk = ((self.alpha + t) / (self.alpha + t + horizon)) ** (self.r + x)
        many = top * (1 - shrunk * hyper) * self.alive(x, t_x, t)
        plain = (self.r + x) / (self.alpha + t) * horizon  # nobody ends: an upper bound
        return np.where(np.isfinite(many), np.clip(many, 0, plain), plain)


@dataclass(frozen=True)
class Worth:
    """Gamma-Gamma: purchases of a member are worth Gamma(p, v) each, v of Gamma(q, gamma)."""

    p: float
    q: float
    gamma: float

    def mean(self, x: Floats, average: Floats) -> Floats:
        """The mean worth of a member's purchases, given the average of `x` of them."""
        everybody = self.gamma * self.p / max(self.q - 1, 1e-3)
        known = self.p * x / (self.p * x + self.q - 1)
        return np.asarray((1 - known) * everybody + known * average)


def fit_rhythm(x: Floats, t_x: Floats, t: Floats) -> Rhythm:
    """The BG/NBD that makes these members likeliest."""
    x, t_x, t = (_thinned(column) for column in (x, t_x, t))
    scale = max(float(t.max()), 1e-9) / 40  # start values are of weeks

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        first = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        going = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t / scale)
        ended = np.where(
            x > 0,
            betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b)
            - (r + x) * np.log(alpha + t_x / scale),
            -np.inf,
        )  # fmt: skip
        return -float(np.mean(first + np.logaddexp(going, ended)))

    starts = [[0.3, 4.0, 0.8, 2.5], [1.0, 2.0, 0.3, 5.0], [2.0, 1.0, 0.05, 5.0]]
    r, alpha, a, b = np.exp(_best(loss, starts))
    return Rhythm(float(r), float(alpha * scale), float(a), float(b))


def fit_worth(x: Floats, average: Floats) -> Worth:
    """The Gamma-Gamma that makes these averages of `x` purchases likeliest; only x > 0 count."""
    use = (x > 0) & (average > 0)
    x, average = _thinned(x[use]), _thinned(average[use])
    if not len(x):
        return Worth(1.0, 2.0, 1.0)
    scale = float(average.mean()) / 35

    def loss(logs: Floats) -> float:
        p, q, gamma = np.exp(logs)
        z = average / scale
        likely = (
            gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
            + (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(gamma + x * z)
        )  # fmt: skip
        return -float(np.mean(likely))

    p, q, gamma = np.exp(_best(loss, [[6.0, 4.0, 15.0], [1.0, 3.0, 30.0]]))
    return Worth(float(p), float(q), float(gamma * scale))


def _thinned(column: Floats) -> Floats:
    """Every n-th member where there are very many."""
    return column[:: -(-len(column) // MAX_FITTED) or 1].astype(np.float64)


def _best(loss: Callable[[Floats], float], starts: list[list[float]]) -> Floats:
    """The logs of the parameters that lose least. Nelder and Mead's search: four parameters need
    no gradient, and it wakes no threads of a BLAS for matrices of four by four."""
    tries = sorted((loss(np.log(start)), start) for start in starts)
    found = minimize(
        loss,
        np.log(tries[0][1]),
        method="Nelder-Mead",
        bounds=[(-8, 9)] * len(starts[0]),
        options={"maxiter": 1000, "maxfev": 1000, "xatol": 1e-5, "fatol": 1e-9},
    )
    return np.asarray(found.x)
