"""The books as auditors and members read them: trial balance, liability, statement."""

from collections import Counter
from datetime import UTC, datetime
from itertools import accumulate
from uuid import UUID

from chassis.database import Tx
from chassis.problem import Problem
from contracts.base import Money
from contracts.points import ledger as api
from points_service.ledger import repository as ledger
from points_service.members import repository as members
from points_service.members.use_cases import existing
from points_service.overview import repository
from points_service.overview.domain import AGES, BANDS, breakage, rates
from points_service.programme import Programme
from points_service.redemption.domain import value_fen

MAX_LINES = 10_000
ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


async def trial_balance(tx: Tx) -> api.TrialBalance:
    """Debits and credits of every kind of account, folded from all entries."""
    sums = await ledger.sums(tx)
    units = []
    for unit in ("points", "fen"):
        debit = sum(each.debit for each in sums if each.unit == unit)
        credit = sum(each.credit for each in sums if each.unit == unit)
        units.append(api.UnitSums(unit=unit, debit=debit, credit=credit, difference=credit - debit))
    points = units[0]
    return api.TrialBalance(
        debit=points.debit,
        credit=points.credit,
        difference=sum(abs(unit.difference) for unit in units),
        units=units,
        accounts=[
            api.AccountSums(kind=each.kind, unit=each.unit, debit=each.debit, credit=each.credit)
            for each in sums
        ],
    )


async def liability(tx: Tx, programme: Programme) -> api.Liability:
    """Outstanding points in money, by issuing merchant and age, with expected breakage."""
    found = await repository.outstanding(tx, tx.now, BANDS)
    experience = rates(await repository.ended(tx, tx.now, BANDS))
    parts = [
        api.LiabilityPart(
            issuer=each.issuer,
            age=AGES[each.band],
            points=each.points,
            value=_worth(each.points, programme),
            breakage=breakage(each.points, experience[each.band]),
        )
        for each in found
    ]
    held = await repository.held(tx)
    points = sum(each.points for each in parts) + held
    expected = [each.breakage for each in parts if each.breakage is not None]
    return api.Liability(
        at=tx.now,
        points=points,
        held=held,
        value=_worth(points, programme),
        breakage=sum(expected) if expected else None,
        rates=[
            api.BreakageRate(age=AGES[band], experience=each.points, rate=each.rate)
            for band, each in experience.items()
        ],
        parts=parts,
    )


async def statement(
    tx: Tx, member_id: UUID, start: datetime | None, end: datetime | None
) -> api.Statement:
    """A member's points of a period, by default all. Raises Problem 404 (member), 422 (period)."""
    member = await existing(tx, member_id)
    start, end = start or ALWAYS[0], end or ALWAYS[1]
    if start.tzinfo is None or end.tzinfo is None:
        raise Problem(422, "no_zone", "A time needs its zone", pointer="#query/start")
    if start > end:
        raise Problem(422, "ends_first", "The period ends before it begins", pointer="#query/end")
    everybody = await members.everybody(tx, member.member_id)
    before = await repository.opening(tx, everybody, start)
    found = await repository.moved(tx, everybody, start, end, MAX_LINES + 1)
    if len(found) > MAX_LINES:
        raise Problem(
            422, "too_long", f"More than {MAX_LINES} lines: ask for less", pointer="#query/start"
        )
    by_kind: Counter[str] = Counter()
    for each in found:
        by_kind[each.kind] += each.amount
    balances = list(accumulate((each.amount for each in found), initial=before))
    return api.Statement(
        member_id=member.member_id,
        start=start,
        end=end,
        opening=before,
        closing=balances[-1],
        by_kind=dict(sorted(by_kind.items())),
        lines=[
            api.StatementLine(
                entry_id=each.entry_id,
                occurred_at=each.occurred_at,
                posted_at=each.posted_at,
                kind=each.kind,
                account=each.account,
                ref=each.ref,
                amount=each.amount,
                balance=balance,
            )
            for each, balance in zip(found, balances[1:], strict=True)
        ],
    )


def _worth(points: int, programme: Programme) -> Money:
    return Money(amount=value_fen(points, programme.points_per_yuan))
