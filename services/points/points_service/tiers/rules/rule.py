"""What a kind of condition is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """What conditions look at. `month_fen` is the spend of the month that counts."""

    growth: int
    month_fen: int
    referrals: int


@dataclass(frozen=True, slots=True)
class Rule:
    """`reached(standing)` is compared with the condition's `at_least`.

    A `monthly` condition starts from 0 every month, so it is held against a member at the monthly
    review only.
    """

    reached: Callable[[Standing], int]
    monthly: bool = False
