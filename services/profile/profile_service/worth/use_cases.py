"""Values of members follow from forecasts and terms; falls are told."""

from collections.abc import Sequence
from datetime import datetime

from chassis.clock import local_date
from chassis.database import Database, Tx
from contracts.base import Money
from contracts.worth import Clv, ClvFalling, ClvMonth, ClvTerms, ClvTermsBody
from profile_service.forecasts.domain import Forecast
from profile_service.subjects import repository as subject_rows
from profile_service.subjects.domain import Person
from profile_service.worth import repository
from profile_service.worth.domain import Worth

TOLD_AT_ONCE = 1_000


async def terms(tx: Tx) -> ClvTerms:
    """Those in force."""
    return await repository.terms(tx)


async def change_terms(tx: Tx, body: ClvTermsBody, by: str) -> ClvTerms:
    """Other terms; values follow within seconds."""
    await repository.save_terms(tx, body, by)
    return await repository.terms(tx)


async def reckon_waiting(db: Database, _now: datetime) -> None:
    """Reckon everybody's value, if forecasts or terms are new."""
    async with db.transaction() as tx:
        await _reckon(tx)


async def _reckon(tx: Tx) -> None:
    await subject_rows.erasures(tx)  # nobody is erased meanwhile
    if await repository.take_turn(tx):
        changed = await repository.reckon(tx, await repository.terms(tx))
        await subject_rows.touch(tx, changed)


async def close_month(db: Database, due: datetime) -> None:
    """On the first of a month values are kept, and whoever fell three times running is told."""
    month = local_date(due)
    if month.day != 1:
        return
    async with db.transaction() as tx:
        await _reckon(tx)
        if not await repository.keep_month(tx, month):
            return
        moved = await repository.falling(tx, month)
        await subject_rows.touch(tx, [subject for subject, *_ in moved])
        fell = [(member, past, now) for _, member, past, now, falls in moved if falls]
        for first in range(0, len(fell), TOLD_AT_ONCE):
            tx.publish(ClvFalling(month, fell[first : first + TOLD_AT_ONCE]))


async def of_person(tx: Tx, person: Person) -> Worth | None:
    """What a person is worth, and was by month."""
    return await repository.of_person(tx, person.root, person.leaves)


def shown(spend: Forecast | None, worth: Worth | None) -> Clv | None:
    """What a person is expected to spend and is worth, for the profile."""
    if spend is None or spend.value is None:
        return None
    expected = Clv(spend=Money(amount=round(spend.value)), horizon_days=spend.horizon_days)
    if worth is None:
        return expected
    return Clv(
        spend=expected.spend,
        horizon_days=expected.horizon_days,
        yearly_spend=Money(amount=worth.yearly_spend_fen),
        margin=round(worth.margin, 4),
        yearly_profit_fen=worth.yearly_profit_fen,
        expected_years=round(worth.expected_years, 2),
        value_fen=worth.value_fen,
        band=worth.band,
        falling=worth.falling,
        months=[ClvMonth(month=month, value_fen=fen) for month, fen in worth.months],
    )


async def forget(tx: Tx, survivors: Sequence[tuple[int, datetime]]) -> None:
    """Values since two were one say nothing of either; by subject and when they were merged."""
    await repository.forget_since(tx, [(s, local_date(at)) for s, at in survivors])
