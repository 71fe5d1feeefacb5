"""What the gateway tells about privacy: consents that changed, rights that somebody claims."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from contracts.base import Event, Record
from contracts.classification import internal, public


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
