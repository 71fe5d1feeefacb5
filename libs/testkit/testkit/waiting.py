"""The one place in the tests that polls."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar, overload

T = TypeVar("T")

_PERIOD = 0.02


@overload
async def eventually(
    condition: Callable[[], Awaitable[T]], timeout: float = 10.0, says: str = ""
) -> T: ...


@overload
async def eventually(condition: Callable[[], T], timeout: float = 10.0, says: str = "") -> T: ...


async def eventually(condition: Callable[[], Any], timeout: float = 10.0, says: str = "") -> Any:
    """Ask `condition` until its answer is truthy and return that answer.

    An AssertionError inside it counts as "not yet". After `timeout` seconds raises AssertionError
    with the last answer or the last assertion. `condition` may be a coroutine function.
    """
    deadline = monotonic() + timeout
    while True:
        try:
            asked = condition()
            answer = await asked if inspect.isawaitable(asked) else asked
            if answer:
                return answer
            reason = f"last answer: {answer!r}"
        except AssertionError as error:
            reason = str(error)
        if monotonic() > deadline:
            raise AssertionError(f"not so after {timeout:g} s: {says} {reason}")
        await asyncio.sleep(_PERIOD)
