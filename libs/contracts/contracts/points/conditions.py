"""What has to hold of an order or act, as data."""

from datetime import date
from typing import Annotated

from pydantic import Field

from contracts.base import Model
from contracts.classification import public
from contracts.points.common import LARGEST

Text = Annotated[str, Field(pattern=r"^[^\x00]{1,64}$"), public]


class EarningCondition(Model):
    """`kind` and the arguments it needs; `GET /v1/earning-rules` lists the kinds.

    amount: fen paid for the rule's goods, `at_least` and/or `at_most`. sku, category, department,
    brand: lines of `any_of` these; they are what the effect is about. store, channel, tier, tag:
    `any_of` these; a tag is "tag" or "tag=value", as profile decided last. dates: programme days
    `since` … `until`, both included. weekday: `any_of` "1" (Monday) … "7". first_purchase
    needs nothing. birthday: on the day, or with `any_of` "month" in the month of birth. streak:
    every `at_least` days in a row.
    """

    kind: Annotated[str, public]
    any_of: Annotated[list[Text], Field(max_length=500), public] = Field(default_factory=list)
    at_least: Annotated[int | None, Field(ge=0, le=LARGEST), public] = None
    at_most: Annotated[int | None, Field(ge=0, le=LARGEST), public] = None
    since: Annotated[date | None, public] = None
    until: Annotated[date | None, public] = None
