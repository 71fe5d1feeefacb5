"""A planned day as request bodies, in the shapes of `contracts` and of the Segment API.

Pure and cheap, so that the next day is written in a thread while the platform works on this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TypeVar
from uuid import NAMESPACE_OID, uuid5

import msgspec

from allinone.demo import plan
from allinone.demo.dataset import Basket, Dataset
from allinone.demo.households import Person
from allinone.demo.plan import IDENTIFIER, Behaviour, Channel, Day, Link, Registration, draw
from allinone.demo.plant import Visit
from contracts.base import Amount
from contracts.classification import Kind
from contracts.events import Product, Store
from contracts.identity import IdentifierValue, RegisterMember, RegisterMembers
from contracts.orders import IdentifierRef, OrderBatchRequest, OrderRequest
from contracts.profile import ProductBatch, StoreBatch

LOCAL = timezone(timedelta(hours=8))  # what the programme zone was all through 2017
BATCH = 1_000  # rows a bulk call may have
MESSAGES = 500  # messages a collect call should have

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


class ExternalId(msgspec.Struct):
    """Who did it, as Segment's libraries write it."""

    id: str
    type: str
    collection: str = "users"
    encoding: str = "none"


class Context(msgspec.Struct, rename="camel"):
    """Segment's context: the identifiers, and the touchpoint."""

    external_ids: list[ExternalId]
    channel: str


class Message(msgspec.Struct, rename="camel", omit_defaults=True):
    """One Segment call of type track or identify."""

    type: str
    message_id: str
    timestamp: datetime
    context: Context
    event: str | None = None
    properties: dict[str, str] | None = None


@dataclass(frozen=True)
class Bodies:
    """A day ready to be sent. Orders stay objects: a coupon may still be added to one."""

    plan: Day
    registrations: tuple[bytes, ...]
    messages: tuple[bytes, ...]
    orders: tuple[OrderRequest, ...]


def write(day: Day, people: Mapping[int, Person]) -> Bodies:
    """Everything of one day as it goes over the wire; a few milliseconds."""
    members = [_registration(each, people) for each in day.registrations]
    messages = [_behaviour(each, people) for each in day.behaviours]
    messages += [_link(each, people) for each in day.links]
    return Bodies(
        plan=day,
        registrations=tuple(
            RegisterMembers(members=part).model_dump_json(exclude_defaults=True).encode()
            for part in parts(members, BATCH)
        ),
        messages=tuple(_encode({"batch": part}) for part in parts(messages, MESSAGES)),
        orders=tuple(_order(basket, channel, people) for basket, channel in day.baskets),
    )


def order_batches(orders: Sequence[OrderRequest]) -> Iterator[bytes]:
    """Bodies of `POST /v1/orders/batch`."""
    for part in parts(orders, BATCH):
        yield _encode(OrderBatchRequest(list(part)))


def consent_batches(joined: Iterable[tuple[str, Registration]]) -> Iterator[bytes]:
    """Bodies of `POST /v1/consents/batch`: what newcomers answer, a tick for each purpose."""
    members = [
        {
            "member_id": member,
            "consents": [
                _answer(purpose, plan.agrees(joins.household_id, purpose), "tick", joins.channel,
                        "joins", joins.household_id)
                for purpose in plan.YES
            ],
        }
        for member, joins in joined
    ]  # fmt: skip
    for part in parts(members, BATCH):
        yield _encode({"members": part})


def shoppers(numbers: Sequence[int], people: Mapping[int, Person]) -> Iterator[bytes]:
    """Bodies of `POST /v1/members/batch` for generated shoppers: each is known by everything."""
    members = [_shopper(people[number]) for number in numbers]
    for part in parts(members, BATCH):
        yield RegisterMembers(members=list(part)).model_dump_json(exclude_defaults=True).encode()


def shoppers_order(visit: Visit, person: Person) -> OrderRequest:
    """An order of a generated shopper; its channel goes by the order's number."""
    channel = list(Channel)[draw("shopper's channel", visit.order_no) % len(Channel)]
    kind = IDENTIFIER[channel]
    return OrderRequest(
        order_no=visit.order_no,
        store=str(visit.store_id),
        channel=channel,
        paid_at=visit.at.replace(tzinfo=LOCAL),
        items=visit.lines,
        paid=Amount(visit.paid_fen),
        identifier=IdentifierRef(kind, person.identifier(kind)),
    )


def in_zone(
    event: str, zone: str, at: datetime, numbers: Sequence[int], people: Mapping[int, Person]
) -> list[bytes]:
    """Bodies of `POST /v1/batch`: members who come into a zone of the shop, or leave it."""
    messages = [
        Message(
            type="track",
            message_id=f"{event}-{number}-{at:%Y%m%d}",
            timestamp=at,
            context=_context(people[number], Channel.MINIPROGRAM, Kind.MINIPROGRAM_OPENID),
            event=event,
            properties={"zone": zone},
        )
        for number in numbers
    ]
    return [_encode({"batch": part}) for part in parts(messages, MESSAGES)]


def opt_out(household: int, sent_at: datetime) -> bytes:
    """The body of the `PUT` that follows a reply of R."""
    answer = _answer("marketing", False, "message", "sms", sent_at.isoformat(), household)
    return _encode({"consents": [answer]})


def _answer(purpose: str, granted: bool, how: str, where: str, *act: object) -> dict[str, object]:
    """An answer with an act of its own, which has the same id when the day is played again."""
    ref = uuid5(NAMESPACE_OID, "/".join(map(str, (purpose, where, *act))))
    asked = {"ref": ref, "where": where, "how": how}
    channel = {"channel": "sms"} if purpose == "marketing" else {}
    return {"purpose": purpose, **channel, "granted": granted, "asked": asked}


def product_batches(dataset: Dataset) -> Iterator[bytes]:
    """Bodies of `POST /v1/products/batch`; names are put together from what the table knows."""
    products = [
        Product(
            sku=each.sku,
            name=" ".join(filter(None, (each.product_type, each.package))) or None,
            department=each.department,
            category=each.category,
            brand=each.brand,
        )
        for each in dataset.products()
    ]
    for part in parts(products, BATCH):
        yield _encode(ProductBatch(list(part)))


def store_batches(dataset: Dataset) -> Iterator[bytes]:
    """Bodies of `POST /v1/stores/batch`."""
    stores = [Store(str(number), f"第{number}号店") for number in dataset.store_ids()]
    for part in parts(stores, BATCH):
        yield _encode(StoreBatch(list(part)))


def parts(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Consecutive slices of at most `size` rows."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _registration(joins: Registration, people: Mapping[int, Person]) -> RegisterMember:
    """Each channel asks for what it needs: the till for a name, the web shop for an address."""
    person = people[joins.household_id]
    kind = IDENTIFIER[joins.channel]
    at_the_till = joins.channel is Channel.POS
    delivered = joins.channel is Channel.ECOMMERCE
    return RegisterMember(
        identifiers=[IdentifierValue(kind=kind, value=person.identifier(kind))],
        name=person.name if at_the_till or delivered else None,
        gender=person.gender,
        birthday=person.birthday.isoformat() if at_the_till else None,
        address=person.address if delivered else None,
        city=person.city if delivered else None,
        channel=joins.channel,
    )


def _shopper(person: Person) -> RegisterMember:
    return RegisterMember(
        identifiers=[
            IdentifierValue(kind=kind, value=person.identifier(kind))
            for kind in IDENTIFIER.values()
        ],
        name=person.name,
        gender=person.gender,
        birthday=person.birthday.isoformat(),
        city=person.city,
        channel=Channel.ECOMMERCE,
    )


def _behaviour(seen: Behaviour, people: Mapping[int, Person]) -> Message:
    if seen.sku is not None:
        properties = {"product_id": seen.sku}
    else:
        properties = {"store_id": str(seen.store_id)}
    return Message(
        type="track",
        message_id=seen.message_id,
        timestamp=seen.at.replace(tzinfo=LOCAL),
        context=_context(people[seen.household_id], seen.channel, IDENTIFIER[seen.channel]),
        event=seen.event,
        properties=properties,
    )


def _link(link: Link, people: Mapping[int, Person]) -> Message:
    return Message(
        type="identify",
        message_id=f"link-{link.household_id}-{link.other}",
        timestamp=link.at.replace(tzinfo=LOCAL),
        context=_context(people[link.household_id], Channel.MINIPROGRAM, link.known, link.other),
    )


def _context(person: Person, channel: Channel, *kinds: Kind) -> Context:
    return Context([ExternalId(person.identifier(kind), kind) for kind in kinds], channel)


def _order(basket: Basket, channel: Channel, people: Mapping[int, Person]) -> OrderRequest:
    kind = IDENTIFIER[channel]
    return OrderRequest(
        order_no=str(basket.basket_id),
        store=str(basket.store_id),
        channel=channel,
        paid_at=basket.at.replace(tzinfo=LOCAL),
        items=basket.lines,
        paid=Amount(basket.paid_fen),
        identifier=IdentifierRef(kind, people[basket.household_id].identifier(kind)),
    )
