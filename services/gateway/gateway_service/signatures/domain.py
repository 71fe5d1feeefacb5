"""What a signature must say to count, as pure functions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.roles import Role

WINDOW_SECONDS = 300
SKEW_SECONDS = 30  # a partner's clock may be ahead by so much
KEYS_AT_ONCE = 2
_NONCE_LENGTHS = range(16, 129)
_TARGET, _METHOD, _PATH, _QUERY = '"@target-uri"', '"@method"', '"@path"', '"@query"'


@dataclass(frozen=True, slots=True)
class SigningClient:
    """Whose key it is."""

    client_id: str
    role: Role
    store: str | None
    public_jwk: Mapping[str, str]


def lacking(covered: Collection[str], *, query: bool) -> str | None:
    """What a signature leaves open, or None: method, and the target whole or in its parts."""
    if _METHOD not in covered:
        return "@method"
    if _TARGET in covered:
        return None
    if _PATH not in covered:
        return "@target-uri"
    return "@query" if query and _QUERY not in covered else None


def in_window(created: object, now: datetime) -> bool:
    """Whether it was made within the last 300 seconds."""
    if type(created) is not int:
        return False
    age = now.timestamp() - created
    return -SKEW_SECONDS <= age <= WINDOW_SECONDS


def is_nonce(nonce: object) -> bool:
    """Whether a nonce is long enough to be one, and short enough to be kept."""
    return isinstance(nonce, str) and len(nonce) in _NONCE_LENGTHS
