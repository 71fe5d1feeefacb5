"""Posting is one database call, however many journals it books."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Tx
from points_service.ledger.domain import Account, AccountKind, Journal, KindSums


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with its journal, as a member reads it."""

    entry_id: int
    journal_id: UUID
    kind: str
    account: str
    ref: str
    amount: int
    occurred_at: datetime
    posted_at: datetime


async def post(tx: Tx, journals: Sequence[Journal]) -> None:
    """Book them all. Call it once a transaction: accounts are locked in the order of their ids.

    Raises asyncpg's UniqueViolationError for a (kind, ref) that is booked already and
    CheckViolationError where a member's points would go below 0.
    """
    if not journals:
        return
    accounts: dict[Account, int] = {}
    places, touched, amounts = [], [], []
    for place, journal in enumerate(journals, 1):
        for entry in journal.entries:
            places.append(place)
            touched.append(accounts.setdefault(entry.account, len(accounts) + 1))
            amounts.append(entry.amount)
    await tx.execute(
        "SELECT post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tx.now,
        [journal.journal_id for journal in journals],
        [journal.kind for journal in journals],
        [journal.ref for journal in journals],
        [journal.occurred_at for journal in journals],
        [account.kind for account in accounts],
        [account.owner for account in accounts],
        places,
        touched,
        amounts,
    )


async def balances(tx: Tx, kind: AccountKind, owners: Iterable[str]) -> dict[str, int]:
    """Balances of accounts of a kind by owner; an owner without an account is left out."""
    found = await balances_of(tx, [kind], owners)
    return {owner: balance for (_, owner), balance in found.items()}


async def balances_of(
    tx: Tx, kinds: Sequence[AccountKind], owners: Iterable[str]
) -> dict[tuple[AccountKind, str], int]:
    """The same of several kinds, by (kind, owner), in one round trip."""
    rows = await tx.fetch(
        "SELECT kind, owner, sum(balance)::bigint AS balance FROM account"
        " WHERE kind = ANY ($1::text[]) AND owner = ANY ($2::text[]) GROUP BY kind, owner",
        kinds, list(owners),
    )  # fmt: skip
    return {(AccountKind(row["kind"]), row["owner"]): row["balance"] for row in rows}


async def sums(tx: Tx) -> list[KindSums]:
    """The trial balance, folded from every entry there is."""
    rows = await tx.fetch(
        "SELECT a.kind, sum(e.debit)::bigint AS debit, sum(e.credit)::bigint AS credit"
        " FROM (SELECT account_id, sum(-amount) FILTER (WHERE amount < 0) AS debit,"
        " sum(amount) FILTER (WHERE amount > 0) AS credit FROM entry GROUP BY account_id) e"
        " JOIN account a USING (account_id) GROUP BY a.kind ORDER BY a.kind"
    )
    return [
        KindSums(AccountKind(row["kind"]), row["debit"] or 0, row["credit"] or 0) for row in rows
    ]


async def lines(tx: Tx, owners: Sequence[UUID], before: int | None, limit: int) -> list[Line]:
    """Entries of members' own accounts, newest first, below entry id `before`."""
    rows = await tx.fetch(
        "SELECT e.entry_id, e.journal_id, j.kind, a.kind AS account, j.ref, e.amount,"
        " j.occurred_at, j.posted_at"
        " FROM account a CROSS JOIN LATERAL"
        " (SELECT * FROM entry WHERE account_id = a.account_id AND entry_id < $2"
        " ORDER BY entry_id DESC LIMIT $3) e JOIN journal j USING (journal_id)"
        " WHERE a.kind IN ('member', 'debt') AND a.owner = ANY ($1::text[])"
        " ORDER BY e.entry_id DESC LIMIT $3",
        [str(owner) for owner in owners], before or 2**63 - 1, limit,
    )  # fmt: skip
    return [Line(**row) for row in rows]
