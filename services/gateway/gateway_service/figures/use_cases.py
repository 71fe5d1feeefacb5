"""Give figures coarsely, and remember what was given."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from chassis.clock import local_date
from chassis.database import Database, Tx
from gateway_service.figures import repository
from gateway_service.figures.domain import (
    SMALLEST,
    Figure,
    Figures,
    Given,
    gathered,
    left_out,
    nearest,
    swept,
)
from gateway_service.figures.noise import laplace


@dataclass(frozen=True, slots=True)
class Noise:
    """`epsilon` a new value, 0 for none; `budget` of it a month."""

    epsilon: float = 0.0
    budget: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """`key` names what was asked for; `told` writes down that it was."""

    key: str
    told: Callable[[Tx], None]


async def coarse(
    db: Database, noise: Noise, figures: Figures, answer: dict[str, Any], asked: Asked
) -> None:
    """Make the figures of an answer coarse, in place."""
    wholes = gathered(figures, answer, asked.key)
    async with db.transaction() as tx:
        asked.told(tx)
        await repository.hold(tx)
        given = await repository.given(tx, [each.key for whole in wholes for each in whole])
        fresh = [new for whole in wholes for new in await _answered(tx, noise, whole, given)]
        if fresh:
            await repository.give(tx, fresh)
    swept(figures, answer)


async def _answered(
    tx: Tx, noise: Noise, whole: list[Figure], given: defaultdict[str, list[Given]]
) -> list[tuple[str, int, int]]:
    """Put what may be said of each part; answers the values that are new."""
    before = {
        each.key: near for each in whole if (near := nearest(each, given[each.key])) is not None
    }
    hidden = left_out({each.key: each.members for each in whole}, before)
    fresh = []
    for each in whole:
        if each.key in hidden:
            each.put(0)
        elif each.key in before:
            each.put(before[each.key])
        else:
            value = await _noisy(tx, noise, each)
            each.put(value or 0)
            if value is not None:
                fresh.append((each.key, value, each.gap))
    return fresh


async def _noisy(tx: Tx, noise: Noise, figure: Figure) -> int | None:
    """The value with noise, if there is to be any; None when the month's budget is spent."""
    if not noise.epsilon:
        return figure.value
    month = local_date(tx.now).replace(day=1)
    if not await repository.spend(tx, month, noise.epsilon, noise.budget):
        return None
    worth = Fraction(figure.gap, SMALLEST)  # of one member
    floor = SMALLEST if figure.members == figure.value else 0
    return max(floor, figure.value + laplace(worth / Fraction(str(noise.epsilon))))
