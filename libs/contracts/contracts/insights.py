"""Insight's part of the public surface: why a figure moved."""

from datetime import date
from typing import Annotated, Literal

from contracts.base import Model
from contracts.classification import counted, public, summed
from contracts.operations import Operation, Query
from contracts.roles import FIGURES

Kpi = Literal["sales", "orders"]
Against = Literal["previous", "year"]
Dimension = Literal["category", "store", "segment", "tier", "channel"]


class Effects(Model):
    """What each factor adds to a movement: they add up to `change` exactly.

    `members` who buy x `frequency` (orders each) x `basket` (lines an order) x `price` (fen a
    line); a movement of orders has the first two only.
    """

    change: Annotated[int, counted]
    members: Annotated[int, counted]
    frequency: Annotated[int, counted]
    basket: Annotated[int, counted]
    price: Annotated[int, counted]


class Movement(Model):
    """A group of what was sold, before and after: fen, or orders. Labels are None where nothing is
    known, or not asked for; `rest`: all groups that are not listed, together."""

    category: Annotated[str | None, public] = None
    store: Annotated[str | None, public] = None
    segment: Annotated[str | None, public] = None
    tier: Annotated[str | None, public] = None
    channel: Annotated[str | None, public] = None
    rest: Annotated[bool, public] = False
    members_before: Annotated[int, counted]
    members_after: Annotated[int, counted]
    before: Annotated[int, summed("members_before")]
    after: Annotated[int, summed("members_after")]
    effects: Annotated[Effects | None, counted] = None


class Decomposition(Model):
    """Why a figure moved: the groups of `by` share out the whole, and their effects add up to its
    change exactly.

    `mix` is what the groups' effects say more of each factor than the whole's: members, orders or
    money that wandered between groups (it adds up to nothing). Days `until` are not included.
    Without effects, mix and sentences for data operators.
    """

    kpi: Annotated[Kpi, public]
    by: Annotated[list[str], public]
    before_since: Annotated[date, public]
    before_until: Annotated[date, public]
    since: Annotated[date, public]
    until: Annotated[date, public]
    whole: Annotated[Movement, public]
    groups: Annotated[list[Movement], public]
    mix: Annotated[Effects | None, counted] = None
    zh: Annotated[list[str] | None, counted] = None
    en: Annotated[list[str] | None, counted] = None


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/insights/decompose", "profile",
        "Why sales or orders moved: by category, store, segment, tier, channel", FIGURES,
        response=Decomposition,
        query=(
            Query("kpi", str, "sales (default; what lines cost) or orders"),
            Query("by", str, "dimensions, with commas; category,store,segment if left out;"
                  " data operators: one"),
            Query("since", date, "first day; 28 days before `until` if left out"),
            Query("until", date, "day after the last one; today if left out"),
            Query("against", str, "previous (default: as many days before), or year (364 days)"),
            Query("limit", int, "groups listed one by one, those that moved most; 50"),
        ),
        own=None, tags=("insights",),
    ),
]  # fmt: skip
