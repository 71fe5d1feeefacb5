"""Whether somebody is a member can be asked by identifier, so it must not be asked at random.

A question that hits costs nothing; of those that miss a person has so many an hour. Each is taken
before it is asked, so that nothing is learnt from one too many. While Redis is away each gateway
counts by itself, and tells Redis later: tills go on, and nobody guesses unseen.
"""

import time
from collections.abc import Callable

from chassis.problem import Problem
from gateway_service.access.limits import Bucket, Limits, too_many, uncounted
from gateway_service.access.scripts import AWAY

_UNCOUNTED = uncounted().code
_REMEMBERED = 100_000


class Guesses:
    """`begin` before a question, `end` with how many identifiers in it gave something away."""

    def __init__(
        self, limits: Limits, misses_an_hour: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits, self._now = limits, now
        self._bucket = Bucket("guesses", misses_an_hour / 3600, misses_an_hour)
        self._here: dict[str, tuple[float, float]] = {}  # what is left of it, and since when

    async def begin(self, who: str) -> None:
        """Raises Problem 429 for somebody who has guessed too often."""
        try:
            await self._limits.charge(self._bucket, who)
        except Problem as problem:
            if problem.code != _UNCOUNTED:
                raise
            self._take_here(who)
            return
        if who in self._here:
            spent = self._bucket.burst - self._left_here(who)
            del self._here[who]
            await self._settle(who, -int(spent))

    async def end(self, who: str, misses: int) -> None:
        """Give back what was taken for a hit, take the rest of what missed."""
        await self._settle(who, 1 - misses)

    async def _settle(self, who: str, back: int) -> None:
        if who not in self._here:
            try:
                await self._limits.settle(self._bucket, who, back)
                return
            except AWAY:
                pass
        self._here[who] = self._left_here(who) + back, self._now()

    def _take_here(self, who: str) -> None:
        left = self._left_here(who)
        if left < 1:
            raise too_many(self._bucket, (1 - left) / self._bucket.per_second)
        if who not in self._here and len(self._here) >= _REMEMBERED:
            raise uncounted()
        self._here[who] = left - 1, self._now()

    def _left_here(self, who: str) -> float:
        """Never more than an hour's; Redis has the truth again when it is back."""
        left, since = self._here.get(who, (self._bucket.burst, self._now()))
        grown = left + (self._now() - since) * self._bucket.per_second
        return min(self._bucket.burst, grown)
