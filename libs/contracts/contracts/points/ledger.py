"""The books as auditors see them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from contracts.base import Model, Money
from contracts.classification import counted, internal, public, summed
from contracts.operations import PAGING, Operation, Query
from contracts.roles import EVERYONE, FIGURES, READING, Role


class AccountSums(Model):
    """Debits and credits of all accounts of a kind."""

    kind: Annotated[str, public]  # member, held, debt, issuing, …, stored_principal, cash, …
    unit: Annotated[str, public]  # points, fen
    debit: Annotated[int, public]
    credit: Annotated[int, public]


class UnitSums(Model):
    """Debits and credits of all accounts that count in a unit; `difference` is 0."""

    unit: Annotated[str, public]  # points, fen
    debit: Annotated[int, public]
    credit: Annotated[int, public]
    difference: Annotated[int, public]


class TrialBalance(Model):
    """Every entry ever booked, added up, points; `units` has the same and fen apart.

    `difference`, over all units without their signs, is 0 or the books are wrong.
    """

    debit: Annotated[int, public]
    credit: Annotated[int, public]
    difference: Annotated[int, public]
    units: Annotated[list[UnitSums], public]
    accounts: Annotated[list[AccountSums], public]


class PointsStats(Model):
    """The programme in figures: issued − burnt − expired − reversed = outstanding.

    `depreciated` is the part of `expired` that went by yearly depreciation.
    `burnt` and `expired` are net of what refunds gave back; `reversed` is what refunds took back,
    without `owed`, which members still have to earn.
    """

    growth_spend: Annotated[int, summed("tiers")]
    growth_total: Annotated[int, summed("tiers")]
    issued: Annotated[int, summed("tiers")]
    burnt: Annotated[int, summed("tiers")]
    expired: Annotated[int, summed("tiers")]
    depreciated: Annotated[int, summed("tiers")]
    reversed: Annotated[int, summed("tiers")]
    owed: Annotated[int, summed("tiers")]
    outstanding: Annotated[int, summed("tiers")]
    tiers: Annotated[dict[str, int], counted]


class LaneEnd(Model):
    """The last entry of a lane, and its hash (hexadecimal, as all hashes here)."""

    lane: Annotated[int, public]
    head: Annotated[int, public]
    hash: Annotated[str, public]


class Checkpoint(Model):
    """A signed Merkle root over the entries since the checkpoint before.

    Ed25519 over the lines: `huiyuan ledger checkpoint v1`, number, time (UTC, microseconds), a line
    a lane (`lane head hash`), number of entries, root, digest of the checkpoint before.
    """

    checkpoint_id: Annotated[int, public]
    at: Annotated[datetime, public]
    lanes: Annotated[list[LaneEnd], public]
    entries: Annotated[int, public]
    root: Annotated[str, public]
    previous: Annotated[str, public]
    key_id: Annotated[str, public]
    signature: Annotated[str, public]


class Checkpoints(Model):
    """A page of checkpoints, oldest first, and the public key (Ed25519, hexadecimal)."""

    data: Annotated[list[Checkpoint], public]
    next_cursor: Annotated[str | None, public]
    key_id: Annotated[str, public]
    public_key: Annotated[str, public]


class LedgerEntry(Model):
    """An entry with everything its hash covers."""

    entry_id: Annotated[int, internal]
    lane: Annotated[int, public]
    journal_id: Annotated[UUID, internal]
    occurred_at: Annotated[datetime, public]
    posted_at: Annotated[datetime, public]
    amount: Annotated[int, public]
    journal_kind: Annotated[str, public]
    ref: Annotated[str, internal]
    account_kind: Annotated[str, public]
    owner: Annotated[str, internal]
    hash: Annotated[str, public]


class Receipt(Model):
    """That an entry is in the ledger: `huiyuan ledger verify-receipt FILE` checks it offline."""

    entry: Annotated[LedgerEntry, internal]
    previous: Annotated[str, public]  # hash of the entry before it in its lane
    index: Annotated[int, public]  # of the leaf under the checkpoint's root
    path: Annotated[list[str], public]
    checkpoint: Annotated[Checkpoint, public]


class LiabilityPart(Model):
    """Points members still have, of one merchant and age, and what they cost if spent.

    `breakage` are those of them that will probably expire; None while there is no experience.
    """

    issuer: Annotated[str, public]
    age: Annotated[str, public]  # 0-90, 91-180, 181-270, 271-365, over-365: days since earned
    points: Annotated[int, public]
    value: Annotated[Money, public]
    breakage: Annotated[int | None, public]


class BreakageRate(Model):
    """Of points that were still there at that age, the share that expired in the end.

    `experience` is the number of such points; the rate is None where there were none.
    """

    age: Annotated[str, public]
    experience: Annotated[int, public]
    rate: Annotated[float | None, public]


class Liability(Model):
    """What the programme owes its members, in points and money. `held` is set aside by holds."""

    at: Annotated[datetime, public]
    points: Annotated[int, public]
    held: Annotated[int, public]
    value: Annotated[Money, public]
    breakage: Annotated[int | None, public]
    rates: Annotated[list[BreakageRate], public]
    parts: Annotated[list[LiabilityPart], public]


class StatementLine(Model):
    """An entry of a member's account and the balance after it."""

    entry_id: Annotated[int, internal]
    occurred_at: Annotated[datetime, public]
    posted_at: Annotated[datetime, public]
    kind: Annotated[str, public]
    account: Annotated[str, public]  # member, held, debt
    ref: Annotated[str, internal]
    amount: Annotated[int, public]
    balance: Annotated[int, public]


class Statement(Model):
    """A member's points of a period: opening + what came in and went out = closing.

    A balance counts what can be spent, what is held and (negative) what is owed. At most 10,000
    lines; a longer period is refused.
    """

    member_id: Annotated[UUID, internal]
    start: Annotated[datetime, public]
    end: Annotated[datetime, public]
    opening: Annotated[int, public]
    closing: Annotated[int, public]
    by_kind: Annotated[dict[str, int], public]
    lines: Annotated[list[StatementLine], internal]


_BOOKS = frozenset({Role.COMPLIANCE, Role.ANALYST, Role.OPERATOR, Role.ADMIN})
_SIGNING = frozenset({Role.COMPLIANCE, Role.OPERATOR, Role.ADMIN})
_PROOFS = _SIGNING | {Role.MEMBER, Role.SERVICE_AGENT}
_PERIOD = (
    Query("start", datetime, "from this moment on"),
    Query("end", datetime, "until before this moment"),
)

OPERATIONS: list[Operation] = [
    Operation(
        "GET", "/v1/ledger/trial-balance", "points", "Debits and credits of every kind of account",
        _BOOKS, response=TrialBalance, own=None, tags=("ledger",),
    ),
    Operation(
        "GET", "/v1/points/stats", "points", "Growth, points and tiers in figures",
        FIGURES | _BOOKS, response=PointsStats, own=None, tags=("ledger",),
    ),
    Operation(
        "GET", "/v1/ledger/liability", "points", "What outstanding points would cost",
        _BOOKS, response=Liability, own=None, tags=("ledger",),
    ),
    Operation(
        "GET", "/v1/ledger/checkpoints", "points", "Signed roots of the ledger, and the key",
        EVERYONE, response=Checkpoints, query=PAGING, own=None, tags=("ledger",),
    ),
    Operation(
        "POST", "/v1/ledger/checkpoints", "points", "Sign what was booked since the last one",
        _SIGNING, response=Checkpoint, own=None, tags=("ledger",),
    ),
    Operation(
        "GET", "/v1/ledger/entries/{entry_id}/proof", "points", "The receipt of an entry",
        _PROOFS, response=Receipt, own=None, tags=("ledger",),
    ),
    Operation(
        "GET", "/v1/members/{member_id}/points/statement", "points", "Points of a period",
        READING, response=Statement, query=_PERIOD, tags=("points",),
    ),
]  # fmt: skip
