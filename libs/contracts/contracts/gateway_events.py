"""What the gateway tells: consents that changed, rights that somebody claims, what it refused."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from contracts.base import Event, Record
from contracts.classification import Kind, internal, public


class ConsentAnswer(Record, frozen=True):
    """How one purpose of a member stands now; `channel` for marketing only."""

    member_id: Annotated[UUID, internal]
    purpose: Annotated[str, public]
    channel: Annotated[str | None, public]
    granted: Annotated[bool, internal]


class ConsentChanged(Event, frozen=True):
    """Members answered, by themselves or because two of them became one."""

    subject = "gateway.consent_changed.v1"
    answers: Annotated[list[ConsentAnswer], internal]
    changed_at: Annotated[datetime, public]


class SuppressionChanged(Event, frozen=True):
    """A member's address of this kind went on the list of those that nothing is sent to, or came
    off it for good. `scope`: marketing, or the channel by which nothing at all is sent."""

    subject = "gateway.suppression_changed.v1"
    member_id: Annotated[UUID, internal]
    kind: Annotated[Kind, public]
    scope: Annotated[str, public]
    listed: Annotated[bool, internal]
    changed_at: Annotated[datetime, public]


class RightsRequested(Event, frozen=True):
    """A member claims a right, and every service answers with `RightsAnswered`.

    `members` are all ids of the member, the surviving one first. `kind`: copy (give what you hold),
    erase (delete or cut loose what no law makes you keep), object (no automated decisions).
    """

    subject = "gateway.rights_requested.v1"
    request_id: Annotated[UUID, internal]
    kind: Annotated[str, public]
    members: Annotated[list[UUID], internal]
    requested_at: Annotated[datetime, public]


class RightsAnswered(Event, frozen=True):
    """A service's answer to the gateway, in `parts` pieces; told by whoever answers.

    `sections` are rows by table, columns by name; personal values are sealed tokens of that table
    and column. Empty where it only says that it is done.
    """

    subject = "gateway.rights_answered.v1"
    request_id: Annotated[UUID, internal]
    service: Annotated[str, public]
    part: Annotated[int, public]
    parts: Annotated[int, public]
    sections: Annotated[dict[str, list[dict[str, Any]]], internal] = {}


class QuarantineCount(Record, frozen=True):
    """Messages received on a day and put aside for one reason; `pointer` has `*` for numbers."""

    day: Annotated[date, public]
    stage: Annotated[str, public]  # message, order
    reason: Annotated[str, public]
    pointer: Annotated[str, public]
    n: Annotated[int, public]


class CorrectionCount(Record, frozen=True):
    """How often a rule of cleaning corrected a field, on a day."""

    day: Annotated[date, public]
    field: Annotated[str, public]
    rule: Annotated[str, public]
    n: Annotated[int, public]


class CorrectionsMade(Event, frozen=True):
    """Cleaning corrected what came in."""

    subject = "gateway.corrections_made.v1"
    counts: Annotated[list[CorrectionCount], public]


class QuarantineChanged(Event, frozen=True):
    """Messages were put aside, or taken after all."""

    subject = "gateway.quarantine_changed.v1"
    put_aside: Annotated[list[QuarantineCount], public] = []
    replayed: Annotated[list[QuarantineCount], public] = []


class MessageReported(Event, frozen=True):
    """What became of a message after it was to be sent; told by whoever carried it.

    delivered, failed: the provider's receipt, or a message that was never taken over. unknown: the
    provider's answer was lost and cannot be asked for; it is not sent again. A later report of the
    same message is better informed: unknown < failed < delivered.
    """

    subject = "gateway.message_reported.v1"
    delivery_id: Annotated[UUID, internal]
    status: Annotated[str, public]  # delivered, failed, unknown
    reason: Annotated[str | None, public] = None  # a code, as of the provider
    reported_at: Annotated[datetime | None, public] = None
