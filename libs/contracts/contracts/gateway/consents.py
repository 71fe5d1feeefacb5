"""What members agreed to."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Model
from contracts.classification import internal, public
from contracts.gateway.common import PRIVACY
from contracts.operations import Operation
from contracts.roles import READING, Role

Purpose = Literal["marketing", "transactional"]
Channel = Literal["sms", "wechat", "miniprogram", "push", "email", "call"]


class ConsentChange(Model):
    """Yes or no to one purpose on one channel, and the version of the notice that was shown."""

    purpose: Annotated[Purpose, public]
    channel: Annotated[Channel, public]
    granted: Annotated[bool, internal]
    notice_version: Annotated[str | None, Field(max_length=32), public] = None


class Consent(ConsentChange):
    """An answer that was given, and when."""

    changed_at: Annotated[AwareDatetime, public]


class ConsentsRequest(Model):
    """Answers to write; those not named stay."""

    consents: Annotated[list[ConsentChange], Field(min_length=1, max_length=64), internal]


class Consents(Model):
    """Every answer a member has given. Where there is none, the programme's default counts."""

    member_id: Annotated[UUID, internal]
    data: Annotated[list[Consent], internal]


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/members/{member_id}/consents", "gateway", "A member's consents",
        READING, response=Consents, tags=PRIVACY,
    ),
    Operation(
        "PUT", "/v1/members/{member_id}/consents", "gateway", "Give or withdraw consent",
        READING - {Role.POS}, request=ConsentsRequest, response=Consents, tags=PRIVACY,
    ),
]  # fmt: skip
