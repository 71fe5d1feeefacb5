"""Journals of entries that add up to 0. > 0 is credit (a member has more), < 0 is debit.

What a posting is made of are structs: they are made and hashed in a fifth of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class AccountKind(StrEnum):
    """What an account is for and in which unit it counts; docs/glossary.md.

    `post` keeps the floors (migration 0012); accounts without one are kept in stripes, a balance a
    lane, so that a busy shop holds nobody up.
    """

    # points
    MEMBER = "member"  # points a member has; never below 0
    HELD = "held"  # points a member has set aside by holds; never below 0
    DEBT = "debt"  # points a refund took back that were spent already; never above 0
    ISSUING = "issuing"  # per store: points it gave out
    HONOURING = "honouring"  # per store: points it took in payment
    BREAKAGE = "breakage"  # points that expired
    PARTNER = "partner"  # per partner: points exchanged with its own programme
    # fen
    STORED_PRINCIPAL = "stored_principal"  # per stored-value account: paid in; never below 0
    STORED_BONUS = "stored_bonus"  # per stored-value account: given on top; never below 0
    CASH = "cash"  # money that came in or went out, by tender
    SALES = "sales"  # per store: stored value it was paid with; per product: fees
    PROMOTION = "promotion"  # per merchant: bonus it gave
    BUDGET = "budget"  # what may still be spent, by campaign or coupon template; never below 0
    FUNDING = "funding"  # where budgets come from
    DISCOUNT = "discount"  # per merchant: what coupons cost it


MONEY = frozenset(
    {
        AccountKind.STORED_PRINCIPAL,
        AccountKind.STORED_BONUS,
        AccountKind.CASH,
        AccountKind.SALES,
        AccountKind.PROMOTION,
        AccountKind.BUDGET,
        AccountKind.FUNDING,
        AccountKind.DISCOUNT,
    }
)  # counted in fen; all others in points


class JournalKind(StrEnum):
    """What happened."""

    EARN = "earn"
    BURN = "burn"
    REFUND = "refund"
    EXPIRE = "expire"
    MERGE = "merge"
    SPLIT = "split"  # a merge is taken back
    HOLD = "hold"
    POST = "post"  # a hold is spent
    VOID = "void"  # a hold is given back
    TRANSFER = "transfer"
    EXCHANGE = "exchange"  # with a partner's programme
    TOP_UP = "top_up"  # stored value paid in
    SPEND = "spend"  # stored value spent
    PAY_BACK = "pay_back"  # stored value given back
    FEE = "fee"  # of a paid membership
    FUND = "fund"  # a budget gets money
    DISCOUNT = "discount"  # a coupon was used
    REVERSE = "reverse"  # undoes another journal


class Account(msgspec.Struct, frozen=True, gc=False):
    """An account by its name: one per kind and owner."""

    kind: AccountKind
    owner: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A line of a journal."""

    account: Account
    amount: int


class Journal(msgspec.Struct, frozen=True, gc=False):
    """A booking. `ref` is unique within its kind: the same thing is never booked twice."""

    journal_id: UUID
    kind: JournalKind
    ref: str
    occurred_at: datetime
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        total = 0
        for entry in self.entries:  # a loop: this runs for every posting
            total += entry.amount
        assert total == 0, "a journal adds up to 0"


@dataclass(frozen=True, slots=True)
class KindSums:
    """Debits and credits (both ≥ 0) of all accounts of a kind."""

    kind: AccountKind
    debit: int
    credit: int

    @property
    def unit(self) -> str:
        """What the kind counts: points or fen."""
        return "fen" if self.kind in MONEY else "points"


@dataclass(frozen=True, slots=True)
class Figures:
    """The books in a few figures: issued − burnt − expired − reversed = outstanding."""

    issued: int
    burnt: int
    expired: int
    reversed: int
    owed: int
    outstanding: int


BREAKAGE = Account(AccountKind.BREAKAGE, "programme")


def member(member_id: UUID) -> Account:
    """The points of a member."""
    return Account(AccountKind.MEMBER, str(member_id))


def held(member_id: UUID) -> Account:
    """The points a member has set aside."""
    return Account(AccountKind.HELD, str(member_id))


def debt(member_id: UUID) -> Account:
    """What a member still has to earn."""
    return Account(AccountKind.DEBT, str(member_id))


def issuing(store: str) -> Account:
    """The side of a store that gives points."""
    return Account(AccountKind.ISSUING, store)


def honouring(store: str) -> Account:
    """The side of a store that takes points in payment."""
    return Account(AccountKind.HONOURING, store)


def partner(partner_id: str) -> Account:
    """Points exchanged with a partner's programme: credit went there, debit came from there."""
    return Account(AccountKind.PARTNER, partner_id)


def entries(*lines: tuple[Account, int]) -> tuple[Entry, ...]:
    """Entries of a journal, without the empty ones."""
    return tuple([Entry(account, amount) for account, amount in lines if amount])


def figures(sums: Sequence[KindSums]) -> Figures:
    """Read the programme's figures off the trial balance; they balance because the books do.

    Refunds credit `issuing` with all they take back; what the member had spent by then is a debit
    of `debt` until it is earned again, so `reversed` counts it only then. What partners' points
    became is issued, what became theirs is burnt.
    """
    credit = {each.kind: each.credit for each in sums}
    debit = {each.kind: each.debit for each in sums}

    def net(kind: AccountKind) -> int:
        return credit.get(kind, 0) - debit.get(kind, 0)

    owed = -net(AccountKind.DEBT)
    return Figures(
        issued=debit.get(AccountKind.ISSUING, 0) + debit.get(AccountKind.PARTNER, 0),
        burnt=net(AccountKind.HONOURING) + credit.get(AccountKind.PARTNER, 0),
        expired=net(AccountKind.BREAKAGE),
        reversed=credit.get(AccountKind.ISSUING, 0) - owed,
        owed=owed,
        outstanding=net(AccountKind.MEMBER) + net(AccountKind.HELD),
    )
