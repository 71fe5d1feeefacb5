"""Stored value: what goes first, what comes back, exact to the fen.

A spend takes the oldest top-up first and, of each, principal and bonus in the proportion in which
they are left, the bonus rounded down. So a member who has spent half of a top-up has spent half of
its bonus, and a refund of the principal takes exactly the bonus back that came with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.points.stored_value import BonusRule
from points_service.ledger.domain import Account, AccountKind, Entry, Journal, JournalKind, entries


@dataclass(frozen=True, slots=True)
class Holding:
    """An account and who holds it."""

    account_id: UUID
    member_id: UUID
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class TopUp:
    """Money paid in at once: principal = left + spent + refunded, and the same for its bonus."""

    top_up_id: UUID
    account_id: UUID
    number: int
    tender: str
    rule_id: str | None
    merchant: str
    principal: int
    bonus: int
    principal_left: int
    bonus_left: int
    topped_up_at: datetime

    @property
    def left(self) -> int:
        """What can be spent of it."""
        return self.principal_left + self.bonus_left


@dataclass(frozen=True, slots=True)
class Spend:
    """What an order was paid with, and what of it came back."""

    spend_id: UUID
    account_id: UUID
    store: str
    order_no: str
    principal: int
    bonus: int
    principal_back: int
    bonus_back: int

    @property
    def left(self) -> int:
        """What can still come back."""
        return self.principal + self.bonus - self.principal_back - self.bonus_back


@dataclass(frozen=True, slots=True)
class Use:
    """What a spend took out of a top-up, and what of it came back."""

    spend_id: UUID
    top_up_id: UUID
    principal: int
    bonus: int
    principal_back: int = 0
    bonus_back: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Fen of a top-up: taken out of it or given back to it."""

    top_up_id: UUID
    principal: int
    bonus: int


def principal(parts: Iterable[Part]) -> int:
    """Of all of them."""
    return sum(part.principal for part in parts)


def bonus(parts: Iterable[Part]) -> int:
    """Of all of them."""
    return sum(part.bonus for part in parts)


def best(rules: Iterable[BonusRule], fen: int, now: datetime) -> BonusRule | None:
    """The rule that gives most for so much; the one with the first id of equal ones."""
    fitting = [rule for rule in rules if rule.applies(fen, now)]
    return min(fitting, key=lambda rule: (-rule.bonus_fen, rule.rule_id), default=None)


def draw(top_ups: Iterable[TopUp], fen: int) -> list[Part] | None:
    """What pays so much; None where there is not enough."""
    parts = []
    for top_up in sorted(top_ups, key=lambda each: each.number):
        taken = min(fen, top_up.left)
        if taken:
            given = top_up.bonus_left * taken // top_up.left
            parts.append(Part(top_up.top_up_id, taken - given, given))
            fen -= taken
    return None if fen else parts


def give_back(spend: Spend, uses: Sequence[Use], fen: int) -> list[Part]:
    """Into the very top-ups, the one that was touched last first.

    Cumulative: after R of A came back, floor(bonus · R / A) of it was bonus, so parts end where
    one reversal of the whole would.
    """
    total = spend.principal + spend.bonus
    back = total - spend.left + fen
    given = spend.bonus * back // total - spend.bonus_back
    due = [fen - given, given]
    parts = []
    for use in reversed(uses):
        paid = min(due[0], use.principal - use.principal_back)
        extra = min(due[1], use.bonus - use.bonus_back)
        if paid or extra:
            parts.append(Part(use.top_up_id, paid, extra))
            due = [due[0] - paid, due[1] - extra]
    assert due == [0, 0], "what is left to come back was asked before"
    return parts


def pay_back(top_up: TopUp, fen: int) -> Part:
    """Principal of a top-up with its part of the bonus; all of that with the last of it."""
    kept = top_up.principal_left - fen
    return Part(
        top_up.top_up_id, fen, top_up.bonus_left - top_up.bonus_left * kept // top_up.principal_left
    )


def refundable(top_ups: Iterable[TopUp], now: datetime, window: timedelta) -> int:
    """Principal that can be had back now."""
    return sum(each.principal_left for each in top_ups if now < each.topped_up_at + window)


def paid_in(top_up: TopUp) -> Journal:
    """Money against principal, the merchant's promotion against the bonus."""
    lines = entries(
        (_cash(top_up.tender), -top_up.principal),
        (_stored(AccountKind.STORED_PRINCIPAL, top_up.account_id), top_up.principal),
        (Account(AccountKind.PROMOTION, top_up.merchant), -top_up.bonus),
        (_stored(AccountKind.STORED_BONUS, top_up.account_id), top_up.bonus),
    )
    ref = str(top_up.top_up_id)
    return Journal(top_up.top_up_id, JournalKind.TOP_UP, ref, top_up.topped_up_at, lines)


def spent(spend: Spend, now: datetime) -> Journal:
    """Principal and bonus become the store's sales."""
    lines = _sale(spend, spend.principal, spend.bonus)
    return Journal(spend.spend_id, JournalKind.SPEND, str(spend.spend_id), now, lines)


def unspent(
    spend: Spend, parts: Sequence[Part], journal_id: UUID, refund_no: str, now: datetime
) -> Journal:
    """The same backwards, as much as comes back."""
    lines = _sale(spend, -principal(parts), -bonus(parts))
    ref = f"spend/{spend.spend_id}/{refund_no}"
    return Journal(journal_id, JournalKind.REVERSE, ref, now, lines)


def paid_out(top_up: TopUp, part: Part, journal_id: UUID, now: datetime) -> Journal:
    """Principal leaves by its tender, the bonus goes back to who gave it."""
    lines = entries(
        (_stored(AccountKind.STORED_PRINCIPAL, top_up.account_id), -part.principal),
        (_cash(top_up.tender), part.principal),
        (_stored(AccountKind.STORED_BONUS, top_up.account_id), -part.bonus),
        (Account(AccountKind.PROMOTION, top_up.merchant), part.bonus),
    )
    return Journal(journal_id, JournalKind.PAY_BACK, str(journal_id), now, lines)


def _sale(spend: Spend, principal: int, bonus: int) -> tuple[Entry, ...]:
    return entries(
        (_stored(AccountKind.STORED_PRINCIPAL, spend.account_id), -principal),
        (_stored(AccountKind.STORED_BONUS, spend.account_id), -bonus),
        (Account(AccountKind.SALES, spend.store), principal + bonus),
    )


def _cash(tender: str) -> Account:
    return Account(AccountKind.CASH, tender)


def _stored(kind: AccountKind, account_id: UUID) -> Account:
    return Account(kind, str(account_id))
