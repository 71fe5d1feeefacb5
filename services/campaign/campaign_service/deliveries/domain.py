"""When a held message leaves, waits on, or never goes; and the code it carries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from campaign_service.decisions.domain import QuietHours
from contracts.campaign.journey_nodes import AS_PLANNED, MessageChange

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L: codes are read out at tills
CODE_LENGTH = 12


class Message(NamedTuple):
    """A new message. `stale_at`: worth nothing from then on; `code`: a coupon that was offered with
    one that could not be sent."""

    delivery_id: UUID
    member_id: UUID
    language: str
    step: str
    values: Mapping[str, Any]
    channel: str
    cost_fen: int
    stale_at: datetime | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A message that is due, with what its campaign says about it."""

    delivery_id: UUID
    campaign_id: UUID
    member_id: UUID
    language: str
    channel: str
    values: Mapping[str, Any]
    purpose: str = "marketing"
    stale_at: datetime | None = None
    code: str | None = None
    change: MessageChange = AS_PLANNED


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the due messages on `day`: all that are `going` leave, or all wait until
    `due_at`. `withdrawn` never leave, with the reason.
    """

    due_at: datetime
    day: date
    going: list[Held]
    withdrawn: dict[str, list[Held]]


def plan(
    due: Iterable[Held], quiet: QuietHours, now: datetime, taken: Mapping[UUID, int], a_day: int
) -> Plan:
    """`taken`: messages that members have on the day already, of at most `a_day`.

    More than those there are where a merge brought two members together, or a campaign was paused
    meanwhile.
    """
    due_at = quiet.next_open(now)
    result = Plan(due_at, quiet.day(due_at), [], {})
    counts = dict(taken)
    for held in due:
        if held.stale_at is not None and due_at > held.stale_at:
            result.withdrawn.setdefault("stale", []).append(held)
            continue
        if held.purpose == "marketing":
            counts[held.member_id] = counts.get(held.member_id, 0) + 1
            if counts[held.member_id] > a_day:
                result.withdrawn.setdefault("daily_cap", []).append(held)
                continue
        result.going.append(held)
    return result


def coupon_code(random: int) -> str:
    """A code out of a random number of at least 60 bits: 31^12 ≈ 2^59 codes, none guessable."""
    code = []
    for _ in range(CODE_LENGTH):
        random, symbol = divmod(random, len(ALPHABET))
        code.append(ALPHABET[symbol])
    return "".join(code)
