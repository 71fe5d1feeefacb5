"""Many callers at once."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def together(calls: Iterable[Awaitable[T]]) -> list[T]:
    """Every answer, in sequence. Raises only after the last caller has finished.

    With the first failure alone, the test would end under the others, and what they say about
    their closed pool would cover what went wrong.
    """
    answers = await asyncio.gather(*calls, return_exceptions=True)
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    if failures:
        raise BaseExceptionGroup(f"{len(failures)} of {len(answers)} callers failed", failures)
    return [answer for answer in answers if not isinstance(answer, BaseException)]
