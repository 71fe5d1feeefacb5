"""What coupons cost, in the books. Pure; journals are posted with everything else of a transaction.

fund: funding → budget of the template. discount: budget (or, without one, funding) → discount of
the merchants, by their shares. reverse: a discount the other way round.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from points_service.coupons.domain import Coupon, Template, Terms, Use
from points_service.ledger.domain import Account, AccountKind, Journal, JournalKind, entries

FUNDING = Account(AccountKind.FUNDING, "coupons")


def shares(off_fen: int, cost_shares: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """(merchant, fen): who bears what; exact, because each rounds the sum up to itself."""
    parts, percent, before = [], 0, 0
    for merchant, share in cost_shares:
        percent += share
        upto = off_fen * percent // 100
        parts.append((merchant, upto - before))
        before = upto
    return parts


def discount(use: Use, journal_id: UUID) -> Journal | None:
    """The budget pays what the coupon took off, at the cost of the merchants; None for nothing."""
    if use.off_fen == 0:
        return None
    ref = f"{use.coupon.coupon_id}/{use.coupon.uses + 1}"
    lines = _lines(use.coupon.terms, use.off_fen)
    return Journal(journal_id, JournalKind.DISCOUNT, ref, use.at, entries(*lines))


def reverse(used: Coupon, journal_id: UUID, now: datetime) -> Journal | None:
    """Undoes what `discount` booked for the order that uses this coupon."""
    if used.off_fen == 0:
        return None
    ref = f"coupon/{used.coupon_id}/{used.uses}"
    lines = [(account, -fen) for account, fen in _lines(used.terms, used.off_fen)]
    return Journal(journal_id, JournalKind.REVERSE, ref, now, entries(*lines))


def fund(terms: Terms, before_fen: int, journal_id: UUID, now: datetime) -> Journal | None:
    """The budget gets what this version has more than the one before (or gives it back)."""
    more = (terms.budget_fen or 0) - before_fen
    if more == 0:
        return None
    ref = f"coupon/{terms.template.template_id}/{terms.version}"
    lines = entries((FUNDING, -more), (_budget(terms.template), more))
    return Journal(journal_id, JournalKind.FUND, ref, now, lines)


def _budget(template: Template) -> Account:
    return Account(AccountKind.BUDGET, str(template.template_id))


def _lines(terms: Terms, off_fen: int) -> list[tuple[Account, int]]:
    payer = FUNDING if terms.budget_fen is None else _budget(terms.template)
    borne = shares(off_fen, terms.template.cost_shares)
    return [(payer, -off_fen)] + [
        (Account(AccountKind.DISCOUNT, merchant), fen) for merchant, fen in borne
    ]
