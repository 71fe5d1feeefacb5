"""Addresses that nothing is sent to, whoever's they are and whatever was agreed to."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.auditing import Action
from contracts.base import Model
from contracts.classification import internal, personal, public
from contracts.gateway.common import OVERSIGHT, PRIVACY
from contracts.operations import PAGING, Operation
from contracts.roles import Role

AddressKind = Literal["phone", "email", "wechat_openid", "miniprogram_openid", "device_id"]
SuppressionScope = Literal["marketing", "sms", "wechat", "miniprogram", "push", "email", "call"]
SuppressionReason = Literal["unsubscribed", "complaint", "bounce", "legal", "deceased", "other"]


class SuppressionRequest(Model):
    """An address, named in the body and never in the URL; it is kept as a keyed index only.

    `scope` marketing: no marketing by any channel. A channel: nothing by that channel, whatever it
    is about. Each reason stands by itself: lifting one leaves the others.
    """

    kind: Annotated[AddressKind, public]
    value: Annotated[
        str, Field(min_length=1, max_length=256), personal(by="kind", at="suppression.address")
    ]
    scope: Annotated[SuppressionScope, public] = "marketing"
    reason: Annotated[SuppressionReason, public]


class Suppression(Model):
    """An entry of the list; whose address it is cannot be read out of it."""

    suppression_id: Annotated[UUID, internal]
    kind: Annotated[AddressKind, public]
    scope: Annotated[SuppressionScope, public]
    reason: Annotated[SuppressionReason, public]
    since: Annotated[AwareDatetime, public]
    by_role: Annotated[Role, public]
    by_subject: Annotated[str, internal]


class SuppressionPage(Model):
    """Newest first."""

    data: Annotated[list[Suppression], internal]
    next_cursor: Annotated[str | None, public] = None


_KEEPERS = OVERSIGHT | {Role.OPERATOR}

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/suppressions", "gateway", "Addresses that nothing is sent to", _KEEPERS,
        response=SuppressionPage, query=PAGING, own=None, tags=PRIVACY,
    ),
    Operation(
        "POST", "/v1/suppressions", "gateway", "Send nothing to an address any more", _KEEPERS,
        request=SuppressionRequest, response=Suppression, status=201, own=None, tags=PRIVACY,
        audited=Action.SUPPRESSION,
    ),
    Operation(
        "DELETE", "/v1/suppressions", "gateway", "Lift one reason for sending nothing", _KEEPERS,
        request=SuppressionRequest, status=204, own=None, tags=PRIVACY,
        audited=Action.SUPPRESSION,
    ),
]  # fmt: skip
