"""What rules look at: the cart at tier prices, and what is left of it to be taken off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from points_service.coupons.domain import Template


@dataclass(frozen=True, slots=True)
class Line:
    """Goods in a cart at list price. Department and category are None where nobody knows them."""

    sku: str
    quantity: int
    list_fen: int
    department: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Cart:
    """What somebody is about to buy, and where."""

    store: str
    channel: str
    lines: tuple[Line, ...]
    delivery_fen: int = 0


@dataclass(frozen=True, slots=True)
class Amounts:
    """Fen by line, and of the delivery."""

    lines: tuple[int, ...]
    delivery: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.lines) + self.delivery

    def less(self, taken: "Amounts") -> "Amounts":
        """What is left when that is taken off."""
        lines = tuple(a - b for a, b in zip(self.lines, taken.lines, strict=True))
        return Amounts(lines, self.delivery - taken.delivery)


@dataclass(frozen=True, slots=True)
class Question:
    """`base` are the tier prices, `left` what coupons before this one left of them.

    `scope` are the places of the lines the coupon is good for.
    """

    cart: Cart
    base: Amounts
    left: Amounts
    scope: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a coupon takes off, never more than is left; `gifts` are (sku, pieces) on top."""

    off: Amounts
    gifts: tuple[tuple[str, int], ...] = ()


Rule = Callable[[Template, Question], Taken]


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in proportion to `weights`, by largest remainder: the parts add up exactly.

    The earlier place wins a tie. No part is larger than its weight if `total` is not larger than
    their sum.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    missing = total - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda n: (-(total * weights[n] % whole), n))
    for n in by_remainder[:missing]:
        parts[n] += 1
    return parts


def over(scope: Sequence[int], parts: Sequence[int], lines: int) -> Amounts:
    """Amounts of the lines in `scope`; nothing on the others."""
    amounts = [0] * lines
    for place, part in zip(scope, parts, strict=True):
        amounts[place] = part
    return Amounts(tuple(amounts))
