"""Points: the API models and operations of the ledger, growth, tiers, orders and coupons.

Points and growth are whole numbers, money is fen. Orders are bulk and hot, so they are msgspec
(`contracts.orders`); everything else is pydantic.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import Model, Money, Record
from contracts.classification import internal, public
from contracts.operations import DRY_RUN, PAGING, Operation
from contracts.orders import OrderBatchRequest, OrderRequest
from contracts.roles import CHECKOUT, EVERYONE, FIGURES, READING, SERVING, Role


class OrderError(Record, frozen=True):
    """What is wrong with an order, and where: an RFC 6901 pointer into that order."""

    pointer: Annotated[str, public]
    code: Annotated[str, public]
    detail: Annotated[str, public]


class OrderProblem(Record, frozen=True, omit_defaults=False):
    """Why one order of a batch was not booked: problem+json without what the batch answers once."""

    status: Annotated[int, public]
    code: Annotated[str, public]
    title: Annotated[str, public]
    errors: Annotated[list[OrderError], public] = []


class OrderAnswer(Record, frozen=True, omit_defaults=False):
    """What an order brought. `status` is that of a single call: 200, or the problem's.

    `tier` is the tier after the order (it earned by the one before), `balance` the points that can
    be redeemed after it. A repeated order gets the answer of the first time.
    """

    order_no: Annotated[str, internal]
    status: Annotated[int, public]
    member_id: Annotated[UUID | None, internal] = None
    points: Annotated[int, public] = 0
    growth: Annotated[int, public] = 0
    tier: Annotated[str | None, public] = None
    balance: Annotated[int, public] = 0
    coupons_used: Annotated[list[str], internal] = []
    problem: Annotated[OrderProblem | None, public] = None

    @classmethod
    def refused(
        cls, order_no: str, status: int, code: str, title: str, pointer: str
    ) -> "OrderAnswer":
        """The answer of an order that was not booked."""
        problem = OrderProblem(status, code, title, [OrderError(pointer, code, title)])
        return cls(order_no, status, problem=problem)


class OrderBatchAnswer(Record, frozen=True, omit_defaults=False):
    """One answer per order, in the sequence of the request."""

    data: Annotated[list[OrderAnswer], internal]


class RefundRequest(Model):
    """Goods given back. `refund_no` makes it idempotent; no `amount` means all that is left."""

    refund_no: Annotated[str, Field(min_length=1, max_length=64), internal]
    amount: Annotated[Money | None, public] = None


class Refund(Model):
    """What a refund did: taken back of what was earned, given back of what was spent."""

    order_no: Annotated[str, internal]
    refund_no: Annotated[str, internal]
    member_id: Annotated[UUID, internal]
    amount: Annotated[Money, public]
    points_reversed: Annotated[int, public]
    points_restored: Annotated[int, public]
    growth_reversed: Annotated[int, public]
    tier: Annotated[str, public]
    balance: Annotated[int, public]


class RedemptionRequest(Model):
    """Points to spend. `order_no` ties them to an order, so that its refund gives them back."""

    points: Annotated[int, Field(gt=0, le=1_000_000_000), public]
    store: Annotated[str | None, Field(min_length=1, max_length=64), public] = None
    order_no: Annotated[str | None, Field(min_length=1, max_length=64), internal] = None
    reason: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$"), internal]


class Redemption(Model):
    """Points spent and what they are worth; `redemption_id` is None for a dry run."""

    redemption_id: Annotated[UUID | None, internal]
    member_id: Annotated[UUID, internal]
    points: Annotated[int, public]
    value: Annotated[Money, public]
    balance: Annotated[int, public]


class Expiring(Model):
    """Points that go next, and when."""

    points: Annotated[int, public]
    at: Annotated[datetime, public]


class PointsBalance(Model):
    """A member's points.

    `pending` is negative where a refund took back points already spent: future earnings pay it.
    `lifetime` is everything ever earned.
    """

    member_id: Annotated[UUID, internal]
    redeemable: Annotated[int, public]
    pending: Annotated[int, public]
    expiring_next: Annotated[Expiring | None, public]
    lifetime: Annotated[int, public]


class PointsEntry(Model):
    """A line of the member's account: `amount` > 0 came in, < 0 went out."""

    entry_id: Annotated[int, internal]
    journal_id: Annotated[UUID, internal]
    kind: Annotated[str, public]  # earn, burn, refund, expire, merge
    account: Annotated[str, public]  # member, debt
    ref: Annotated[str, internal]
    amount: Annotated[int, public]
    occurred_at: Annotated[datetime, public]
    posted_at: Annotated[datetime, public]


class PointsEntries(Model):
    """A page of entries, newest first."""

    data: Annotated[list[PointsEntry], internal]
    next_cursor: Annotated[str | None, public]


class Growth(Model):
    """Growth value in all and by what it came from."""

    member_id: Annotated[UUID, internal]
    growth: Annotated[int, public]
    by_kind: Annotated[dict[str, int], public]
    month_spend: Annotated[Money, public]


class TierCondition(Model):
    """`kind` (growth, month_spend in fen, referrals) must be at least `at_least`."""

    kind: Annotated[str, public]
    at_least: Annotated[int, public]


class TierProgress(Model):
    """A condition of the next tier, and how far the member has come."""

    kind: Annotated[str, public]
    at_least: Annotated[int, public]
    reached: Annotated[int, public]


class TierStep(Model):
    """A change of tier."""

    tier: Annotated[str, public]
    previous: Annotated[str, public]
    reason: Annotated[str, public]  # order, review, merge, refund
    changed_at: Annotated[datetime, public]


class MemberTier(Model):
    """Where a member stands on the ladder; `history` is newest first, the last 50 changes."""

    member_id: Annotated[UUID, internal]
    ladder_id: Annotated[str, public]
    tier: Annotated[str, public]
    next_tier: Annotated[str | None, public]
    next_conditions: Annotated[list[TierProgress], public]
    history: Annotated[list[TierStep], public]


class TierRung(Model):
    """A tier: points are earned at `points_percent` of the paid yuan; all conditions must hold."""

    name: Annotated[str, public]
    points_percent: Annotated[int, Field(ge=0, le=1000), public]
    conditions: Annotated[list[TierCondition], public]


class TierLadder(Model):
    """Tiers from the lowest to the highest."""

    ladder_id: Annotated[str, public]
    name: Annotated[str, public]
    tiers: Annotated[list[TierRung], Field(min_length=1), public]


class Coupon(Model):
    """A coupon a member holds or has used."""

    code: Annotated[str, internal]
    campaign_id: Annotated[UUID, internal]
    percent_off: Annotated[int, public]
    valid_from: Annotated[datetime, public]
    valid_until: Annotated[datetime, public]
    status: Annotated[str, public]  # offered, redeemed
    order_no: Annotated[str | None, internal]


class Coupons(Model):
    """A member's coupons, the one that ends first on top."""

    data: Annotated[list[Coupon], internal]


class AccountSums(Model):
    """Debits and credits of all accounts of a kind."""

    kind: Annotated[str, public]  # member, debt, issuing, honouring, breakage
    debit: Annotated[int, public]
    credit: Annotated[int, public]


class TrialBalance(Model):
    """Every entry ever booked, added up; `difference` is 0 or the books are wrong."""

    debit: Annotated[int, public]
    credit: Annotated[int, public]
    difference: Annotated[int, public]
    accounts: Annotated[list[AccountSums], public]


class PointsStats(Model):
    """The programme in figures: issued − burnt − expired − reversed = outstanding.

    `burnt` and `expired` are net of what refunds gave back; `reversed` is what refunds took back,
    without `owed`, which members still have to earn.
    """

    growth_spend: Annotated[int, public]
    growth_total: Annotated[int, public]
    issued: Annotated[int, public]
    burnt: Annotated[int, public]
    expired: Annotated[int, public]
    reversed: Annotated[int, public]
    owed: Annotated[int, public]
    outstanding: Annotated[int, public]
    tiers: Annotated[dict[str, int], public]


_BOOKS = frozenset({Role.COMPLIANCE, Role.ANALYST, Role.OPERATOR, Role.ADMIN})
_MEMBER = "/v1/members/{member_id}"

OPERATIONS: list[Operation] = [
    Operation(
        "POST", "/v1/orders", "points", "Book a paid order: growth, points, tier, coupons",
        CHECKOUT, OrderRequest, OrderAnswer,
        query=(DRY_RUN,), own=None, edge="orders", tags=("orders",),
    ),
    Operation(
        "POST", "/v1/orders/batch", "points", "Book up to 1,000 orders, one answer each",
        CHECKOUT, OrderBatchRequest, OrderBatchAnswer,
        query=(DRY_RUN,), own=None, edge="orders_batch", tags=("orders",),
    ),
    Operation(
        "POST", "/v1/orders/{order_no}/refunds", "points", "Give an order back, in part or whole",
        CHECKOUT | {Role.SERVICE_AGENT}, RefundRequest, Refund,
        idempotent=True, own=None, tags=("orders",),
    ),
    Operation(
        "GET", f"{_MEMBER}/points", "points", "Points a member has",
        READING, response=PointsBalance, tags=("points",),
    ),
    Operation(
        "GET", f"{_MEMBER}/points/entries", "points", "Lines of a member's account, newest first",
        READING, response=PointsEntries, query=PAGING, tags=("points",),
    ),
    Operation(
        "GET", f"{_MEMBER}/growth", "points", "Growth value, by kind",
        READING, response=Growth, tags=("points",),
    ),
    Operation(
        "GET", f"{_MEMBER}/tier", "points", "Tier, the way to the next, and history",
        READING, response=MemberTier, tags=("points",),
    ),
    Operation(
        "GET", f"{_MEMBER}/coupons", "points", "Coupons a member holds or has used",
        READING, response=Coupons, tags=("coupons",),
    ),
    Operation(
        "POST", f"{_MEMBER}/redemptions", "points", "Spend points: 100 are worth one yuan",
        SERVING | {Role.MEMBER, Role.PARTNER}, RedemptionRequest, Redemption,
        query=(DRY_RUN,), idempotent=True, tags=("points",),
    ),
    Operation(
        "GET", "/v1/ledger/trial-balance", "points", "Debits and credits of every kind of account",
        _BOOKS, response=TrialBalance, own=None, tags=("ledger",),
    ),
    Operation(
        "GET", "/v1/points/stats", "points", "Growth, points and tiers in figures",
        FIGURES | _BOOKS, response=PointsStats, own=None, tags=("ledger",),
    ),
    Operation(
        "GET", "/v1/tier-ladders/{ladder_id}", "points", "A ladder's tiers and their conditions",
        EVERYONE, response=TierLadder, own=None, tags=("tiers",),
    ),
]  # fmt: skip
