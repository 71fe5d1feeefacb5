"""What starts a contact: the midnight, a happening, a day. Shared by plans and journeys.

A trigger says when a member is asked about; whether the member is contacted is decided by the
pipeline as ever. What happened more than `within_minutes` before it is heard starts nothing.
"""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator

from contracts.base import Model
from contracts.classification import public

HALF_HOUR, DAY, WEEK = 30, 24 * 60, 7 * 24 * 60

Text = Annotated[str, Field(pattern=r"^[^\x00]{1,100}$")]
Texts = Annotated[list[Text], Field(max_length=50), public]
Tier = Annotated[str, Field(min_length=1, max_length=64)]
Tiers = Annotated[list[Tier], Field(max_length=20), public]
Within = Annotated[int, Field(ge=1, le=30 * DAY), public]  # minutes

Property = Literal[
    "sku", "name", "category", "department", "brand", "price", "quantity", "revenue", "value",
    "store", "store_name", "city", "mall", "zone", "minutes", "activity", "topic", "channel",
]  # fmt: skip
Festival = Literal[
    "spring_festival", "lantern", "dragon_boat", "qixi", "ghost", "mid_autumn", "double_ninth",
    "laba", "little_new_year", "new_year_eve", "qingming", "winter_solstice", "new_year",
    "valentines", "womens_day", "labour_day", "childrens_day", "national_day", "singles_day",
    "christmas", "mothers_day", "fathers_day",
]  # fmt: skip


class PropertyCondition(Model):
    """Of a happening's property: one of some texts, or a number within bounds (both included)."""

    property: Annotated[Property, public]
    one_of: Texts = Field(default_factory=list)
    at_least: Annotated[float | None, public] = None
    at_most: Annotated[float | None, public] = None

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if not self.one_of and self.at_least is None and self.at_most is None:
            raise ValueError("say one_of, at_least or at_most")
        return self


Conditions = Annotated[list[PropertyCondition], Field(max_length=10), public]


class DailyTrigger(Model):
    """Every midnight, everybody in the audience who has not been asked about on this occasion."""

    kind: Annotated[Literal["daily"], public] = "daily"


class EnteredTrigger(Model):
    """Members who enter a segment; without one, those who enter the audience (its segments and
    tiers), and every midnight whoever else is in it."""

    kind: Annotated[Literal["entered"], public] = "entered"
    segment: Annotated[UUID | None, public] = None
    within_minutes: Within = DAY


class LeftTrigger(Model):
    """Members who leave a segment."""

    kind: Annotated[Literal["left"], public] = "left"
    segment: Annotated[UUID, public]
    within_minutes: Within = DAY


class EventTrigger(Model):
    """Members who do something: a collected event of this name, on one of the channels if any are
    named, with these properties."""

    kind: Annotated[Literal["event"], public] = "event"
    name: Annotated[Text, public]
    conditions: Conditions = Field(default_factory=list)
    channels: Texts = Field(default_factory=list)
    within_minutes: Within = HALF_HOUR


class StoreEnteredTrigger(Model):
    """Members who come into a store (of these, if any are named); texts can name shops nearby: of
    the same mall where that is known, else of the same city."""

    kind: Annotated[Literal["store_entered"], public] = "store_entered"
    stores: Texts = Field(default_factory=list)
    within_minutes: Within = HALF_HOUR


class DwellTrigger(Model):
    """Members who have been in a zone for so many minutes and have not left it. `zones`: any of
    them; none named: every zone."""

    kind: Annotated[Literal["zone_dwell"], public] = "zone_dwell"
    zones: Texts = Field(default_factory=list)
    minutes: Annotated[int, Field(ge=1, le=240), public] = 10
    within_minutes: Within = HALF_HOUR


class TierChangedTrigger(Model):
    """Members whose tier changes: from one of these, to one of those, up or down."""

    kind: Annotated[Literal["tier_changed"], public] = "tier_changed"
    from_tiers: Tiers = Field(default_factory=list)
    to_tiers: Tiers = Field(default_factory=list)
    direction: Annotated[Literal["up", "down", "any"], public] = "any"
    within_minutes: Within = DAY


class TierWarnedTrigger(Model):
    """Members who will lose one of these tiers (any, if none is named) unless they do something."""

    kind: Annotated[Literal["tier_warned"], public] = "tier_warned"
    tiers: Tiers = Field(default_factory=list)
    within_minutes: Within = WEEK


class ChurnRiskTrigger(Model):
    """Members who have become likely to stay away. Told from a chance of 0.8 on."""

    kind: Annotated[Literal["churn_risk"], public] = "churn_risk"
    at_least: Annotated[float, Field(ge=0, le=1), public] = 0.8
    within_minutes: Within = WEEK


class PointsExpiringTrigger(Model):
    """Members whose points go in so many days (told 30 and 7 days ahead; None: both times), if
    they are so many."""

    kind: Annotated[Literal["points_expiring"], public] = "points_expiring"
    days_ahead: Annotated[Literal[7, 30] | None, public] = None
    at_least: Annotated[int, Field(ge=1), public] = 1
    within_minutes: Within = WEEK


class BackInStockTrigger(Model):
    """Goods that are there again, for members who viewed or bought them. Nothing named: all."""

    kind: Annotated[Literal["back_in_stock"], public] = "back_in_stock"
    skus: Texts = Field(default_factory=list)
    categories: Texts = Field(default_factory=list)
    interest: Annotated[Literal["viewed", "bought", "any"], public] = "any"
    within_minutes: Within = DAY


class BirthdayTrigger(Model):
    """Members whose birthday it is, or will be tomorrow."""

    kind: Annotated[Literal["birthday"], public] = "birthday"
    days_before: Annotated[Literal[0, 1], public] = 0
    within_minutes: Within = 2 * DAY


class FestivalTrigger(Model):
    """Everybody in the audience, so many days before a festival (most go by the lunar calendar);
    once each time it comes round."""

    kind: Annotated[Literal["festival"], public] = "festival"
    festival: Annotated[Festival, public]
    days_before: Annotated[int, Field(ge=0, le=60), public] = 7


class RegisteredTrigger(Model):
    """Members who have just joined, through one of the channels if any are named."""

    kind: Annotated[Literal["registered"], public] = "registered"
    channels: Texts = Field(default_factory=list)
    within_minutes: Within = DAY


class ReferredTrigger(Model):
    """A friend brought along has bought: the one who brought, or the friend."""

    kind: Annotated[Literal["referred"], public] = "referred"
    person: Annotated[Literal["referrer", "friend"], public] = "referrer"
    within_minutes: Within = DAY


AnyTrigger = (
    DailyTrigger | EnteredTrigger | LeftTrigger | EventTrigger | StoreEnteredTrigger | DwellTrigger
    | TierChangedTrigger | TierWarnedTrigger | ChurnRiskTrigger | PointsExpiringTrigger
    | BackInStockTrigger | BirthdayTrigger | FestivalTrigger | RegisteredTrigger | ReferredTrigger
)  # fmt: skip


def _named(value: Any) -> Any:
    """A kind alone is its trigger: `"daily"`, `"entered"`."""
    return {"kind": value} if isinstance(value, str) else value


Trigger = Annotated[AnyTrigger, Field(discriminator="kind"), BeforeValidator(_named)]
AT_MIDNIGHT = ("daily", "entered")  # kinds by which the whole audience is asked about every day
