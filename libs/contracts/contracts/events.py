"""Every event on the bus. Past tense, versioned, classified; JSON Schemas in docs/events.

A fact that concerns many members at once (a day's orders, a collected batch) travels as one message
with many rows: one message per row is ten times slower.
"""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from contracts import (  # noqa: F401 - all_events finds them too
    behaviour,
    daily_figures,
    gateway_events,
    points_events,
    segments,
    worth,
)
from contracts.base import Amount, Event, Record
from contracts.classification import Kind, holding, internal, personal, public, quasi


class SealedIdentifier(Record, frozen=True):
    """An identifier as the inner services see it: its index, and the value sealed."""

    kind: Annotated[Kind, public]
    index: Annotated[str, internal]  # "<kind>:<blind index>"
    value: Annotated[str | None, personal(by="kind", at="identifier.value")] = None


class Provenance(Record, frozen=True):
    """Where a third party's traits come from, how sure they are (0 to 1), their last day."""

    source: Annotated[str, internal]
    confidence: Annotated[float, quasi]
    expires_on: Annotated[date, public]


class Activity(Record, frozen=True):
    """One Segment message after the gateway: identifiers indexed, personal values sealed."""

    message_id: Annotated[str, internal]
    type: Annotated[str, public]  # track, identify, page, screen, group, alias
    occurred_at: Annotated[datetime, public]
    identifiers: Annotated[list[SealedIdentifier], internal] = []
    member_id: Annotated[UUID | None, internal] = None  # userId was a member id
    event: Annotated[str | None, public] = None  # track: "Product Viewed"; page/screen: its name
    channel: Annotated[str | None, public] = None  # pos, miniprogram, ecommerce, app, …
    properties: Annotated[dict[str, Any], holding("activity.properties")] = {}
    traits: Annotated[dict[str, Any], holding("trait.value")] = {}
    previous: Annotated[list[SealedIdentifier], internal] = []  # alias: previousId
    context: Annotated[dict[str, str], internal] = {}  # locale, library, path, category
    provenance: Annotated[Provenance | None, internal] = None  # traits of somebody else's telling


class ActivityBatch(Event, frozen=True):
    """One accepted API batch (stream ACTIVITY)."""

    subject = "activity.batch.v1"
    batch_id: Annotated[str, internal]
    received_at: Annotated[datetime, public]
    source: Annotated[str, public]  # the write key's name
    activities: Annotated[list[Activity], internal]
    trusted: Annotated[bool, public] = False  # the key is a server's, not one that apps ship


class OrdersCollected(Event, frozen=True):
    """`Order Completed` messages of a collected batch, for the gateway to forward to points."""

    subject = "activity.orders.v1"
    batch_id: Annotated[str, internal]
    activities: Annotated[list[Activity], internal]


class MemberRegistered(Event, frozen=True):
    """A new member exists."""

    subject = "identity.member_registered.v1"
    member_id: Annotated[UUID, internal]
    registered_at: Annotated[datetime, public]
    channel: Annotated[str | None, public] = None
    gender: Annotated[str | None, quasi] = None
    birth_year: Annotated[int | None, quasi] = None
    birth_month: Annotated[int | None, quasi] = None
    city: Annotated[str | None, quasi] = None
    language: Annotated[str, public] = "zh"
    region: Annotated[str | None, quasi] = None  # GB/T 2260


class KnownBirthday(Record, frozen=True):
    """A member's birthday, sealed for the member or for one absorbed by it."""

    member_id: Annotated[UUID, internal]
    birthday: Annotated[str, personal(Kind.BIRTHDAY, at="member.birthday")]


class BirthdaysKnown(Event, frozen=True):
    """Members told or corrected their birthday, or got it by a merge; only the gateway can read."""

    subject = "identity.birthdays_known.v1"
    members: Annotated[list[KnownBirthday], internal]


class IdentifierLinked(Event, frozen=True):
    """An identifier now belongs to a member."""

    subject = "identity.identifier_linked.v1"
    member_id: Annotated[UUID, internal]
    kind: Annotated[Kind, public]
    index: Annotated[str, internal]
    linked_at: Annotated[datetime, public]
    source: Annotated[str, public]  # registration, staff, activity
    value: Annotated[str | None, personal(by="kind", at="identifier.value")] = None  # if TAILED


class MembersMerged(Event, frozen=True):
    """Two members are one person: `absorbed_id` keeps answering as `survivor_id`."""

    subject = "identity.members_merged.v1"
    merge_id: Annotated[UUID, internal]
    survivor_id: Annotated[UUID, internal]
    absorbed_id: Annotated[UUID, internal]
    merged_at: Annotated[datetime, public]
    evidence: Annotated[str, internal]  # the shared identifier's index


class MembersSplit(Event, frozen=True):
    """A merge was taken back: `restored_id` answers for itself again, and for `members`.

    `cleared` are attributes that the survivor had from it and has from nobody now.
    """

    subject = "identity.members_split.v1"

    merge_id: Annotated[UUID, internal]
    survivor_id: Annotated[UUID, internal]
    restored_id: Annotated[UUID, internal]
    members: Annotated[list[UUID], internal]
    identifiers: Annotated[list[str], internal]  # indexes that return with it
    cleared: Annotated[list[str], public]
    merged_at: Annotated[datetime, public]
    split_at: Annotated[datetime, public]


class DuplicatesHunted(Event, frozen=True):
    """A night's search for members who may be one person, in counts.

    `all_with_all`: all were compared with all, as every month; else who is new since last night.
    """

    subject = "identity.duplicates_hunted.v1"
    hunted_at: Annotated[datetime, public]
    all_with_all: Annotated[bool, public]
    members: Annotated[int, public]  # compared with
    found: Annotated[int, public]  # pairs that are worth a look
    merged: Annotated[int, public]  # nobody had to look at
    reviews_new: Annotated[int, public]  # pairs put before people
    reviews_open: Annotated[int, public]  # that wait for them now


class Product(Record, frozen=True):
    """A row of the catalogue."""

    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=64), public]
    name: Annotated[str | None, public] = None
    department: Annotated[str | None, public] = None
    category: Annotated[str | None, public] = None
    brand: Annotated[str | None, public] = None


class Store(Record, frozen=True):
    """A shop, or an online shop front."""

    store_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64), public]
    name: Annotated[str | None, public] = None
    city: Annotated[str | None, public] = None
    mall: Annotated[str | None, public] = None  # the mall it is in


class ProductsChanged(Event, frozen=True):
    """Catalogue rows were written."""

    subject = "profile.products_changed.v1"
    products: Annotated[list[Product], public]


class StoresChanged(Event, frozen=True):
    """Stores were written."""

    subject = "profile.stores_changed.v1"
    stores: Annotated[list[Store], public]


class OrderLine(Record, frozen=True):
    """A line: quantity may be 0 (weighed goods, corrections), amount is what the line cost."""

    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=64), public]
    quantity: Annotated[int, msgspec.Meta(ge=0), public]
    amount: Annotated[Amount, public]


class RecordedOrder(Record, frozen=True):
    """An order that points has booked."""

    order_no: Annotated[str, internal]
    member_id: Annotated[UUID, internal]
    store_id: Annotated[str, public]
    channel: Annotated[str, public]
    paid_at: Annotated[datetime, public]
    paid_fen: Annotated[int, public]
    growth: Annotated[int, public]
    points: Annotated[int, public]
    items: Annotated[list[tuple[str, int, int]], public]  # (sku, quantity, fen)
    coupons: Annotated[list[str], internal] = []
    discounts: Annotated[list[int], public] = []  # fen that each of the coupons took off


class OrdersRecorded(Event, frozen=True):
    """Orders were booked, in the order in which they were paid."""

    subject = "points.orders_recorded.v1"
    orders: Annotated[list[RecordedOrder], internal]


class OrderRefunded(Event, frozen=True):
    """An order was given back in part or whole."""

    subject = "points.order_refunded.v1"
    order_no: Annotated[str, internal]
    refund_no: Annotated[str, internal]
    member_id: Annotated[UUID, internal]
    refunded_at: Annotated[datetime, public]
    refund_fen: Annotated[int, public]
    growth: Annotated[int, public]  # taken back, ≥ 0
    points: Annotated[int, public]  # taken back, ≥ 0
    coupons: Annotated[list[str], internal] = []  # given back, since nothing is left of the order
    store_id: Annotated[str | None, public] = None  # of the order


class PointsBurnt(Event, frozen=True):
    """Points were spent."""

    subject = "points.points_burnt.v1"
    member_id: Annotated[UUID, internal]
    points: Annotated[int, public]
    burnt_at: Annotated[datetime, public]
    journal_id: Annotated[UUID, internal]
    store_id: Annotated[str | None, public] = None  # None: nowhere in particular


class PointsExpired(Event, frozen=True):
    """Lots reached their date; one row per member."""

    subject = "points.points_expired.v1"
    day: Annotated[date, public]
    members: Annotated[list[tuple[UUID, int]], internal]


class TierChanged(Event, frozen=True):
    """A member moved up or down the ladder."""

    subject = "points.tier_changed.v1"
    member_id: Annotated[UUID, internal]
    tier: Annotated[str, public]
    previous: Annotated[str, public]
    reason: Annotated[str, public]  # order, review, merge, refund
    changed_at: Annotated[datetime, public]
    direction: Annotated[str | None, public] = None  # up, down


class CouponPromise(Record, frozen=True):
    """What a campaign's coupon gives; the words of points' coupon templates.

    `effect`: cash_off (`value` in fen), percent (`value` in percent, at most `max_off_fen`), gift
    (`value` pieces of `gift_sku`), free_delivery (at most `value` fen). An empty list means any.
    """

    effect: Annotated[str, public]
    value: Annotated[int, public]
    zh: Annotated[str, public]  # what members call it
    en: Annotated[str, public]
    threshold_fen: Annotated[int, public] = 0
    max_off_fen: Annotated[int | None, public] = None
    gift_sku: Annotated[str | None, public] = None
    stores: Annotated[list[str], public] = []
    channels: Annotated[list[str], public] = []
    departments: Annotated[list[str], public] = []
    categories: Annotated[list[str], public] = []
    skus: Annotated[list[str], public] = []


class CouponOffered(Event, frozen=True):
    """A campaign grants a coupon; points keeps it and redeems it with an order.

    Without `promise` it takes off `percent_off`, which is 0 for any other coupon.
    """

    subject = "campaign.coupon_offered.v1"
    coupon_id: Annotated[UUID, internal]
    code: Annotated[str, internal]
    member_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    percent_off: Annotated[int, public]
    valid_from: Annotated[datetime, public]
    valid_until: Annotated[datetime, public]
    promise: Annotated[CouponPromise | None, public] = None
    reservation_id: Annotated[UUID | None, internal] = None  # the budget that pays for it


class MessageRequested(Event, frozen=True):
    """A decided message waits for the gateway's egress, the only place that knows addresses."""

    subject = "campaign.message_requested.v1"
    delivery_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    campaign_id: Annotated[UUID, internal]
    channel: Annotated[str, public]
    purpose: Annotated[str, public]  # marketing, transactional
    text: Annotated[str, internal]  # `{name}` is filled in by the gateway, in `fields` as well
    requested_at: Annotated[datetime, public]
    title: Annotated[str | None, internal] = None  # of a push, an e-mail, a call task
    template: Annotated[str | None, public] = None  # as the provider names the approved one
    fields: Annotated[dict[str, str], internal] = {}  # that template's variables
    link: Annotated[str | None, internal] = None  # where a tap leads
    until: Annotated[datetime | None, public] = None  # not sent any more from then on


class BirthdaysAnnounced(Event, frozen=True):
    """Members whose birthday `day` is: told the day before, or when it becomes known late."""

    subject = "gateway.birthdays_announced.v1"
    day: Annotated[date, public]
    members: Annotated[list[UUID], internal]


class MessageSent(Event, frozen=True):
    """What the gateway did with a message: sent, or refused with the reason; to whom, through
    which channel."""

    subject = "gateway.message_sent.v1"
    delivery_id: Annotated[UUID, internal]
    status: Annotated[str, public]  # sent, refused
    reason: Annotated[str | None, public] = None  # no_consent, no_address, …
    sent_at: Annotated[datetime | None, public] = None
    member_id: Annotated[UUID | None, internal] = None
    channel: Annotated[str | None, public] = None


class AuditCheckpointed(Event, frozen=True):
    """A signed Merkle root over all entries of the audit since the checkpoint before."""

    subject = "gateway.audit_checkpointed.v1"
    checkpoint_id: Annotated[int, public]
    at: Annotated[datetime, public]
    entries: Annotated[int, public]
    root: Annotated[str, public]
    previous: Annotated[str, public]
    signature: Annotated[str, public]


def all_events() -> list[type[Event]]:
    """Every event class, by subject."""
    import contracts.campaign  # noqa: F401, PLC0415 - its plans speak of orders, which need Event here

    return sorted(Event.__subclasses__(), key=lambda event: event.subject)
