"""Insight's part of the public surface: why a figure moved, what to expect, what goes together."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.base import Model
from contracts.classification import counted, public, summed
from contracts.forecasts import Leaving, SalesForecast, SalesWeek
from contracts.operations import Operation, Query
from contracts.roles import EVERYONE, FIGURES, Role

Kpi = Literal["sales", "orders"]
Against = Literal["previous", "year"]
Level = Literal["category", "department", "sku"]


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


class LeavingForecast(Model):
    """Members likely to leave in the horizon from `as_of`, of the churn model in use."""

    version: Annotated[int, public]
    as_of: Annotated[date, public]
    horizon_days: Annotated[int, public]
    leaving: Annotated[Leaving, public]


class WeeklySales(Model):
    """Sales a week, of the forecast in use. `coverage_80` and `coverage_95`: share of
    `backtest_weeks` held-out weeks that lay inside the intervals."""

    version: Annotated[int, public]
    as_of: Annotated[date, public]
    champion: Annotated[str, public]
    coverage_80: Annotated[float | None, public] = None
    coverage_95: Annotated[float | None, public] = None
    backtest_weeks: Annotated[int | None, public] = None
    history: Annotated[list[SalesWeek], public]
    forecast: Annotated[list[SalesForecast], public]


class Outlook(Model):
    """What is expected; None where the model was not trained yet."""

    sales: Annotated[WeeklySales | None, public] = None
    leaving: Annotated[LeavingForecast | None, public] = None
    zh: Annotated[list[str], public]
    en: Annotated[list[str], public]


class GoodsPair(Model):
    """Who buys `one` buys `other`: in `baskets` of `members`. `support` is of all baskets,
    `confidence` of those with `one`, `lift` how much more often than by chance."""

    one: Annotated[str, public]
    other: Annotated[str, public]
    one_name: Annotated[str | None, public] = None
    other_name: Annotated[str | None, public] = None
    members: Annotated[int, counted]
    baskets: Annotated[int, summed("members")]
    support: Annotated[float | None, counted] = None
    confidence: Annotated[float | None, counted] = None
    lift: Annotated[float | None, counted] = None


class GoodsPairs(Model):
    """The greatest lift first; each of ten members at least."""

    level: Annotated[Level, public]
    data: Annotated[list[GoodsPair], public]


class GoodBeside(Model):
    """A good in stock that goes with what was asked about. `chance` and `lift` are None where it
    is only what many buy."""

    rank: Annotated[int, public]
    sku: Annotated[str, public]
    name: Annotated[str | None, public] = None
    chance: Annotated[float | None, public] = None
    lift: Annotated[float | None, public] = None
    zh: Annotated[str, public]
    en: Annotated[str, public]


class GoodsBeside(Model):
    """In order."""

    data: Annotated[list[GoodBeside], public]


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
    Operation(
        "GET", "/v1/insights/forecast", "profile",
        "Sales of the weeks to come, and members likely to leave", FIGURES - {Role.DATA_OPERATOR},
        response=Outlook, own=None, tags=("insights",),
    ),
    Operation(
        "GET", "/v1/insights/baskets", "profile", "What is bought together, with support and lift",
        FIGURES, response=GoodsPairs,
        query=(
            Query("level", str, "category (default), department or sku"),
            Query("min_support", float, "least share of all baskets"),
            Query("min_lift", float, "least lift; 1 if left out"),
            Query("limit", Annotated[int, Field(ge=1, le=200)], "how many"),
        ),
        own=None, tags=("insights",),
    ),
    Operation(
        "GET", "/v1/products/{sku}/bought-together", "profile",
        "Goods in stock that are bought with one, or with a basket", EVERYONE,
        response=GoodsBeside,
        query=(
            Query("basket", str, "other SKUs in the basket, with commas"),
            Query("limit", Annotated[int, Field(ge=1, le=20)], "how many"),
        ),
        own=None, tags=("catalogue",),
    ),
]  # fmt: skip
