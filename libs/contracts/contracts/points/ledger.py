"""The books as auditors see them."""

from typing import Annotated

from contracts.base import Model
from contracts.classification import public
from contracts.operations import Operation
from contracts.roles import FIGURES, Role


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

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/ledger/trial-balance", "points", "Debits and credits of every kind of account",
        _BOOKS, response=TrialBalance, own=None, tags=("ledger",),
    ),
    Operation(
        "GET", "/v1/points/stats", "points", "Growth, points and tiers in figures",
        FIGURES | _BOOKS, response=PointsStats, own=None, tags=("ledger",),
    ),
]  # fmt: skip
