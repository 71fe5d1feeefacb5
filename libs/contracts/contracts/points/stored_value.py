"""Stored value: money paid in ahead, principal apart from bonus."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import Model, Money
from contracts.classification import internal, public
from contracts.operations import PAGING, Operation
from contracts.points.common import LARGEST, Cny, Code, Moment, Ref, Words
from contracts.roles import EVERYONE, READING, SERVING, Role


class BonusRule(Model):
    """Pay in at least `amount_fen` at once, get `bonus_fen` on top; `merchant` gives it."""

    rule_id: Code
    names: Annotated[Words, public]
    amount_fen: Annotated[int, Field(gt=0, le=LARGEST), public]
    bonus_fen: Annotated[int, Field(gt=0, le=LARGEST), public]
    merchant: Annotated[str, Field(min_length=1, max_length=64), public] = "programme"
    valid_from: Annotated[Moment, public]
    valid_until: Annotated[Moment | None, public] = None

    def applies(self, fen: int, now: datetime) -> bool:
        """Whether so much paid in at that moment earns it."""
        return fen >= self.amount_fen and self.in_force(now)

    def in_force(self, now: datetime) -> bool:
        """Whether it holds at that moment."""
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)


class BonusRules(Model):
    """All of them, by id."""

    data: Annotated[list[BonusRule], public]
    next_cursor: Annotated[str | None, public] = None


class OpenAccount(Model):
    """For whom."""

    member_id: Annotated[UUID, internal]


class StoredValue(Model):
    """What is on an account; `refundable` is principal of the last days that is not spent."""

    account_id: Annotated[UUID, internal]
    member_id: Annotated[UUID, internal]
    principal: Annotated[Money, public]
    bonus: Annotated[Money, public]
    refundable: Annotated[Money, public]
    opened_at: Annotated[datetime, public]


class StoredValues(Model):
    """A member's accounts, the oldest first."""

    data: Annotated[list[StoredValue], internal]
    next_cursor: Annotated[str | None, public] = None


class TopUpRequest(Model):
    """Money that was paid. Without `rule_id` the best bonus rule in force applies by itself."""

    amount: Annotated[Cny, public]
    tender: Code
    rule_id: Annotated[Code | None, public] = None


class TopUp(Model):
    """`refundable_until` is when the right to have the principal back ends."""

    top_up_id: Annotated[UUID, internal]
    account_id: Annotated[UUID, internal]
    principal: Annotated[Money, public]
    bonus: Annotated[Money, public]
    rule_id: Annotated[str | None, public]
    refundable_until: Annotated[datetime, public]
    principal_balance: Annotated[Money, public]
    bonus_balance: Annotated[Money, public]


class SpendRequest(Model):
    """What an order is paid with."""

    amount: Annotated[Cny, public]
    store: Annotated[str, Field(min_length=1, max_length=64), public]
    order_no: Annotated[str, Field(min_length=1, max_length=64), internal]


class Spend(Model):
    """Oldest top-up first, of each principal and bonus in proportion."""

    spend_id: Annotated[UUID, internal]
    account_id: Annotated[UUID, internal]
    amount: Annotated[Money, public]
    principal: Annotated[Money, public]
    bonus: Annotated[Money, public]
    reversed: Annotated[Money, public]
    principal_balance: Annotated[Money, public]
    bonus_balance: Annotated[Money, public]


class ReversalRequest(Model):
    """What of a spend comes back; None is all that is left. `refund_no` is the order's refund."""

    refund_no: Ref
    amount: Annotated[Cny | None, public] = None


class PrincipalRefundRequest(Model):
    """Principal of a top-up to pay back; None is all of it that was not spent.

    `closing`: the member ends the membership, and has a right to it whenever it was paid in.
    """

    top_up_id: Annotated[UUID, internal]
    amount: Annotated[Cny | None, public] = None
    closing: Annotated[bool, public] = False


class PrincipalRefund(Model):
    """Principal paid back by its tender, and the bonus that went with it."""

    refund_id: Annotated[UUID, internal]
    account_id: Annotated[UUID, internal]
    refunded: Annotated[Money, public]
    bonus_taken: Annotated[Money, public]
    principal_balance: Annotated[Money, public]
    bonus_balance: Annotated[Money, public]


class StoredValueLine(Model):
    """A movement in fen, > 0 in, < 0 out, and the balances it left."""

    line_id: Annotated[int, internal]
    kind: Annotated[str, public]  # top_up, spend, refund, reversal
    journal_id: Annotated[UUID, internal]
    principal: Annotated[int, public]
    bonus: Annotated[int, public]
    principal_balance: Annotated[int, public]
    bonus_balance: Annotated[int, public]
    store: Annotated[str | None, public]
    order_no: Annotated[str | None, internal]
    at: Annotated[datetime, public]


class StoredValueStatement(Model):
    """A page, newest first."""

    data: Annotated[list[StoredValueLine], internal]
    next_cursor: Annotated[str | None, public]


_PATH = "/v1/accounts/stored-value"
_ONE = f"{_PATH}/{{account_id}}"
_TAGS = ("stored value",)
_PLANNING = frozenset({Role.PLANNER, Role.OPERATOR, Role.ADMIN})
_TILL = frozenset({Role.POS, Role.SERVICE_AGENT, Role.OPERATOR, Role.ADMIN})

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/stored-value-rules", "points", "What is given on top of top-ups",
        EVERYONE, response=BonusRules, own=None, tags=_TAGS,
    ),
    Operation(
        "PUT", "/v1/stored-value-rules/{rule_id}", "points", "A new bonus rule, or a changed one",
        _PLANNING, BonusRule, BonusRule, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", _PATH, "points", "Open a stored-value account for a member",
        SERVING | {Role.MEMBER}, OpenAccount, StoredValue, status=201, idempotent=True, own=None,
        tags=_TAGS,
    ),
    Operation(
        "GET", _ONE, "points", "What is on an account",
        READING, response=StoredValue, own=None, tags=_TAGS,
    ),
    Operation(
        "GET", "/v1/members/{member_id}/stored-value", "points", "Accounts of a member",
        READING, response=StoredValues, tags=_TAGS,
    ),
    Operation(
        "GET", f"{_ONE}/statement", "points", "Movements and running balances, newest first",
        READING, response=StoredValueStatement, query=PAGING, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ONE}/top-ups", "points", "Pay money in",
        _TILL, TopUpRequest, TopUp, idempotent=True, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ONE}/spends", "points", "Pay with it",
        _TILL | {Role.PARTNER}, SpendRequest, Spend, idempotent=True, counted=True, own=None,
        tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ONE}/spends/{{spend_id}}/reversals", "points",
        "Give back what an order that is refunded was paid with",
        _TILL | {Role.PARTNER}, ReversalRequest, Spend, idempotent=True, own=None, tags=_TAGS,
    ),
    Operation(
        "POST", f"{_ONE}/refunds", "points", "Principal back, within 7 days or at the end",
        _TILL, PrincipalRefundRequest, PrincipalRefund, idempotent=True, own=None, tags=_TAGS,
    ),
]  # fmt: skip
