"""The whole schema, a page or two; partitions, indexes and functions are in the migrations."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Double, Integer, Text
from sqlmodel import Field

from profile_service.tables.base import Row, big, document, many, moment, text
from profile_service.tables.clusters import ClusteringRow, ClusterRow, MemberClusterRow
from profile_service.tables.goods import GoodsPairRow, PopularGoodsRow
from profile_service.tables.quality import (
    CollectDelayRow,
    CorrectionDayRow,
    DuplicateHuntRow,
    QualityReportRow,
    QuarantineDayRow,
)
from profile_service.tables.segments import (
    ConditionRow,
    MemberConsentRow,
    MemberTierRow,
    SegmentListRow,
    SegmentRow,
    SegmentVersionRow,
    StandingGoneRow,
    StandingRow,
    TagFlipRow,
    TagPinRow,
    TagReviewRow,
    TagRuleRow,
    TagWatchRow,
)
from profile_service.tables.watches import RestockRow, WatchingRow, WatchRow
from profile_service.tables.worth import ClvMonthRow, ClvTermsRow, MemberWorthRow

__all__ = [
    "ClusterRow",
    "ClusteringRow",
    "ClvMonthRow",
    "ClvTermsRow",
    "CollectDelayRow",
    "ConditionRow",
    "CorrectionDayRow",
    "DuplicateHuntRow",
    "GoodsPairRow",
    "MemberClusterRow",
    "MemberConsentRow",
    "MemberTierRow",
    "MemberWorthRow",
    "PopularGoodsRow",
    "QualityReportRow",
    "QuarantineDayRow",
    "RestockRow",
    "Row",
    "SegmentListRow",
    "SegmentRow",
    "SegmentVersionRow",
    "StandingGoneRow",
    "StandingRow",
    "TagFlipRow",
    "TagPinRow",
    "TagReviewRow",
    "TagRuleRow",
    "TagWatchRow",
    "WatchRow",
    "WatchingRow",
]


class SubjectRow(Row, table=True):
    """Whom rows are about: a member as registered, or an identifier as seen. Never changes its id.

    `parent` is what it was linked to or merged into; `root` the end of that chain, kept flat. Facts
    stay with their subject for ever: a merge moves a pointer, and a split can move it back.
    """

    __tablename__ = "subject"
    id: int = big(primary_key=True)
    member_id: UUID | None = None
    index: str | None = text(default=None)
    parent: int | None = big(nullable=True)
    linked_at: datetime | None = moment(nullable=True)
    root: int = big()


class MemberRow(Row, table=True):
    """What identity told about a registered member."""

    __tablename__ = "member"
    subject_id: int = big(primary_key=True)
    registered_at: datetime = moment()
    channel: str | None = text(default=None)
    gender: str | None = text(default=None)
    birth_year: int | None = None
    birth_month: int | None = None
    city: str | None = text(default=None)
    language: str = text(default="zh")
    region: str | None = text(default=None)


class TouchedRow(Row, table=True):
    """Subjects whose facts changed since their tags were last looked at. Append and delete only."""

    __tablename__ = "touched"
    id: int = big(primary_key=True)
    subject_id: int = big()


class SeenRow(Row, table=True):
    """messageIds already collected, as 64-bit hashes, in parts of weeks; old ones are dropped."""

    __tablename__ = "seen"
    message_key: int = big(primary_key=True)  # the mapper wants a key; the table has an index
    week: date = Field(primary_key=True)
    part: int = Field(primary_key=True)


class SeenPartRow(Row, table=True):
    """How many keys each part of `seen` has."""

    __tablename__ = "seen_part"
    week: date = Field(primary_key=True)
    part: int = Field(primary_key=True)
    size: int


class ActivityRow(Row, table=True):
    """One collected message. Partitioned by month of `occurred_at` (UTC)."""

    __tablename__ = "activity"
    message_key: int = big(primary_key=True)  # the mapper wants a key; the table has none
    subject_id: int | None = big(nullable=True)
    occurred_at: datetime = moment()
    event: str = text()
    channel: str | None = text(default=None)
    properties: dict[str, Any] = document()


class ActivityDayRow(Row, table=True):
    """Activities folded: how often a subject did what, where, on which programme day."""

    __tablename__ = "activity_day"
    subject_id: int = big(primary_key=True)
    day: date = Field(primary_key=True)
    event: str = text(primary_key=True)
    channel: str = text(primary_key=True)  # "" where none was told
    n: int
    last_at: datetime = moment()


class TraitRow(Row, table=True):
    """The latest value of each trait; personal values are sealed tokens. `source` and what follows
    are of those that a third party told."""

    __tablename__ = "trait"
    subject_id: int = big(primary_key=True)
    name: str = text(primary_key=True)
    value: Any = document(nullable=True)  # null: told to be nothing
    occurred_at: datetime = moment()
    message_key: int = big()
    source: str | None = text(nullable=True)
    confidence: float | None = Field(default=None, sa_type=Double)
    expires_on: date | None = Field(default=None)


class PurchaseRow(Row, table=True):
    """One order with its lines as parallel arrays (view `purchase_line` unrolls them).

    Partitioned by month of `paid_at` (UTC). A row a line would cost twice the CPU and space.
    """

    __tablename__ = "purchase"
    order_no: str = text(primary_key=True)
    paid_at: datetime = moment(primary_key=True)
    subject_id: int = big()
    store_id: str = text()
    channel: str = text()
    paid_fen: int = big()
    coupons: int
    skus: list[str] = many(Text)
    quantities: list[int] = many(Integer)
    amounts_fen: list[int] = many(Integer)
    points: int  # earned


class RefundRow(Row, table=True):
    """Money given back."""

    __tablename__ = "refund"
    order_no: str = text(primary_key=True)
    refund_no: str = text(primary_key=True)
    subject_id: int = big()
    refunded_at: datetime = moment()
    refund_fen: int = big()
    points: int  # taken back


class HappeningRow(Row, table=True):
    """What happened besides activities, purchases and refunds, for the timeline."""

    __tablename__ = "happening"
    subject_id: int = big(primary_key=True)
    at: datetime = moment(primary_key=True)
    kind: str = text(primary_key=True)
    key: str = text(primary_key=True)
    name: str = text()
    facts: dict[str, Any] = document()


class SpendingRow(Row, table=True):
    """Purchases and refunds of one subject, folded (purchases.domain.Spending)."""

    __tablename__ = "spending"
    subject_id: int = big(primary_key=True)
    orders: int
    lines: int
    paid_fen: int = big()
    refunded_fen: int = big()
    coupon_orders: int
    first_at: datetime | None = moment(nullable=True)
    last_at: datetime | None = moment(nullable=True)
    previous_at: datetime | None = moment(nullable=True)
    parts: dict[str, dict[str, int]] = document()  # {channel, daypart, department}: {name: number}


class MemberTagsRow(Row, table=True):
    """A member's tags as last decided: {name: {value, confidence, until}} (tags.domain.Verdict).

    `told` is what the others know of them (tags.domain.told).
    """

    __tablename__ = "member_tags"
    subject_id: int = big(primary_key=True)
    tags: dict[str, Any] = document()
    review_on: date | None = None
    told: list[str] = document()


class ObjectionRow(Row, table=True):
    """A person, by the root of the moment, who objects to conclusions: has no tags."""

    __tablename__ = "objection"
    subject_id: int = big(primary_key=True)
    objected_at: datetime = moment()


class RefusalRow(Row, table=True):
    """A person, by the root of the moment, who said no to recommendations: is not watched."""

    __tablename__ = "refusal"
    subject_id: int = big(primary_key=True)
    refused_at: datetime = moment()


class ErasuresRow(Row, table=True):
    """How often members were erased: what a process remembers of subjects is older than that."""

    __tablename__ = "erasures"
    one: bool = Field(primary_key=True)
    n: int = big()


class PopulationRow(Row, table=True):
    """Bounds that hold for everybody, as measured at a midnight (rfm.domain.Bounds)."""

    __tablename__ = "population"
    measured_at: datetime = moment(primary_key=True)
    frequency_lower: float
    frequency_upper: float
    monetary_lower: float
    monetary_upper: float
    high_value: float


class RfmStrategyRow(Row, table=True):
    """What a shop does about members of a cell, in place of what is shipped."""

    __tablename__ = "rfm_strategy"
    cell: str = text(primary_key=True)
    document: dict[str, Any] = document()  # contracts.rfm.RfmStrategyBody
    changed_by: str = text()
    changed_at: datetime = moment()


class ProductRow(Row, table=True):
    """The catalogue. `version` is the catalogue's at the row's last change."""

    __tablename__ = "product"
    sku: str = text(primary_key=True)
    name: str | None = text(default=None)
    department: str | None = text(default=None)
    category: str | None = text(default=None)
    brand: str | None = text(default=None)
    version: int = big()
    corrections: list[Any] = document()


class CategoryRow(Row, table=True):
    """A word for a category in a department (empty: none), written before or set as a synonym."""

    __tablename__ = "category"
    word: str = text(primary_key=True)
    department: str = text(primary_key=True)
    synonym: bool = Field(primary_key=True)
    name: str = text()


class StoreRow(Row, table=True):
    """Shops."""

    __tablename__ = "store"
    store_id: str = text(primary_key=True)
    name: str | None = text(default=None)
    city: str | None = text(default=None)
    mall: str | None = text(default=None)


class CatalogueRow(Row, table=True):
    """One row: the catalogue's version. Its lock puts writers in line: versions commit in order."""

    __tablename__ = "catalogue"
    id: int = Field(primary_key=True)
    version: int = big()


class ModelVersionRow(Row, table=True):
    """A training that was asked for, and what came of it (contracts.forecasts.TrainedModel)."""

    __tablename__ = "model_version"
    name: str = text(primary_key=True)
    version: int = Field(primary_key=True)
    status: str = text()
    asked_at: datetime = moment()
    started_at: datetime | None = moment(nullable=True)
    finished_at: datetime | None = moment(nullable=True)
    as_of: date
    horizon_days: int
    accepted: bool
    report: dict[str, Any] | None = document(nullable=True)
    popular: list[str] = many(Text)  # SKUs that most members buy, for those nothing is known of
    error: str | None = text(default=None)


class ForecastRow(Row, table=True):
    """What the model in use says about a person, by the root of the moment.

    clv: `value` fen, `detail` {ahead} (models.outlook). churn: `value` the chance, `detail`
    {reasons}. recommend: `detail` {all, fresh}: [sku, because] in order.
    """

    __tablename__ = "forecast"
    subject_id: int = big(primary_key=True)
    name: str = text(primary_key=True)
    value: float | None = None
    horizon_days: int
    detail: dict[str, Any] = document()
    made_at: datetime = moment()


class StockRow(Row, table=True):
    """How many there are of a good. Of goods without a row nothing is known: they are offered."""

    __tablename__ = "stock"
    sku: str = text(primary_key=True)
    on_hand: int
    told_at: datetime = moment()
