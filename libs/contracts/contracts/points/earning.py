"""What brings growth and points: earning rules as data, and what members have."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Model, Money
from contracts.classification import internal, public, quasi
from contracts.operations import DRY_RUN, Operation
from contracts.points import acts, referrals
from contracts.points.acts import PLANNING
from contracts.points.common import LARGEST, Code, Moment, Words
from contracts.points.conditions import EarningCondition, Text
from contracts.roles import READING, STAFF

Count = Annotated[int, Field(gt=0, le=LARGEST), public]


class Growth(Model):
    """Growth value in all and by what it came from."""

    member_id: Annotated[UUID, internal]
    growth: Annotated[int, public]
    by_kind: Annotated[dict[str, int], public]
    month_spend: Annotated[Money, public]


class EarningEffect(Model):
    """fixed: `amount` at once. per_yuan: `amount` percent of the paid yuan (100: 1 a yuan).
    multiplier: `amount` percent of what per-yuan rules give in all (200: twice as much).

    `by_tier`: also times the percentage of the member's tier.
    """

    kind: Annotated[str, public]
    gives: Annotated[Literal["points", "growth"], public] = "points"
    amount: Annotated[int, Field(gt=0, le=1_000_000_000), public]
    by_tier: Annotated[bool, public] = False


class EarningLimits(Model):
    """The most the rule gives, in what it gives: a member a day, a member in all, all in all.

    Refunds of orders give back to them, in proportion; a refund's part is by the day of the order.
    """

    per_day: Annotated[Count | None, public] = None
    per_member: Annotated[Count | None, public] = None
    budget: Annotated[Count | None, public] = None


class EarningRule(Model):
    """A rule: what `on` (order, or a kind of act) brings if all `conditions` hold.

    Rules add up. Of one `stacking_group` only one applies: that of the smallest `priority`, among
    equals the one that gives most.
    """

    name: Annotated[Words, public]
    on: Annotated[Code, public] = "order"
    effect: Annotated[EarningEffect, public]
    conditions: Annotated[list[EarningCondition], Field(max_length=20), public] = Field(
        default_factory=list
    )
    limits: Annotated[EarningLimits, public] = EarningLimits()
    priority: Annotated[int, Field(ge=0, le=10_000), public] = 100
    stacking_group: Annotated[Code | None, public] = None
    valid_from: Annotated[Moment | None, public] = None
    valid_until: Annotated[Moment | None, public] = None
    paused: Annotated[bool, public] = False


class ExampleLine(Model):
    """A line of an example."""

    sku: Annotated[Text, public]
    quantity: Annotated[int, Field(ge=0, le=LARGEST), public] = 1
    amount: Annotated[Money, public]


class EarningExample(Model):
    """An order or act to try a rule on; `at` is now unless told."""

    on: Annotated[Code, public] = "order"
    at: Annotated[Moment | None, public] = None
    paid: Annotated[Money, public] = Money(amount=0)
    items: Annotated[list[ExampleLine], Field(max_length=1000), public] = Field(
        default_factory=list
    )
    store: Annotated[Text | None, public] = None
    channel: Annotated[Text | None, public] = None
    tier: Annotated[Code | None, public] = None
    first_purchase: Annotated[bool, public] = False
    birth_month: Annotated[int | None, Field(ge=1, le=12), quasi] = None
    birthday: Annotated[bool, quasi] = False  # whether it is on the member's birthday
    tags: Annotated[list[Text], Field(max_length=100), internal] = Field(default_factory=list)
    streak: Annotated[int, Field(ge=1, le=LARGEST), public] = 1


class EarningRuleBody(EarningRule):
    """A rule to write; `example` and `last_orders` (as many as that) are for a dry run."""

    example: Annotated[EarningExample | None, public] = None
    last_orders: Annotated[int, Field(ge=0, le=1000), public] = 0


class NewEarningRule(EarningRuleBody):
    """A new rule."""

    rule_id: Annotated[Code, public]


class RuleVersion(Model):
    """A version of a rule: an order counts by the version in force when it was paid."""

    version: Annotated[int, public]
    in_force_from: Annotated[datetime, public]
    in_force_until: Annotated[datetime | None, public]
    written_by: Annotated[str, internal]
    definition: Annotated[EarningRule, public]


class Tried(Model):
    """What an order or act brings without the rule as it was sent, and with it."""

    order_no: Annotated[str | None, internal]
    points_before: Annotated[int, public]
    points_after: Annotated[int, public]
    growth_before: Annotated[int, public]
    growth_after: Annotated[int, public]


class EarningPreview(Model):
    """Of a dry run. Members are taken as they are now, limits as untouched."""

    points_more: Annotated[int, public]
    growth_more: Annotated[int, public]
    tried: Annotated[list[Tried], internal]


class EarningRuleAnswer(Model):
    """A rule with its versions, newest first; `used` is what its budget has given."""

    rule_id: Annotated[str, public]
    used: Annotated[int, public]
    versions: Annotated[list[RuleVersion], public]
    preview: Annotated[EarningPreview | None, public] = None


class EarningRules(Model):
    """All rules, the newest version of each, and the kinds of condition and effect there are."""

    data: Annotated[list[EarningRuleAnswer], public]
    condition_kinds: Annotated[list[str], public]
    effect_kinds: Annotated[list[str], public]


_MEMBER = "/v1/members/{member_id}"

OPERATIONS: list[Operation] = [
    *acts.OPERATIONS,
    *referrals.OPERATIONS,
    Operation(
        "GET", f"{_MEMBER}/growth", "points", "Growth value, by kind",
        READING, response=Growth, tags=("points",),
    ),
    Operation(
        "GET", "/v1/earning-rules", "points", "What brings points and growth",
        STAFF, response=EarningRules, own=None, tags=("earning",),
    ),
    Operation(
        "POST", "/v1/earning-rules", "points", "Add a rule",
        PLANNING, NewEarningRule, EarningRuleAnswer,
        query=(DRY_RUN,), idempotent=True, own=None, tags=("earning",),
    ),
    Operation(
        "GET", "/v1/earning-rules/{rule_id}", "points", "A rule with all its versions",
        STAFF, response=EarningRuleAnswer, own=None, tags=("earning",),
    ),
    Operation(
        "PUT", "/v1/earning-rules/{rule_id}", "points", "Change a rule: a new version from now on",
        PLANNING, EarningRuleBody, EarningRuleAnswer,
        query=(DRY_RUN,), own=None, tags=("earning",),
    ),
]  # fmt: skip
