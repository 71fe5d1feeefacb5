"""Members who joined here a moment ago, and of whom not every service has heard yet."""

import re
import time
from collections.abc import Iterable

REMEMBERED_SECONDS = 10.0
MOST = 50_000
_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Newcomers:
    """Whoever registers somebody and goes on at once reads what it has written."""

    def __init__(self) -> None:
        self._until: dict[bytes, float] = {}  # by id as text, the oldest first

    def add(self, member_ids: Iterable[object]) -> None:
        """They have just been registered."""
        now = time.monotonic()
        for member_id in member_ids:
            self._until[str(member_id).encode()] = now + REMEMBERED_SECONDS
        while self._until:
            oldest = next(iter(self._until))
            if self._until[oldest] > now and len(self._until) <= MOST:
                return
            del self._until[oldest]

    def named_in(self, target: str, body: bytes) -> bool:
        """Whether a call is about one of them."""
        now = time.monotonic()
        named = (*_ID.findall(target.encode()), *_ID.findall(body))
        return any(self._until.get(each, 0.0) > now for each in named)
