"""Noise that hides a single member, and what it costs."""

import math
import secrets

_BITS = 53


def laplace(scale: float) -> int:
    """A whole number of the discrete Laplace distribution: P(n) ∝ exp(-|n| / scale).

    The difference of two geometric numbers, from the system's randomness.
    """
    return _geometric(scale) - _geometric(scale)


def _geometric(scale: float) -> int:
    uniform = (secrets.randbits(_BITS) + 1) / (1 << _BITS)  # in (0, 1]
    return math.floor(-math.log(uniform) * scale)
