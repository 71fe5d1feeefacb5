"""What a tier is worth to a member in a year, in fen: the measure behind the 40 % of a mall.

A tier's worth is, for somebody who buys the reference basket every month,

    price    basket · 12 · (100 − price percent) %
    points   basket · 12 · points percent %, at what a point is worth
    benefits value of a use · quota · periods a year (a period's value where there is no quota)

Benefits of kind `price` add nothing: the price percent has counted them already. Each part is
rounded down to the fen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from points_service.benefits.domain import Benefit, Kind
from points_service.tiers.domain import Grant, Ladder, LadderKind, Rung

LEAST_GAP = 40  # percent


@dataclass(frozen=True, slots=True)
class Basket:
    """The reference: fen a month at list price, and points that are worth one yuan."""

    month_fen: int = 100_000
    points_per_yuan: int = 100


@dataclass(frozen=True, slots=True)
class Gap:
    """A tier that is worth too little more than the one below: `missing_fen` short."""

    place: int
    worth_fen: int
    below_fen: int

    @property
    def missing_fen(self) -> int:
        """What it would have to be worth more."""
        return needed(self.below_fen) - self.worth_fen

    @property
    def above_percent(self) -> int | None:
        """See `above`."""
        return above(self.worth_fen, self.below_fen)


def worth(rung: Rung, benefits: Mapping[str, Benefit], basket: Basket) -> int:
    """Fen a year."""
    year = basket.month_fen * 12
    price = year * (100 - rung.price_percent) // 100
    points = year * rung.points_percent // (100 * basket.points_per_yuan)
    return price + points + sum(_granted(grant, benefits) for grant in rung.grants)


def _granted(grant: Grant, benefits: Mapping[str, Benefit]) -> int:
    benefit = benefits.get(grant.benefit_id)
    if benefit is None or benefit.kind is Kind.PRICE or not benefit.active:
        return 0
    return benefit.value_fen * (grant.quota or 1) * benefit.period.a_year


def needed(below_fen: int) -> int:
    """The least a tier above one of that worth must be worth: 40 % more, and more than nothing."""
    return max(1, -(-below_fen * (100 + LEAST_GAP) // 100))


def above(worth_fen: int, below_fen: int) -> int | None:
    """By how many percent a tier is worth more than the one below, rounded down; None above 0."""
    return None if below_fen == 0 else (worth_fen - below_fen) * 100 // below_fen


def gaps(ladder: Ladder, benefits: Mapping[str, Benefit], basket: Basket) -> Sequence[Gap]:
    """Tiers of a mall ladder that differ too little from the one below; none for other ladders."""
    if ladder.kind is not LadderKind.MALL:
        return ()
    values = [worth(rung, benefits, basket) for rung in ladder.rungs]
    return [
        Gap(place, value, below)
        for place, (below, value) in enumerate(pairwise(values), 1)
        if value < needed(below)
    ]
