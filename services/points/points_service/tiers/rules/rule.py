"""What a kind of condition is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

LONGEST_WINDOW = 24  # months


@dataclass(frozen=True, slots=True)
class Month:
    """What a member did in a month: orders kept, fen paid for them, interactions."""

    orders: int = 0
    fen: int = 0
    interactions: int = 0

    def plus(self, other: "Month") -> "Month":
        """Both together."""
        return Month(
            self.orders + other.orders,
            self.fen + other.fen,
            self.interactions + other.interactions,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What conditions look at.

    `month_fen` is the spend of the month that counts; `months` begins with that month and goes
    back, as far as the ladder's windows ask. `social` counts social and green deeds.
    """

    growth: int
    month_fen: int
    referrals: int
    social: int = 0
    months: Sequence[Month] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """`reached(standing, months)` is compared with the condition's `at_least`.

    `windowed`: the condition names how many months count, the present one included; for others
    `months` is 0. What is `monthly` or windowed passes with time, so it is held against a member at
    the monthly review only.
    """

    reached: Callable[[Standing, int], int]
    monthly: bool = False
    windowed: bool = False
