"""When a held message leaves, waits on, or never goes; and the code it carries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from campaign_service.decisions.domain import QuietHours

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L: codes are read out at tills
CODE_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Held:
    """A message that is due, with what its campaign says about it."""

    delivery_id: UUID
    campaign_id: UUID
    member_id: UUID
    language: str
    channel: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the due messages on `day`: all leave, or all wait until `due_at`.

    `withdrawn` are those that would be a member's second message of the day: a merge brought two
    together, or a campaign was paused meanwhile.
    """

    due_at: datetime
    day: date
    going: list[Held]
    withdrawn: list[Held]


def plan(due: Iterable[Held], quiet: QuietHours, now: datetime, taken: set[UUID]) -> Plan:
    """One message a member. `taken`: members who have one on the day already."""
    due_at = quiet.next_open(now)
    result = Plan(due_at, quiet.day(due_at), [], [])
    seen = set(taken)
    for held in due:
        (result.withdrawn if held.member_id in seen else result.going).append(held)
        seen.add(held.member_id)
    return result


def coupon_code(random: int) -> str:
    """A code out of a random number of at least 60 bits: 31^12 ≈ 2^59 codes, none guessable."""
    code = []
    for _ in range(CODE_LENGTH):
        random, symbol = divmod(random, len(ALPHABET))
        code.append(ALPHABET[symbol])
    return "".join(code)
