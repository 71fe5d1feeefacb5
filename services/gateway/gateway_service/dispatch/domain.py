"""When a message is tried, what an answer means, and when it must not be tried again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from gateway_service.pauses import pause

OPENS_AFTER = 5  # failures in sequence
_OPEN_FIRST, _OPEN_LONGEST = timedelta(seconds=2), timedelta(minutes=5)
_ASK_FIRST, _ASK_LONGEST = timedelta(seconds=5), timedelta(minutes=10)
ASKED_FOR = timedelta(hours=2)  # then an answer that was lost stays unknown
MARGIN = timedelta(seconds=30)  # of clocks, ours and a provider's


class State(StrEnum):
    """Where a message is. `unknown` may have been sent, `dead` was certainly not."""

    WAITING = "waiting"
    SENDING = "sending"
    ASKING = "asking"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    DEAD = "dead"


class Verdict(StrEnum):
    """What is known after a call."""

    ACCEPTED = "accepted"  # the provider has it
    REJECTED = "rejected"  # and will never take it
    NOT_TAKEN = "not_taken"  # this time; certainly not sent
    BUSY = "busy"  # not sent: too fast
    LOST = "lost"  # it may have been sent
    ABSENT = "absent"  # asked: the provider knows nothing of it


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a message says, rendered; kept sealed."""

    text: str
    title: str | None = None
    template: str | None = None
    fields: dict[str, str] = {}
    link: str | None = None
    unsubscribe: str | None = None
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message at the moment of its call, `now`. `key` is the same for every try; `tried_at` is
    when the newest try's request was signed. The address never shows in a representation."""

    delivery_id: UUID
    purpose: str
    key: str
    tried_at: datetime
    now: datetime
    address: str = field(repr=False)
    content: Content = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call. `reason` is a code; `ref` is the provider's name for the message.

    `delivered` says more: the provider had a receipt already.
    """

    verdict: Verdict
    reason: str | None = None
    ref: str | None = None
    delivered: bool | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider tells later, of a message of ours by `delivery_id`, or by its own `ref`."""

    delivered: bool
    delivery_id: UUID | None = None
    ref: str | None = None
    reason: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """What can be done once an answer was lost.

    `key_for`: so long the provider sends one message for one key, so it may be called again.
    `asks`: it can be asked whether it has the message. `signed_for`: so long it takes a signed
    request; what it does not know after that was not sent and cannot be any more.
    """

    key_for: timedelta | None = None
    asks: bool = False
    signed_for: timedelta | None = None


class Step(StrEnum):
    """What is next for a message whose answer was lost."""

    AGAIN = "again"
    ASK = "ask"
    LEAVE = "leave"


def after_loss(loss: Loss, first_at: datetime, tried_at: datetime, now: datetime) -> Step:
    """Never what could send a message twice."""
    if loss.key_for is not None and now + MARGIN < first_at + loss.key_for:
        return Step.AGAIN
    if loss.asks and now < tried_at + ASKED_FOR:
        return Step.ASK
    return Step.LEAVE


def never_sent(loss: Loss, tried_at: datetime, now: datetime) -> bool:
    """Whether a message that the provider does not know cannot have been sent, and will not be."""
    return loss.signed_for is not None and now >= tried_at + loss.signed_for + MARGIN


def asked_again(delivery_id: UUID, tried_at: datetime, now: datetime) -> timedelta:
    """How long to wait until the provider is asked the next time: longer and longer."""
    so_far = max(now - tried_at, timedelta())
    return min(max(so_far, _ASK_FIRST), _ASK_LONGEST) * _spread(delivery_id)


def _spread(delivery_id: UUID) -> float:
    """Between 0.75 and 1.25: those that failed together do not come back together."""
    return 0.75 + delivery_id.int % 1024 / 2048


@dataclass(frozen=True, slots=True)
class Standing:
    """How a provider stands: what may be sent now, and whether it works. Shared by all gateways."""

    tokens: float
    at: datetime
    failures: int = 0
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` on average, no more than `burst` at once."""

    per_second: float
    burst: float


def is_open(standing: Standing, now: datetime) -> bool:
    """Whether its circuit is: nothing is sent."""
    return standing.open_until is not None and now < standing.open_until


def granted(was: Standing, rate: Rate, wanted: int, now: datetime) -> tuple[int, Standing]:
    """How many may be sent now, and how the provider stands when they are.

    After its circuit was open one at a time, until one of them arrives.
    """
    passed = max((now - was.at).total_seconds(), 0.0)
    tokens = min(rate.burst, was.tokens + passed * rate.per_second)
    number = min(wanted, int(tokens))
    standing = replace(was, tokens=tokens - number, at=max(now, was.at))
    if was.failures >= OPENS_AFTER and number:
        number = 1
        standing = replace(standing, tokens=tokens - 1, open_until=now + _open_for(was.failures))
    return number, standing


def fails(was: Standing, now: datetime) -> Standing:
    """It did not answer, or has trouble of its own."""
    failures = was.failures + 1
    until = now + _open_for(failures) if failures >= OPENS_AFTER else was.open_until
    return replace(was, failures=failures, open_until=until)


def hurried(was: Standing, now: datetime) -> Standing:
    """It said that this is too fast: nothing more for a second."""
    return replace(
        was, tokens=0.0, open_until=max(now + timedelta(seconds=1), was.open_until or now)
    )


def _open_for(failures: int) -> timedelta:
    longer: int = 2 ** min(failures - OPENS_AFTER, 10)
    return min(_OPEN_FIRST * longer, _OPEN_LONGEST)


def code(text: object, other: str = "other") -> str:
    """A provider's code as a reason; what does not look like one may quote a number, and is not
    passed on."""
    shown = str(text)
    fit = shown.isascii() and 0 < len(shown) <= 64 and not _digits(shown) >= 7
    return shown if fit and all(c.isalnum() or c in "._:-" for c in shown) else other


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)


def retried(delivery_id: UUID, attempt: int, first: timedelta) -> timedelta:
    """The pause before the next try, quarter of an hour at most."""
    return pause(delivery_id, attempt, first=first, factor=2, longest=timedelta(minutes=15))


def chosen(receipts: Sequence[Receipt]) -> Receipt:
    """Of several of one message: that it arrived is stronger than that it failed."""
    return max(receipts, key=lambda receipt: receipt.delivered)
