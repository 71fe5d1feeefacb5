"""What a process keeps of tables that seldom change, until their version is another one."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Compiled = TypeVar("Compiled")


class Kept(Generic[Compiled]):
    """One compiled thing. Ask for the version first, then load: so it is never newer than told."""

    def __init__(self) -> None:
        self._kept: tuple[int, Compiled] | None = None

    async def get(self, version: int, load: Callable[[], Awaitable[Compiled]]) -> Compiled:
        """What is kept, if it is of that version; else it is loaded."""
        if self._kept is None or self._kept[0] != version:
            self._kept = (version, await load())
        return self._kept[1]
