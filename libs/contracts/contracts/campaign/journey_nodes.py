"""What a journey is made of: the events that it hears, what it asks of members, its nodes."""

from datetime import time
from typing import Annotated, Literal, Self, get_args
from uuid import UUID

from pydantic import Field, model_validator

from contracts.base import Model
from contracts.campaign.plans import ContentRef
from contracts.campaign.triggers import Property
from contracts.classification import internal, public
from contracts.points.common import Code
from contracts.templates import Channel, Language, Values

LONGEST_MINUTES = 400 * 1440

NodeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$"), public]

Named = Literal[
    "registered", "order_paid", "order_refunded", "tier_changed", "segment_entered",
    "segment_left", "consent_withdrawn", "churn_risk", "points_expiring", "referral_rewarded",
    "birthday", "message_sent", "message_refused", "message_delivered", "message_failed",
    "message_opened", "link_clicked",
]  # fmt: skip
DID = "did:"
# `did:Product Viewed`: a collected event of this name.
Did = Annotated[str, Field(pattern=r"^did:[^\x00]{1,100}$")]
Signal = Named | Did

# What is known of each, for `where`.
PROPERTIES: dict[str, frozenset[str]] = {
    "registered": frozenset({"channel", "language"}),
    "order_paid": frozenset({"paid_fen", "store", "channel", "coupons"}),
    "order_refunded": frozenset({"refund_fen", "store"}),
    "tier_changed": frozenset({"tier", "previous", "reason"}),
    "segment_entered": frozenset({"segment"}),
    "segment_left": frozenset({"segment"}),
    "consent_withdrawn": frozenset({"channel"}),
    "churn_risk": frozenset({"percent"}),
    "points_expiring": frozenset({"points", "days"}),
    "referral_rewarded": frozenset(),
    "birthday": frozenset(),
    "message_sent": frozenset({"node"}),
    "message_refused": frozenset({"node"}),
    "message_delivered": frozenset({"node"}),
    "message_failed": frozenset({"node"}),
    "message_opened": frozenset({"node"}),
    "link_clicked": frozenset({"node"}),
}


def properties_of(signal: str) -> frozenset[str]:
    """What is known of an event."""
    if signal.startswith(DID):
        return frozenset(get_args(Property))
    return PROPERTIES[signal]


class Span(Model):
    """How long: from a minute to 400 days."""

    days: Annotated[int, Field(ge=0, le=400), public] = 0
    hours: Annotated[int, Field(ge=0, le=9_600), public] = 0
    minutes: Annotated[int, Field(ge=0, le=LONGEST_MINUTES), public] = 0

    @property
    def total_minutes(self) -> int:
        """All of it."""
        return (self.days * 24 + self.hours) * 60 + self.minutes

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not 1 <= self.total_minutes <= LONGEST_MINUTES:
            raise ValueError("between a minute and 400 days")
        return self


class Where(Model):
    """One property of an event: one of these values, or a number within bounds."""

    property: Annotated[str, Field(min_length=1, max_length=40), public]
    any_of: Annotated[
        list[Annotated[str, Field(max_length=64)] | int] | None, Field(max_length=50), public
    ] = None
    at_least: Annotated[int | None, public] = None
    at_most: Annotated[int | None, public] = None


class Heard(Model):
    """An event of a member. All of `where` has to hold."""

    on: Annotated[Signal, public]
    where: Annotated[list[Where], Field(max_length=5), public] = Field(default_factory=list)


Became = Literal[
    "none", "skipped", "control", "waiting", "sent", "delivered", "opened", "clicked", "refused",
    "failed",
]  # fmt: skip


class Condition(Model):
    """What has to be true of a member; all that is given.

    `segments`: in all of them; `not_in`: in none. Tags are looked at through segments. `ordered`,
    `orders_at_least`: since the member entered the journey. `message`: what became of the last
    message of the journey. `language`: the one the member is written to in.
    """

    tiers: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=20), public
    ] = Field(default_factory=list)
    segments: Annotated[list[UUID], Field(max_length=10), internal] = Field(default_factory=list)
    not_in: Annotated[list[UUID], Field(max_length=10), internal] = Field(default_factory=list)
    ordered: Annotated[bool | None, public] = None
    orders_at_least: Annotated[int | None, Field(ge=1, le=1_000), public] = None
    language: Annotated[Language | None, public] = None
    message: Annotated[list[Became], Field(max_length=10), public] = Field(default_factory=list)


class WaitNode(Model):
    """Stays for a while, then until the next such hour of programme time if there is one."""

    kind: Annotated[Literal["wait"], public]
    span: Annotated[Span | None, public] = None
    until: Annotated[time | None, public] = None
    next: NodeName

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.span is None and self.until is None:
            raise ValueError("`span`, `until` or both")
        return self


class Awaited(Heard):
    """An event that is waited for, and where it leads."""

    next: NodeName


class WaitForNode(Model):
    """The first of these events after the member came here goes on; if none comes, `timeout`."""

    kind: Annotated[Literal["wait_for"], public]
    events: Annotated[list[Awaited], Field(min_length=1, max_length=10), public]
    within: Annotated[Span, public]
    timeout: NodeName


class Case(Model):
    """Where a member goes of whom this is true."""

    when: Annotated[Condition, public]
    next: NodeName


class BranchNode(Model):
    """The first case that is true, else `otherwise`."""

    kind: Annotated[Literal["branch"], public]
    cases: Annotated[list[Case], Field(min_length=1, max_length=10), public]
    otherwise: NodeName


class SplitArm(Model):
    """A share of the members, in percent."""

    arm: Code
    percent: Annotated[int, Field(ge=1, le=99), public]
    next: NodeName


class SplitNode(Model):
    """By chance, the same for a member for ever; the shares are 100 together."""

    kind: Annotated[Literal["split"], public]
    arms: Annotated[list[SplitArm], Field(min_length=2, max_length=10), public]


class MessageChange(Model):
    """What one message says and does otherwise than its campaign's plan.

    `content`: a template of its own; without `version` the newest as it is laid out. `channels`: of
    its own, in their order. `with_offer`: whether it brings the campaign's offer.
    """

    content: Annotated[ContentRef | None, public] = None
    channels: Annotated[list[Channel], Field(max_length=7), public] = Field(default_factory=list)
    with_offer: Annotated[bool, public] = True


AS_PLANNED = MessageChange()


class MessageNode(MessageChange):
    """A contact, through every check: what the campaign says, or a template of its own, with these
    values in its text."""

    kind: Annotated[Literal["message"], public]
    values: Annotated[Values, public] = Values()
    next: NodeName

    @property
    def change(self) -> MessageChange:
        """What it says otherwise than the plan."""
        return MessageChange(
            content=self.content, channels=self.channels, with_offer=self.with_offer
        )


class OfferNode(Model):
    """The campaign's own offer without a message, out of what was set aside at approval: a coupon
    among the member's, or points."""

    kind: Annotated[Literal["offer"], public]
    next: NodeName


class TagNode(Model):
    """A tag for some days, as if it had been decided; segments and rules see it."""

    kind: Annotated[Literal["tag"], public]
    tag: Code
    value: Annotated[str | None, Field(min_length=1, max_length=64), public] = None
    days: Annotated[int, Field(ge=1, le=3_650), public]
    next: NodeName


class WebhookNode(Model):
    """Tells operators' webhooks (`journey.reached`); members are pseudonyms there."""

    kind: Annotated[Literal["webhook"], public]
    topic: Code
    next: NodeName


class EndNode(Model):
    """Here it ends."""

    kind: Annotated[Literal["end"], public]


Node = Annotated[
    WaitNode
    | WaitForNode
    | BranchNode
    | SplitNode
    | MessageNode
    | OfferNode
    | TagNode
    | WebhookNode
    | EndNode,
    Field(discriminator="kind"),
]
