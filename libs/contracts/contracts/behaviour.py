"""What members do, as far as somebody waits for it: campaign says for what, profile tells."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from contracts.base import Event, Record
from contracts.classification import internal, public, quasi

BACK_IN_STOCK = "Back In Stock"  # watched like an event; profile tells it as BackInStock
STORE_ENTERED = ("Store Entered", "Store Visited")
ZONE_ENTERED, ZONE_LEFT, ZONE_DWELLED = "Zone Entered", "Zone Left", "Zone Dwelled"


class Watch(Record, frozen=True):
    """Events of this name are waited for; what is older than so many minutes is of no use."""

    name: Annotated[str, public]
    within_minutes: Annotated[int, public]


class WatchesChanged(Event, frozen=True):
    """Running campaigns and journeys wait for these events, and for no others. A greater version is
    later."""

    subject = "campaign.watches_changed.v1"
    version: Annotated[int, public]
    watches: Annotated[list[Watch], public]


class Seen(Record, frozen=True):
    """A member did something. `properties` are those of the event that identify nobody, and what
    the catalogue says of its goods and its store (contracts.campaign.triggers.Property); `nearby`:
    names of shops near that one."""

    member_id: Annotated[UUID, internal]
    name: Annotated[str, public]
    occurred_at: Annotated[datetime, public]
    channel: Annotated[str | None, public] = None
    properties: Annotated[dict[str, str | float | list[str]], quasi] = {}


class BehaviourSeen(Event, frozen=True):
    """Members did what somebody waits for."""

    subject = "profile.behaviour_seen.v1"
    seen: Annotated[list[Seen], internal]


class Interested(Record, frozen=True):
    """A member who looked at a good in the last 30 days, or bought it in the last 180."""

    member_id: Annotated[UUID, internal]
    viewed: Annotated[bool, quasi] = False
    bought: Annotated[bool, quasi] = False


class BackInStock(Event, frozen=True):
    """A good that there was none of is there again; in pieces where many are interested."""

    subject = "profile.back_in_stock.v1"
    sku: Annotated[str, public]
    back_at: Annotated[datetime, public]
    members: Annotated[list[Interested], internal]
    name: Annotated[str | None, public] = None
    category: Annotated[str | None, public] = None
    department: Annotated[str | None, public] = None
