"""The profile service's part of the public surface: catalogue, 360° profile, tags, figures."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from pydantic import Field

from contracts.base import Model, Money, Record
from contracts.classification import DataClass, counted, holding, internal, public, quasi, summed
from contracts.events import Product, Store
from contracts.forecasts import Churn
from contracts.operations import PAGING, Operation, Query
from contracts.rfm import Rfm
from contracts.roles import EVERYONE, FIGURES, READING, STAFF, Role
from contracts.worth import Clv

CASES = holding("tag_rule.document", DataClass.PUBLIC)
Text = Annotated[Annotated[str, msgspec.Meta(max_length=200)] | None, public]


class ProductBody(Record, frozen=True):
    """What `PUT /v1/products/{sku}` takes: a Product; `sku` may be left out, the path tells it."""

    sku: Annotated[str | None, public] = None
    name: Text = None
    department: Text = None
    category: Text = None
    brand: Text = None


class ProductCorrection(Record, frozen=True):
    """What a rule changed in a product that was written: `category_spelling`, `category_synonym`,
    `department_of_category`, `width_and_space`, or `of_product` (a batch left it out)."""

    field: Annotated[str, public]
    rule: Annotated[str, public]
    before: Annotated[str | None, public]
    after: Annotated[str, public]


class ProductDetails(Product, frozen=True):
    """A product, and what was corrected when it was last changed."""

    corrections: Annotated[list[ProductCorrection], public] = []


class CategorySynonym(Record, frozen=True):
    """A word that means a category of the shop, in one of its departments if that is said."""

    word: Annotated[str, msgspec.Meta(min_length=1, max_length=128), public]
    category: Annotated[str, msgspec.Meta(min_length=1, max_length=128), public]
    department: Text = None


class CategorySynonyms(Record, frozen=True):
    """All of them: they take the place of those before, and count for what is written from now."""

    synonyms: Annotated[list[CategorySynonym], msgspec.Meta(max_length=10_000), public]


class StoreBody(Record, frozen=True):
    """What `PUT /v1/stores/{store_id}` takes: a Store; `store_id` may be left out."""

    store_id: Annotated[str | None, public] = None
    name: Text = None
    city: Text = None
    mall: Text = None


class ProductBatch(Record, frozen=True):
    """Up to 1,000 products; of a SKU that appears twice the last row counts."""

    products: Annotated[list[Product], msgspec.Meta(min_length=1, max_length=1000), public]


class StoreBatch(Record, frozen=True):
    """Up to 1,000 stores; of a store that appears twice the last row counts."""

    stores: Annotated[list[Store], msgspec.Meta(min_length=1, max_length=1000), public]


class CatalogueResult(Model):
    """How many different rows arrived, and how many of them were new or different."""

    received: Annotated[int, public]
    changed: Annotated[int, public]


class Tag(Model):
    """One thing that is known about a member, how surely, from what, and until when.

    `value` is None for a tag that a member simply has. `expires_at` is the midnight at which the
    tag is looked at again even if nothing happens; None: only new facts can change it. `rule` is
    `<tag>@<version>` (or "review": kept by decision), `facts` the figures that it was decided from
    at `decided_at`.
    """

    tag: Annotated[str, quasi]
    family: Annotated[str, public]
    value: Annotated[str | None, quasi] = None
    confidence: Annotated[float, Field(ge=0, le=1), quasi]
    source: Annotated[str, public]
    expires_at: Annotated[datetime | None, quasi] = None
    rule: Annotated[str, public] = ""
    decided_at: Annotated[datetime | None, quasi] = None
    facts: Annotated[dict[str, float | None], quasi] = {}


class MemberTags(Model):
    """A member's tags by name; none without consent to personal recommendations."""

    member_id: Annotated[UUID, internal]
    data: Annotated[list[Tag], quasi]


class PurchaseWindow(Model):
    """Orders of the last so many days, and what was paid for them."""

    orders: Annotated[int, quasi]
    paid: Annotated[Money, quasi]


class PurchaseSummary(Model):
    """All purchases of a member. `paid` is before refunds; departments count line amounts in fen,
    channels count orders."""

    orders: Annotated[int, quasi]
    lines: Annotated[int, quasi]
    paid: Annotated[Money, quasi]
    refunded: Annotated[Money, quasi]
    first_at: Annotated[datetime | None, quasi] = None
    last_at: Annotated[datetime | None, quasi] = None
    last_30_days: Annotated[PurchaseWindow, quasi]
    last_90_days: Annotated[PurchaseWindow, quasi]
    last_365_days: Annotated[PurchaseWindow, quasi]
    by_channel: Annotated[dict[str, int], quasi]
    by_department_fen: Annotated[dict[str, int], quasi]


class EventCount(Model):
    """How often a named activity happened: ever, and in the last 7 and 30 programme days."""

    event: Annotated[str, quasi]
    total: Annotated[int, quasi]
    last_7_days: Annotated[int, quasi]
    last_30_days: Annotated[int, quasi]


class ActivitySummary(Model):
    """Behaviour other than buying. `viewed` holds the SKUs looked at last, newest first."""

    events: Annotated[int, quasi]
    last_seen_at: Annotated[datetime | None, quasi] = None
    by_channel: Annotated[dict[str, int], quasi]
    by_event: Annotated[list[EventCount], quasi]
    viewed: Annotated[list[str], quasi]


class Portrait(Model):
    """The member in one sentence."""

    zh: Annotated[str, quasi]
    en: Annotated[str, quasi]


class TraitOrigin(Model):
    """A trait that a third party told: how sure it is, and the last day it holds."""

    name: Annotated[str, public]
    source: Annotated[str, internal]
    confidence: Annotated[float, Field(ge=0, le=1), quasi]
    told_at: Annotated[datetime, public]
    expires_on: Annotated[date, public]


class MemberProfile(Model):
    """The 360° profile. `member_id` is the survivor where the id asked for was merged away.

    `traits` are as collected; personal ones are sealed tokens until the gateway opens them.
    Without consent to personal recommendations nothing is concluded (`personalised` false): there
    are no tags, no lifecycle, no cell and no portrait, only what the member told and did.
    """

    member_id: Annotated[UUID, internal]
    registered_at: Annotated[datetime | None, internal] = None
    gender: Annotated[str | None, quasi] = None
    birth_band: Annotated[str | None, quasi] = None  # "1980-1984"
    city: Annotated[str | None, quasi] = None
    region: Annotated[str | None, quasi] = None  # GB/T 2260
    traits: Annotated[dict[str, Any], holding("trait.value", DataClass.QUASI)]
    trait_origins: Annotated[list[TraitOrigin], quasi] = []
    personalised: Annotated[bool, public] = True
    lifecycle: Annotated[str | None, quasi] = None  # prospect, new, growing, mature, silent, lost
    customer_group: Annotated[str | None, quasi] = None  # new, active, high_value, sleeping
    rfm: Annotated[Rfm | None, quasi] = None
    clv: Annotated[Clv | None, quasi] = None
    churn: Annotated[Churn | None, quasi] = None
    tags: Annotated[list[Tag], quasi]
    purchases: Annotated[PurchaseSummary, quasi]
    activity: Annotated[ActivitySummary, quasi]
    portrait: Annotated[Portrait | None, quasi] = None


class TagDefinition(Model):
    """A tag the platform gives. `values` is None where the values come from the data."""

    tag: Annotated[str, public]
    family: Annotated[str, public]
    summary: Annotated[str, public]
    values: Annotated[list[str] | None, public] = None


class TagDefinitions(Model):
    """Every tag, by family and name."""

    data: Annotated[list[TagDefinition], public]


class TagRuleBody(Model):
    """A tag as data: the first case whose condition is true gives the value.

    A case is `{"when": condition, "value": text, "confidence": number or {"sure": "orders" or an
    event}}`; conditions as in docs/segments.md, without tags and segments.
    """

    tag: Annotated[str, Field(max_length=50), public]
    family: Annotated[str, public]
    source: Annotated[str, public]
    zh: Annotated[str, public]
    en: Annotated[str, public]
    window_days: Annotated[int | None, public] = None
    cases: Annotated[list[dict[str, Any]], CASES]

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return self.model_dump(exclude_none=True)


class TagRule(Model):
    """A tag that was added. `decided`: members that this version was applied to when it was new;
    all of them once there is a `finished_at`."""

    tag: Annotated[str, public]
    version: Annotated[int, public]
    document: Annotated[dict[str, Any], CASES]
    changed_by: Annotated[str, internal]
    changed_at: Annotated[datetime, public]
    decided: Annotated[int, counted]
    finished_at: Annotated[datetime | None, public] = None


class TagReview(Model):
    """A tag, and its value, that a member had surely and suddenly lost (`after` None), or that
    became another one."""

    review_id: Annotated[UUID, internal]
    member_id: Annotated[UUID | None, internal] = None
    tag: Annotated[str, quasi]
    before: Annotated[str | None, quasi] = None
    after: Annotated[str | None, quasi] = None
    confidence: Annotated[float | None, quasi] = None
    flipped_at: Annotated[datetime, public]


class TagReviews(Model):
    """Open ones, the oldest first."""

    data: Annotated[list[TagReview], internal]
    next_cursor: Annotated[str | None, public] = None


class TagReviewDecision(Model):
    """Accept the change, or keep the tag as it was for 90 days; in which nobody is asked again."""

    decision: Annotated[Literal["accept", "keep"], public]


class TagReviewDecided(Model):
    """Until when the tag is kept; None: it is not."""

    review_id: Annotated[UUID, internal]
    kept_until: Annotated[date | None, public] = None


class TagCount(Model):
    """How many members have a tag (with this value)."""

    tag: Annotated[str, public]
    value: Annotated[str | None, public] = None
    members: Annotated[int, counted]


class TagCounts(Model):
    """Most frequent first."""

    data: Annotated[list[TagCount], public]


class PurchaseFigures(Model):
    """All purchases of the programme; `members` have bought at least once."""

    orders: Annotated[int, summed("members")]
    lines: Annotated[int, summed("members")]
    paid_fen: Annotated[int, summed("members")]
    refunded_fen: Annotated[int, summed("members")]
    members: Annotated[int, counted]


CATALOGUERS = frozenset({Role.DATA_OPERATOR, Role.OPERATOR, Role.ADMIN})
RULERS = frozenset({Role.PLANNER, Role.ANALYST, Role.OPERATOR, Role.ADMIN})
REVIEWERS = frozenset({Role.SERVICE_AGENT, Role.COMPLIANCE, Role.OPERATOR, Role.ADMIN})
TAG_READERS = FIGURES | READING - {Role.MEMBER}


def _catalogue(method: str, path: str, summary: str, request: Any, response: Any) -> Operation:
    return Operation(
        method, path, "profile", summary, CATALOGUERS, request, response,
        own=None, tags=("catalogue",),
    )  # fmt: skip


def _member(path: str, summary: str, response: Any) -> Operation:
    return Operation(
        "GET", "/v1/members/{member_id}" + path, "profile", summary, READING,
        response=response, edge="personalised", tags=("profile",),
    )  # fmt: skip


def _figures(path: str, summary: str, response: Any, query: tuple[Query, ...] = ()) -> Operation:
    return Operation(
        "GET", path, "profile", summary, FIGURES, response=response, query=query,
        own=None, tags=("insights",),
    )  # fmt: skip


OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/products/{sku}", "profile", "A product of the catalogue", EVERYONE,
        response=ProductDetails, own=None, tags=("catalogue",),
    ),
    _catalogue("PUT", "/v1/products/{sku}", "Write a product", ProductBody, ProductDetails),
    _catalogue("GET", "/v1/category-synonyms", "Words for categories", None, CategorySynonyms),
    _catalogue(
        "PUT", "/v1/category-synonyms", "Set words for categories", CategorySynonyms,
        CategorySynonyms,
    ),
    _catalogue(
        "POST", "/v1/products/batch", "Write up to 1,000 products", ProductBatch, CatalogueResult
    ),
    Operation(
        "GET", "/v1/stores/{store_id}", "profile", "A store", STAFF | {Role.PARTNER},
        response=Store, own=None, tags=("catalogue",),
    ),
    _catalogue("PUT", "/v1/stores/{store_id}", "Write a store", StoreBody, Store),
    _catalogue("POST", "/v1/stores/batch", "Write up to 1,000 stores", StoreBatch, CatalogueResult),
    _member("/profile", "The 360° profile", MemberProfile),
    _member("/tags", "A member's tags", MemberTags),
    Operation(
        "GET", "/v1/tags", "profile", "Every tag the platform gives", TAG_READERS,
        response=TagDefinitions, own=None, tags=("tags",),
    ),
    Operation(
        "POST", "/v1/tags", "profile", "Add a tag as data, or define one anew", RULERS,
        TagRuleBody, TagRule, 201, own=None, tags=("tags",),
    ),
    _figures("/v1/tags/counts", "Members by tag and value", TagCounts),
    Operation(
        "GET", "/v1/tags/{tag}", "profile", "A tag that was added, and how far it is",
        FIGURES - {Role.DATA_OPERATOR}, response=TagRule, own=None, tags=("tags",),
    ),
    Operation(
        "GET", "/v1/tag-reviews", "profile", "Tags that suddenly changed", REVIEWERS,
        response=TagReviews, query=PAGING, own=None, tags=("tags",),
    ),
    Operation(
        "POST", "/v1/tag-reviews/{review_id}/decide", "profile", "Accept a change, or keep the tag",
        REVIEWERS, TagReviewDecision, TagReviewDecided, own=None, tags=("tags",),
    ),
    _figures("/v1/insights/purchases", "Orders, lines and money of the programme", PurchaseFigures),
]  # fmt: skip
