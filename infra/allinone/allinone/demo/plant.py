"""Generated shoppers beside the households of the data set, and the effect planted in them.

The households replay history: whatever is sent to them, they buy what they bought. So a campaign's
true effect on them is zero. The shoppers here can respond: they read what they really received (a
message that was decided and did not leave changes nothing), and `PLANTED` says what a text does to
them. A report is right when its interval holds what is planted here, and nothing else tells it.
They stay for a season and are gone long before models are trained.

Pure functions of fixed hashes: two runs, killed or not, see the same shoppers do the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from allinone.demo.dataset import FIRST_DAY, Dataset
from allinone.demo.plan import draw
from contracts.events import OrderLine

SHOPPERS = 800
FEWER = 4  # at most; among a handful no effect is found
FIRST = 900_001  # their numbers, above those of all households
JOIN_ON = date(2017, 1, 4)
BUY_FROM, BUY_UNTIL = date(2017, 1, 5), date(2017, 4, 14)  # their season
WINDOW = 14  # days after a decision in which a report looks at what is bought
BASE = (0.10, 0.50)  # chance that a shopper buys in a window anyway, drawn for each between these


@dataclass(frozen=True, slots=True)
class Effect:
    """Who reads a text with this `phrase` and got it: `points` percentage points more of them buy
    within the window than would have anyway."""

    phrase: str
    points: float


PLANTED = (Effect("专属好礼", 20.0), Effect("母婴专享", 25.0))

RESPONDS_WITHIN = 10  # days; the first one is the day after the message
LINES_AT_MOST = 3
POOL = 500  # lines of the data set that baskets are made of


@dataclass(frozen=True, slots=True)
class Visit:
    """A purchase of a shopper; `order_no` is the same whenever the day is played."""

    order_no: str
    shopper: int
    at: datetime
    store_id: int
    paid_fen: int
    lines: list[OrderLine]


def numbers(every: int = 1) -> range:
    """The shoppers' numbers; fewer in tests, as of the households."""
    return range(FIRST, FIRST + SHOPPERS // min(every, FEWER))


def is_shopper(number: int) -> bool:
    """Whether a number is that of a generated shopper, not of a household."""
    return number >= FIRST


def base_chance(shopper: int) -> float:
    """The chance that a shopper buys within a window without any message."""
    low, high = BASE
    return low + (high - low) * draw("shopper's base", shopper) / 10_000


def buys_anyway(shopper: int, day: date) -> bool:
    """Whether a shopper buys on a day of its own accord; days are independent."""
    return BUY_FROM <= day <= BUY_UNTIL and draw("buys", shopper, day) < _daily(shopper)


@lru_cache(SHOPPERS)
def _daily(shopper: int) -> float:
    return float(10_000 * (1 - (1 - base_chance(shopper)) ** (1 / WINDOW)))


def effect_of(text: str) -> Effect | None:
    """What is planted behind a text; None: nothing, it is a placebo."""
    return next((each for each in PLANTED if each.phrase in text), None)


def responds_on(shopper: int, effect: Effect, sent_on: date) -> date | None:
    """The day on which a shopper buys because of a message, and would not have bought within the
    window otherwise; None: the message changes nothing.

    Of those who would not have bought (`1 - base_chance` of them) `points / (1 - base_chance)`
    respond, which makes `points` of all.
    """
    if any(buys_anyway(shopper, sent_on + timedelta(n)) for n in range(WINDOW)):
        return None
    share = effect.points / 100 / (1 - base_chance(shopper))
    if draw("responds", effect.phrase, shopper, sent_on) >= 10_000 * share:
        return None
    return sent_on + timedelta(1 + draw("responds on", shopper, sent_on) % RESPONDS_WITHIN)


class Shop:
    """Where shoppers buy: real lines of the data set's first day, in the stores of that day."""

    def __init__(self, data: Dataset, shoppers: Sequence[int]) -> None:
        self._shoppers = shoppers
        baskets = data.day(FIRST_DAY)
        self._stores = sorted({basket.store_id for basket in baskets})
        sold = (line for basket in baskets for line in basket.lines)
        self._pool = [line for line in sold if line.quantity and line.amount.amount][:POOL]

    def base(self, day: date) -> list[Visit]:
        """What shoppers buy on a day of their own accord."""
        return [
            self._visit(f"shopper-{number}-{day:%Y%m%d}", number, day)
            for number in self._shoppers
            if buys_anyway(number, day)
        ]

    def responses(self, day: date, due: Iterable[tuple[int, date]]) -> list[Visit]:
        """What they buy because of a message: (shopper, the day it was sent on)."""
        return [
            self._visit(f"response-{number}-{sent_on:%Y%m%d}", number, day)
            for number, sent_on in due
        ]

    def _visit(self, order_no: str, shopper: int, day: date) -> Visit:
        chance = draw("visit", order_no)
        lines = [
            self._pool[draw("line", order_no, n) % len(self._pool)]
            for n in range(1 + chance % LINES_AT_MOST)
        ]
        at = datetime.combine(day, time(10)) + timedelta(minutes=chance % 660)
        store = self._stores[shopper % len(self._stores)]
        return Visit(order_no, shopper, at, store, sum(line.amount.amount for line in lines), lines)
