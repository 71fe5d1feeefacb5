"""How long to wait after a try that failed."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

_SPREAD = 0.25  # of a pause, either way


def pause(
    message_id: UUID, attempt: int, *, first: timedelta, factor: int, longest: timedelta
) -> timedelta:
    """After the nth try: `first` times `factor` each time, `longest` at most, ± a quarter.

    Which quarter follows from the message: those that failed together do not come back together.
    """
    digest = sha256(message_id.bytes + attempt.to_bytes(4, "big")).digest()
    spread = 1 + _SPREAD * (int.from_bytes(digest[:4], "big") / 2**31 - 1)
    longer: int = factor ** min(attempt - 1, 10)
    return min(first * longer, longest) * spread
