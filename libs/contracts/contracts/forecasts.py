"""Models' part of the public surface: models and their reports, recommendations, stock."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from pydantic import Field

from contracts.base import Model, Record
from contracts.classification import internal, public, quasi
from contracts.operations import Operation, Query
from contracts.roles import READING, Role

Status = Literal["queued", "running", "done", "failed"]


class TrainingRequest(Model):
    """Nothing of the day `as_of` or later is looked at; left out: today. The horizon is in days."""

    as_of: Annotated[date | None, public] = None
    horizon_days: Annotated[int | None, Field(ge=1, le=730), public] = None


class TrainedModel(Model):
    """A version of a model. `accepted`: it took over from the version before; `champion` is the
    part that won against the baseline on held-out data; `figures` are by part."""

    name: Annotated[str, public]
    version: Annotated[int, public]
    status: Annotated[Status, public]
    asked_at: Annotated[datetime, public]
    finished_at: Annotated[datetime | None, public] = None
    as_of: Annotated[date, public]
    horizon_days: Annotated[int, public]
    accepted: Annotated[bool, public]
    champion: Annotated[str | None, public] = None
    figures: Annotated[dict[str, dict[str, float]], public]
    error: Annotated[str | None, public] = None


class TrainedModels(Model):
    """The newest versions first, all models'."""

    data: Annotated[list[TrainedModel], public]


class ModelData(Model):
    """What a model learnt from."""

    members: Annotated[int, public]
    orders: Annotated[int, public]
    lines: Annotated[int, public]
    skus: Annotated[int, public]
    products_described: Annotated[int, public]
    first_day: Annotated[date, public]
    history_days: Annotated[int, public]


class HeldOut(Model):
    """What a model was judged on: the members at a cut; `how` they were held out."""

    cut: Annotated[date, public]
    how: Annotated[str, public]
    members: Annotated[int, public]


class CalibrationBin(Model):
    """Members with a chance in the tenth from `at_least` on: mean prediction, and what came."""

    at_least: Annotated[float, public]
    members: Annotated[int, public]
    predicted: Annotated[float, public]
    happened: Annotated[float, public]


class ChampionCheck(Model):
    """The best challenger against the simple baseline: the same held-out cut, the same members, one
    `figure`. Only a `promoted` challenger is used."""

    figure: Annotated[str, public]
    more_is_better: Annotated[bool, public]
    baseline: Annotated[str, public]
    baseline_figure: Annotated[float, public]
    challenger: Annotated[str, public]
    challenger_figure: Annotated[float, public]
    promoted: Annotated[bool, public]


class NewMembers(Model):
    """Members whose first purchase was in the held-out horizon, and NDCG@10 of what they were
    offered: what everybody buys, or what is bought in the store that they came to."""

    members: Annotated[int, public]
    ndcg10_popular: Annotated[float, public]
    ndcg10_store: Annotated[float, public]


class PastLeaving(Model):
    """How many were expected to leave in the horizon after a past day, and how many did."""

    cut: Annotated[date, public]
    expected: Annotated[int, public]
    left: Annotated[int, public]


class Leaving(Model):
    """Of the `members` who bought in the last two horizons, how many will buy nothing in the next
    one: `expected`, and from `low` to `high` with the chance `level`. `coverage`: share of past
    days that lay inside intervals made in the same way."""

    members: Annotated[int, public]
    expected: Annotated[int, public]
    low: Annotated[int, public]
    high: Annotated[int, public]
    level: Annotated[float, public]
    coverage: Annotated[float | None, public] = None
    backtests: Annotated[list[PastLeaving], public] = []


class SalesWeek(Model):
    """Fen, less what was given back, and members who bought, in seven days."""

    since: Annotated[date, public]
    until: Annotated[date, public]
    fen: Annotated[int, public]
    members: Annotated[int, public]


class SalesForecast(Model):
    """Fen expected in seven days to come, with intervals for 80 and 95 %."""

    since: Annotated[date, public]
    until: Annotated[date, public]
    expected_fen: Annotated[int, public]
    low_80_fen: Annotated[int, public]
    high_80_fen: Annotated[int, public]
    low_95_fen: Annotated[int, public]
    high_95_fen: Annotated[int, public]


class ModelReport(Model):
    """The validation report of the version in use; `metrics` are by part, held out. `cuts` are the
    days learnt from; `plots` are data URLs by name."""

    name: Annotated[str, public]
    version: Annotated[int, public]
    champion: Annotated[str, public]
    champion_new: Annotated[str | None, public] = None  # of goods a member never bought
    engine: Annotated[str, public]
    as_of: Annotated[date, public]
    horizon_days: Annotated[int, public]
    data: Annotated[ModelData, public]
    cuts: Annotated[list[date], public]
    held_out: Annotated[HeldOut | None, public] = None
    metrics: Annotated[dict[str, dict[str, float]], public] = {}
    metrics_bought_in_last_two_horizons: Annotated[dict[str, dict[str, float]], public] = {}
    weights: Annotated[dict[str, float], public] = {}
    calibration: Annotated[dict[str, float], public] = {}
    calibration_table: Annotated[list[CalibrationBin], public] = []
    high_risk: Annotated[dict[str, float], public] = {}
    early_warning_days: Annotated[int | None, public] = None
    importance: Annotated[dict[str, float], public] = {}
    check: Annotated[ChampionCheck | None, public] = None
    new_members: Annotated[NewMembers | None, public] = None
    leaving: Annotated[Leaving | None, public] = None
    history: Annotated[list[SalesWeek], public] = []
    forecast: Annotated[list[SalesForecast], public] = []
    backtest_weeks: Annotated[int | None, public] = None
    pairs: Annotated[int | None, public] = None
    note: Annotated[str | None, public] = None
    plots: Annotated[dict[str, str], public] = {}


class Recommendation(Model):
    """A good, and why. `because` is the SKU of something the member buys that speaks for it."""

    rank: Annotated[int, public]
    sku: Annotated[str, quasi]
    name: Annotated[str | None, public] = None
    because: Annotated[str | None, quasi] = None
    zh: Annotated[str, quasi]
    en: Annotated[str, quasi]


class Recommendations(Model):
    """In order; not `personalised` (no consent, an objection, or nothing known): what many buy."""

    member_id: Annotated[UUID, internal]
    personalised: Annotated[bool, public]
    data: Annotated[list[Recommendation], quasi]


class StockLevel(Record, frozen=True):
    """How many there are of a good, over all shops."""

    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=64), public]
    on_hand: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1), public]


class StockBatch(Record, frozen=True):
    """Up to 1,000 levels; of a SKU that appears twice the last counts."""

    stock: Annotated[list[StockLevel], msgspec.Meta(min_length=1, max_length=1000), public]


class StockResult(Model):
    """How many different rows arrived."""

    received: Annotated[int, public]


class ChurnReason(Model):
    """`weight` is what a reason adds to the log odds of staying away."""

    code: Annotated[str, quasi]
    weight: Annotated[float, quasi]
    zh: Annotated[str, quasi]
    en: Annotated[str, quasi]


class Churn(Model):
    """The chance that a member buys nothing in the horizon; from .8 on it is a high risk."""

    chance: Annotated[float, quasi]
    horizon_days: Annotated[int, public]
    high_risk: Annotated[bool, quasi]
    reasons: Annotated[list[ChurnReason], quasi]


MODELLERS = frozenset({Role.ANALYST, Role.OPERATOR, Role.ADMIN})
STOCKERS = frozenset({Role.POS, Role.DATA_OPERATOR, Role.OPERATOR, Role.ADMIN})

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/models", "profile", "Models and their versions, the newest first", MODELLERS,
        response=TrainedModels, own=None, tags=("models",),
    ),
    Operation(
        "GET", "/v1/models/{name}/report", "profile",
        "The validation report of the version in use", MODELLERS,
        response=ModelReport, own=None, tags=("models",),
    ),
    Operation(
        "POST", "/v1/models/{name}/trainings", "profile", "Train a model on what was bought here",
        MODELLERS, TrainingRequest, TrainedModel, status=202, own=None, tags=("models",),
    ),
    Operation(
        "GET", "/v1/members/{member_id}/recommendations", "profile",
        "Goods that a member may want, in stock, with the reason for each", READING,
        response=Recommendations,
        query=(
            Query("limit", Annotated[int, Field(ge=1, le=20)], "how many"),
            Query("fresh", bool, "only goods the member never bought"),
            Query("store", str, "where the member is: of whom nothing is known gets what is bought"
                  " there; the caller's own store if left out"),
        ),
        edge="personalised", tags=("profile",),
    ),
    Operation(
        "PUT", "/v1/stock", "profile", "Write how many there are of up to 1,000 goods", STOCKERS,
        StockBatch, StockResult, own=None, tags=("catalogue",),
    ),
]  # fmt: skip
