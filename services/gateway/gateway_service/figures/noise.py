"""Noise that hides a single member, and what it costs.

Sampled exactly, in whole numbers from the system's randomness: what a floating-point logarithm
would round tells more than epsilon says (Mironov 2012). The method is that of Canonne, Kamath and
Steinke, "The Discrete Gaussian for Differential Privacy" (2020), algorithms 1 and 2.
"""

import secrets
from fractions import Fraction


def laplace(scale: Fraction) -> int:
    """A whole number of the discrete Laplace distribution: P(n) ∝ exp(-|n| / scale)."""
    whole, parts = scale.numerator, scale.denominator
    while True:
        low = secrets.randbelow(whole)
        if not _below_exp(Fraction(low, whole)):
            continue
        high = 0
        while _below_exp(Fraction(1)):
            high += 1
        size = (low + whole * high) // parts
        negative = secrets.randbelow(2)
        if size or not negative:  # nought has no sign
            return -size if negative else size


def _below_exp(gamma: Fraction) -> bool:
    """True with the probability exp(-gamma), for gamma of 0 to 1."""
    k = 1
    while secrets.randbelow(gamma.denominator * k) < gamma.numerator:
        k += 1
    return k % 2 == 1
