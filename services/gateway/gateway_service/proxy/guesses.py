"""Whether somebody is a member can be asked by identifier, so it must not be asked at random.

A question that hits costs nothing; of those that miss a person has so many an hour. Each is taken
before it is asked, so that nothing is learnt from one too many. While Redis is away tills go on.
"""

from chassis.problem import Problem
from gateway_service.access.limits import Bucket, Limits, uncounted
from gateway_service.access.scripts import AWAY

_UNCOUNTED = uncounted().code


class Guesses:
    """`begin` before a question, `end` with how many identifiers in it were nobody's."""

    def __init__(self, limits: Limits, misses_an_hour: int) -> None:
        self._limits = limits
        self._bucket = Bucket("guesses", misses_an_hour / 3600, misses_an_hour)

    async def begin(self, who: str) -> None:
        """Raises Problem 429 for somebody who has guessed too often."""
        try:
            await self._limits.charge(self._bucket, who)
        except Problem as problem:
            if problem.code != _UNCOUNTED:
                raise

    async def end(self, who: str, misses: int) -> None:
        """Give back what was taken for a hit, take the rest of what missed."""
        try:
            await self._limits.settle(self._bucket, who, 1 - misses)
        except AWAY:
            return
